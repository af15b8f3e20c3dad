"""Operations of other comparators on columns whose type is renamed, rebuilt, or has labels renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from alembic_assay.catalog.enum_constants import constant_of
from alembic_assay.ops.columns import AlterColumn
from alembic_assay.ops.enum_types import enum_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Dialect


def column_alterations(operations: list[ops.MigrateOperation]) -> Iterator[tuple[Any, ops.AlterColumnOp]]:
    """Yield each alteration of a column with the list that holds it."""
    for operation in list(operations):
        if isinstance(operation, ops.AlterColumnOp):
            yield operations, operation
        elif isinstance(operation, ops.OpContainer):
            yield from column_alterations(operation.ops)


def leave_to_rename(
    operations: list[ops.MigrateOperation], old: str, new: str, renamed: Mapping[str, str], dialect: Dialect
) -> None:
    """Take out what the rename of a type or of its labels brings about by itself, where Alembic compared the tables.

    Args:
        operations: Of the upgrade; changed in place.
        old: The type's name before.
        new: The type's name afterwards.
        renamed: Old label to new label.
        dialect: PostgreSQL's.
    """
    for holder, alteration in column_alterations(operations):
        if not _is_of(alteration.existing_type, {old}, dialect):
            continue
        if alteration.modify_type is not None and _is_of(alteration.modify_type, {new}, dialect):
            alteration.modify_type = None
        label = label_of(alteration.existing_server_default)
        if label is not None and label_of(alteration.modify_server_default) == renamed.get(label, label):
            alteration.modify_server_default = False
        if not alteration.has_changes():
            holder.remove(alteration)
    _drop_empty(operations)


def drop_before(
    operations: list[ops.MigrateOperation], names: Collection[str], gone: Collection[str], dialect: Dialect
) -> list[ops.AlterColumnOp]:
    """Split changes of defaults that name a label that is gone: drop the old one before the rebuild, set the new after.

    Args:
        operations: Of the upgrade; changed in place.
        names: The type's names, before and afterwards.
        gone: The labels that vanish.
        dialect: PostgreSQL's.

    Returns:
        What must come before the rebuild; its reverse comes after it on the way back.
    """
    first = []
    for _, alteration in column_alterations(operations):
        default = alteration.existing_server_default
        changed = alteration.modify_server_default is not False
        if changed and label_of(default) in gone and _is_of(alteration.existing_type, names, dialect):
            first.append(_drop_default(alteration))
            alteration.existing_server_default = None
    return first


def _drop_default(alteration: ops.AlterColumnOp) -> ops.AlterColumnOp:
    return AlterColumn(
        alteration.table_name,
        alteration.column_name,
        schema=alteration.schema,
        existing_type=alteration.existing_type,
        existing_nullable=alteration.existing_nullable,
        existing_server_default=alteration.existing_server_default,
        modify_server_default=None,
    )


def label_of(default: Any) -> str | None:
    """Return the label that a server default comes down to: of ``'sad'::mood``, ``'sad'`` or ``DefaultClause``."""
    value = getattr(default, "arg", default)
    text = getattr(value, "text", value)
    if not isinstance(text, str):
        return None
    constant = constant_of(text)
    return text if constant is None and isinstance(value, str) else constant


def _is_of(type_: Any, names: Collection[str], dialect: Dialect) -> bool:
    if type_ is None or not hasattr(type_, "dialect_impl"):
        return False
    enum = enum_of(type_, dialect)
    return enum is not None and enum.name in names


def _drop_empty(operations: list[ops.MigrateOperation]) -> None:
    for operation in list(operations):
        if isinstance(operation, ops.ModifyTableOps) and not operation.ops:
            operations.remove(operation)
