"""``assay.entities``: functions, views, triggers, policies, extensions and grants declared for alembic-utils."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.plugins import Plugin
    from alembic.util import PriorityDispatchResult


def setup(plugin: Plugin) -> None:
    """Register what silences alembic-utils' own comparator, and the one that takes its place."""
    util = importlib.import_module("alembic.util")
    for function, element, priority in (
        (_take_over, "assay_entities_owner", util.DispatchPriority.FIRST),
        (_compare, "assay_entities", util.DispatchPriority.LAST),
    ):
        plugin.add_autogenerate_comparator(function, "autogenerate", element, qualifier="postgresql", priority=priority)


def _take_over(*arguments: Any) -> PriorityDispatchResult:
    env = importlib.import_module("alembic_assay.env")
    result: PriorityDispatchResult = env.call_comparator("alembic_assay.compare.entities", "take_over", *arguments)
    return result


def _compare(*arguments: Any) -> PriorityDispatchResult:
    env = importlib.import_module("alembic_assay.env")
    result: PriorityDispatchResult = env.call_comparator("alembic_assay.compare.entities", "compare", *arguments)
    return result
