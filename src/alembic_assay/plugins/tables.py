"""``assay.tables``: tables and all that is theirs in autogenerate, in place of Alembic's own comparison."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.plugins import Plugin
    from alembic.util import PriorityDispatchResult


def setup(plugin: Plugin) -> None:
    """Register the comparator before Alembic's, under the same name, so that it can stop it."""
    util = importlib.import_module("alembic.util")
    plugin.add_autogenerate_comparator(
        _compare, "schema", "tables", qualifier="postgresql", priority=util.DispatchPriority.FIRST
    )


def _compare(*arguments: Any) -> PriorityDispatchResult:
    env = importlib.import_module("alembic_assay.env")
    result: PriorityDispatchResult = env.call_comparator("alembic_assay.compare.tables", "compare", *arguments)
    return result
