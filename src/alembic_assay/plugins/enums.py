"""``assay.enums``: enumerated types in autogenerate, and their directives."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.plugins import Plugin
    from alembic.util import PriorityDispatchResult


def setup(plugin: Plugin) -> None:
    """Register the directives and, for autogenerate, the comparator."""
    util = importlib.import_module("alembic.util")
    importlib.import_module("alembic_assay.ops.enums")
    importlib.import_module("alembic_assay.ops.replace_enum")
    importlib.import_module("alembic_assay.ops.rename_enum")
    importlib.import_module("alembic_assay.ops.switch_enum")
    importlib.import_module("alembic_assay.ops.sync_enum_values").offer()
    plugin.add_autogenerate_comparator(
        _compare, "schema", "assay_enums", qualifier="postgresql", priority=util.DispatchPriority.LAST
    )
    plugin.add_autogenerate_comparator(
        _refuse_unused_renames, "autogenerate", "assay_renames", priority=util.DispatchPriority.LAST
    )


def _compare(*arguments: Any) -> PriorityDispatchResult:
    env = importlib.import_module("alembic_assay.env")
    result: PriorityDispatchResult = env.call_comparator("alembic_assay.compare.enums", "compare", *arguments)
    return result


def _refuse_unused_renames(*arguments: Any) -> PriorityDispatchResult:
    env = importlib.import_module("alembic_assay.env")
    result: PriorityDispatchResult = env.call_comparator("alembic_assay.compare.renames", "refuse_unused", *arguments)
    return result
