"""Values for rows that have none, before a column refuses NULL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from alembic_assay.emit.migration_renames import DEFAULT_SCHEMA
from alembic_assay.ops.columns import AddColumn, AlterColumn
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic.operations import MigrateOperation


def with_backfill(
    operations: list[MigrateOperation], backfill: Mapping[tuple[str, ...], str]
) -> list[MigrateOperation]:
    """Put the filling of columns before what makes them NOT NULL.

    Args:
        operations: Of the upgrade.
        backfill: Key of a column to the SQL for rows without a value.
    """
    found: list[MigrateOperation] = []
    for each in operations:
        if isinstance(each, ops.ModifyTableOps):
            each.ops[:] = with_backfill(list(each.ops), backfill)
            found.append(each)
        else:
            found += _filled(each, backfill)
    return found


def _filled(operation: MigrateOperation, backfill: Mapping[tuple[str, ...], str]) -> list[MigrateOperation]:
    each: Any = operation
    if isinstance(operation, AddColumn) and not operation.column.nullable:
        key = (operation.schema or DEFAULT_SCHEMA, operation.table_name, operation.column.name)
        if expression := backfill.get(key):
            operation.column.nullable = True
            options: dict[str, Any] = {"existing_type": operation.column.type, "existing_nullable": True}
            later = AlterColumn(each.table_name, key[2], schema=each.schema, modify_nullable=False, **options)
            return [operation, _update(key, expression), later]
    if isinstance(operation, AlterColumn) and operation.modify_nullable is False:
        key = (operation.schema or DEFAULT_SCHEMA, operation.table_name, operation.column_name)
        if expression := backfill.get(key):
            return [_update(key, expression), operation]
    return [operation]


def _update(key: tuple[str, ...], expression: str) -> SqlOp:
    column = identifier(key[2])
    sql = f"UPDATE {qualified(key[1], key[0])} SET {column} = {expression} WHERE {column} IS NULL"  # noqa: S608 - quoted; the rest is the user's
    return SqlOp([sql], title=f"column {'.'.join(key)}")
