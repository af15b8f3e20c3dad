"""PgBouncer in front of the test's database, and processes that migrate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import pgbouncer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


@pytest.fixture(scope="session")
def _pgbouncer_found() -> None:
    if pgbouncer.find() is None:
        pytest.skip("no program 'pgbouncer' was found: install the package pgbouncer")


@pytest.fixture
def pooled_url(_pgbouncer_found: None, database_url: URL) -> Iterator[URL]:
    """URL of the test's database through PgBouncer in transaction mode."""
    with pgbouncer.running(database_url) as url:
        yield url


@pytest.fixture
def late_pooler(_pgbouncer_found: None) -> int:
    """A port where nobody listens yet, for a PgBouncer to be started there."""
    return pgbouncer.free_port()
