"""Columns that become an enumerated type, or stop being one: PostgreSQL casts neither way by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.types import ARRAY

from alembic_assay.compare.enum_defaults import column_alterations
from alembic_assay.compare.enum_fits import refuse_rows
from alembic_assay.ops.cast_column import CastColumnOp
from alembic_assay.ops.columns import AlterColumn
from alembic_assay.ops.enum_types import enum_of
from alembic_assay.ops.steps import StepsOp
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations import ops
    from sqlalchemy import Dialect


def cast_columns(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Give each change of a column's type from or to an enumerated type its expression.

    The default is dropped before and set after: PostgreSQL would have to cast it too.

    Args:
        autogen_context: Knows the dialect.
        upgrade_ops: Changed in place.

    Raises:
        IrreversibleError: Rows hold what is no label of the new type.
    """
    dialect = autogen_context.dialect
    for holder, alteration in column_alterations(upgrade_ops.ops):
        new = alteration.modify_type
        if new is None or alteration.existing_type is None or alteration.kw.get("postgresql_using"):
            continue
        enum = enum_of(new, dialect)
        if enum is None and enum_of(alteration.existing_type, dialect) is None:
            continue
        if enum is not None:
            refuse_rows(autogen_context, alteration, enum)
        holder[holder.index(alteration)] = _cast(alteration, dialect)


def _cast(alteration: ops.AlterColumnOp, dialect: Dialect) -> StepsOp:
    old, new = alteration.existing_type, alteration.modify_type
    common: dict[str, Any] = {"schema": alteration.schema, "existing_nullable": alteration.existing_nullable}
    table, column = alteration.table_name, alteration.column_name
    before = alteration.existing_server_default
    after = before if alteration.modify_server_default is False else alteration.modify_server_default
    name = identifier(column)
    steps: list[ops.MigrateOperation] = []
    if before:
        steps.append(
            AlterColumn(
                table, column, existing_type=old, existing_server_default=before, modify_server_default=None, **common
            )
        )
    steps.append(
        CastColumnOp(
            table,
            column,
            using=_using(name, old, new, dialect),
            using_back=_using(name, new, old, dialect),
            existing_type=old,
            modify_type=new,
            **common,
        )
    )
    if after:
        steps.append(
            AlterColumn(
                table, column, existing_type=new, existing_server_default=None, modify_server_default=after, **common
            )
        )
    alteration.modify_type, alteration.modify_server_default = None, False
    alteration.existing_type, alteration.existing_server_default = new, after
    return StepsOp([*steps, *([alteration] if alteration.has_changes() else [])])


def _using(name: str, old: Any, new: Any, dialect: Dialect) -> str:
    target = _written(new, dialect)
    if _is_array(new, dialect):
        text = f"{name}::text[]" if _is_array(old, dialect) else f"ARRAY[{name}::text]"
        cast = f"{text}::{target}"
        return cast if _is_array(old, dialect) else f"CASE WHEN {name} IS NOT NULL THEN {cast} END"
    return f"({name})[1]::text::{target}" if _is_array(old, dialect) else f"{name}::text::{target}"


def _is_array(type_: Any, dialect: Dialect) -> bool:
    return isinstance(type_.dialect_impl(dialect), ARRAY)


def _written(type_: Any, dialect: Dialect) -> str:
    enum = enum_of(type_, dialect)
    if enum is None:
        return str(type_.compile(dialect=dialect))
    return qualified(str(enum.name), enum.schema) + ("[]" if _is_array(type_, dialect) else "")
