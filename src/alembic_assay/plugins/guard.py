"""``assay.guard``: refuses what cannot be meant, before anything is compared."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.plugins import Plugin
    from alembic.util import PriorityDispatchResult


def setup(plugin: Plugin) -> None:
    """Register the guard, which runs before every comparator."""
    util = importlib.import_module("alembic.util")
    plugin.add_autogenerate_comparator(
        _guard, "autogenerate", "assay_guard", qualifier="postgresql", priority=util.DispatchPriority.FIRST
    )


def _guard(*arguments: Any) -> PriorityDispatchResult:
    env = importlib.import_module("alembic_assay.env")
    result: PriorityDispatchResult = env.call_comparator("alembic_assay.compare.metadata", "refuse_empty", *arguments)
    return result
