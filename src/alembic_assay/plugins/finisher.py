"""``assay.finisher``: the order of the operations in a new revision."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.plugins import Plugin
    from alembic.util import PriorityDispatchResult


def setup(plugin: Plugin) -> None:
    """Register the finisher, which runs after every comparator."""
    util = importlib.import_module("alembic.util")
    plugin.add_autogenerate_comparator(
        _finish, "autogenerate", "assay_finisher", qualifier="postgresql", priority=util.DispatchPriority.LAST
    )


def _finish(*arguments: Any) -> PriorityDispatchResult:
    env = importlib.import_module("alembic_assay.env")
    result: PriorityDispatchResult = env.call_comparator("alembic_assay.rewrite.finisher", "finish", *arguments)
    return result
