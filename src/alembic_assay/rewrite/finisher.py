"""Order the operations of one revision: types before what uses them, drops after."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic.autogenerate.render import render_op_text
from alembic.util import PriorityDispatchResult

from alembic_assay.ops.entities import ReplaceEntitiesOp
from alembic_assay.ops.enums import CreateEnumOp, DropEnumOp
from alembic_assay.ops.execute_sql import CreateSchemaOp
from alembic_assay.ops.rename_enum import RenameEnumOp, RenameEnumValueOp
from alembic_assay.ops.replace_enum import ModifyEnumOps, ReplaceEnumOp
from alembic_assay.ops.set_aside import AsideOp
from alembic_assay.ops.steps import BeforeRebuildOp
from alembic_assay.ops.switch_enum import SwitchEnumOp
from alembic_assay.sql import literal

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import MigrateOperation, UpgradeOps

_BEFORE_TABLES: tuple[type[MigrateOperation], ...] = (
    CreateSchemaOp,
    CreateEnumOp,
    ModifyEnumOps,
    RenameEnumValueOp,
    RenameEnumOp,
    BeforeRebuildOp,
    ReplaceEnumOp,
)
"""Labels are added under the old names, so that they may be committed first; all else comes after the renames."""

_AFTER_TABLES: tuple[type[MigrateOperation], ...] = (DropEnumOp,)
_PLACES = ("first", "drop", "", "create", "last", "types")
"""Of entities around the changes of tables."""


def finish(autogen_context: AutogenContext, upgrade_ops: UpgradeOps) -> PriorityDispatchResult:
    """Sort the upgrade; Alembic reverses it afterwards, so the downgrade is in order too."""
    for operation in upgrade_ops.ops:
        if isinstance(operation, ModifyEnumOps):
            commit_before_use(autogen_context, operation, upgrade_ops.ops)
    upgrade_ops.ops.sort(key=_rank)
    gone = {key for each in upgrade_ops.ops if isinstance(each, ReplaceEntitiesOp) for key in each.drops}
    upgrade_ops.ops = [each.left(gone) if isinstance(each, AsideOp) else each for each in upgrade_ops.ops]
    return PriorityDispatchResult.CONTINUE


def _rank(operation: MigrateOperation) -> int:
    """What commits comes first: a revision that fails later can then be run again from its beginning."""
    if isinstance(operation, SwitchEnumOp) or (isinstance(operation, ModifyEnumOps) and operation.autocommit):
        return -1
    if isinstance(operation, _BEFORE_TABLES):
        return _BEFORE_TABLES.index(type(operation))
    place: str = operation.place if isinstance(operation, ReplaceEntitiesOp) else ""
    if isinstance(operation, _AFTER_TABLES):
        place = "types"
    return len(_BEFORE_TABLES) + _PLACES.index(place)


def commit_before_use(
    autogen_context: AutogenContext, operation: ModifyEnumOps, others: list[MigrateOperation]
) -> None:
    """Put new labels into an autocommit block where another operation seems to use one.

    PostgreSQL refuses to use a label in the transaction that added it. A label that only looks used costs one
    transaction more, so the text of the script is witness enough.

    Args:
        autogen_context: Renders the others.
        operation: Is changed.
        others: All operations of the upgrade.
    """
    script = _text_without_types(autogen_context, others)
    operation.autocommit = any(_occurs(addition.value, script) for addition in operation.additions)
    for addition in operation.additions:
        addition.if_not_exists = operation.autocommit


def _occurs(label: str, script: str) -> bool:
    """Whether a script holds a label as a word, in any of the ways to write it in Python and in SQL."""
    in_sql = literal(label).strip().removeprefix("E")[1:-1]
    spellings = {form for text in (label, in_sql) for form in (text, repr(text)[1:-1], text.replace("'", "\\'"))}
    return any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", script) for form in spellings)


def _text_without_types(autogen_context: AutogenContext, operations: list[MigrateOperation]) -> str:
    """Render operations with a placeholder for every type: a type names all labels and uses none."""
    opts, imports = autogen_context.opts, autogen_context.imports
    autogen_context.opts = {**opts, "render_item": lambda kind, *_: "..." if kind == "type" else False}
    autogen_context.imports = set()
    try:
        return "\n".join(render_op_text(autogen_context, op) for op in operations if not isinstance(op, _BEFORE_TABLES))
    finally:
        autogen_context.opts, autogen_context.imports = opts, imports
