"""Columns as scripts write them: the model's own types where there are models, and nothing said that is not so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql.compiler import BIND_PARAMS
from sqlalchemy.types import ARRAY, SchemaType

from alembic_assay.catalog import build_columns
from alembic_assay.catalog.build_text import made_name
from alembic_assay.catalog.build_types import PgType
from alembic_assay.sql import display

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from alembic_assay.catalog.columns import Column as ColumnRecord
    from alembic_assay.catalog.sequences import Sequence
    from alembic_assay.ops.planning import Side

SERIAL_TYPES = {"smallint": sa.SmallInteger, "integer": sa.Integer, "bigint": sa.BigInteger}


def script_type(record: ColumnRecord, side: Side) -> TypeEngine[Any] | None:
    """Return the type as scripts write it, ``None`` where only SQL can say it."""
    model = side.model(record)
    if model is not None and not _makes_check(model.type):
        return model.type
    found = side.types.of(record.type, record.collation)
    return None if _unknown(found) else found


def _makes_check(type_: TypeEngine[Any]) -> bool:
    """Whether the type brings a check of its own, which is a constraint of the table already."""
    return isinstance(type_, SchemaType) and bool(getattr(type_, "create_constraint", False))


def _unknown(type_: TypeEngine[Any]) -> bool:
    inner = type_.item_type if isinstance(type_, ARRAY) else getattr(type_, "data_type", None)
    return isinstance(type_, PgType) or (inner is not None and _unknown(inner))


def risky(text: str | None) -> bool:
    """Whether a text does not survive the way through a script and ``text()``."""
    return text is not None and ("%" in text or "\\" in text or BIND_PARAMS.search(text) is not None)


def serial(record: ColumnRecord, side: Side) -> bool:
    """Whether a column is what SERIAL makes."""
    sequence: Any = side.sequence(record)
    if record.type not in SERIAL_TYPES or sequence is None or sequence.identity or not record.not_null:
        return False
    usual = sequence.name == made_name(record.table, record.name, "seq") and sequence.schema == record.schema
    called = f"nextval('{_as_written(sequence)}'::regclass)"
    return usual and record.default == called and sequence.type == record.type and not build_columns.settings(sequence)


def _as_written(sequence: Sequence) -> str:
    return display(sequence.name, sequence.schema).replace("'", "''")


def server_default(record: ColumnRecord, side: Side) -> Any:
    """Return the default as ``server_default`` takes it, ``None`` without one."""
    if record.default is None or record.generated is not None or record.identity is not None:
        return None
    model = side.model(record)
    default = None if model is None else model.server_default
    if isinstance(default, sa.DefaultClause):
        argument = default.arg
        if isinstance(argument, str) and not argument.startswith("'") and not argument.endswith("'"):
            return sa.DefaultClause(argument)
        if isinstance(argument, sa.TextClause) and not risky(argument.text.replace("::", "")):
            return sa.DefaultClause(argument)
    return sa.DefaultClause(sa.text(record.default))


def script_column(record: ColumnRecord, side: Side, *, key: bool = False) -> sa.Column[Any] | None:
    """Return a column for ``op.create_table`` and ``op.add_column``, ``None`` where only SQL can say it.

    Args:
        record: The column.
        side: Where it is.
        key: Whether it is the only column of a primary key that is made with it.
    """
    type_ = script_type(record, side)
    if type_ is None or risky(record.default) or record.compression or record.foreign_options:
        return None
    if record.collation is not None and side.model(record) is None and getattr(type_, "collation", None) is None:
        return None
    is_serial = serial(record, side)
    if is_serial and not key:
        return None
    details: list[Any] = []
    if record.generated is not None:
        details.append(_computed(record, side))
    elif record.identity is not None:
        identity = _identity(record, side)
        if identity is None:
            return None
        details.append(identity)
    return sa.Column(
        record.name,
        type_,
        *details,
        nullable=not record.not_null,
        server_default=None if is_serial else server_default(record, side),
        comment=record.comment,
        autoincrement=_autoincrement(record, is_serial=is_serial, key=key),
    )


def _autoincrement(record: ColumnRecord, *, is_serial: bool, key: bool) -> Any:
    if is_serial or not key or record.default is not None or record.identity is not None:
        return "auto"
    return False if record.type in SERIAL_TYPES else "auto"


def _computed(record: ColumnRecord, side: Side) -> sa.Computed:
    model = side.model(record)
    computed = None if model is None else model.computed
    text = computed.sqltext if computed is not None else None
    shown = text.text if isinstance(text, sa.TextClause) and not risky(text.text.replace("::", "")) else record.default
    return sa.Computed(shown or "", persisted=record.generated == "stored")


def _identity(record: ColumnRecord, side: Side) -> sa.Identity | None:
    sequence: Any = side.sequence(record)
    if sequence is None or sequence.unlogged or sequence.name != made_name(record.table, record.name, "seq"):
        return None
    return sa.Identity(always=record.identity == "always", **build_columns.settings(sequence))
