"""Fixtures of the comparators."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    """What a test registers with alembic-utils is gone after it."""
    yield
    if (module := sys.modules.get("alembic_utils.replaceable_entity")) is not None:
        module.registry.clear()
