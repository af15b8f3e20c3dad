"""Columns as SQLAlchemy has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Computed, Identity

from alembic_assay.catalog.build_text import made_name, verbatim
from alembic_assay.catalog.create_tables import inherits
from alembic_assay.sql import display, identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.build_types import Types
    from alembic_assay.catalog.columns import Column as ColumnRecord
    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.sequences import Sequence

_MAXIMA = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
_COMPRESSION = {"p": "pglz", "l": "lz4"}


def column(record: ColumnRecord, types: Types, context: Context) -> Column[Any]:
    """Build a column.

    Args:
        record: As read.
        types: Of its snapshot.
        context: Of its snapshot.
    """
    table = context.tables[record.schema, record.table]
    sequence = context.identities.get(record.key)
    details: list[Any] = []
    default = None if ("table", table.key) in context.split or record.default is None else verbatim(record.default)
    if record.generated is not None and default is not None:
        details.append(Computed(default, persisted=record.generated == "stored"))
    elif record.identity is not None and sequence is not None:
        details.append(Identity(always=record.identity == "always", **settings(sequence)))
    return Column(
        record.name,
        types.of(record.type, record.collation),
        *details,
        nullable=not record.not_null or _said_elsewhere(record, context),
        server_default=None if details else default,
        comment=record.comment,
        autoincrement="auto" if record.identity else False,
        system=_inherited(record, context),
    )


def residue(record: ColumnRecord, context: Context) -> Iterator[str]:
    """Yield what SQLAlchemy cannot say of a column: of NOT NULL and identity the names, the compression."""
    name = qualified(record.table, record.schema)
    constraint, usual = context.not_null(record), made_name(record.table, record.name, "not_null")
    if constraint is not None and not _inherited(record, context):
        if constraint.definition.endswith(" NO INHERIT"):
            yield f"ALTER TABLE ONLY {name} ADD CONSTRAINT {identifier(constraint.name)} {constraint.definition}"
        elif constraint.name != usual and not _said_elsewhere(record, context):
            yield f"ALTER TABLE ONLY {name} RENAME CONSTRAINT {identifier(usual)} TO {identifier(constraint.name)}"
    if record.compression is not None:
        method = _COMPRESSION[record.compression]
        yield f"ALTER TABLE ONLY {name} ALTER COLUMN {identifier(record.name)} SET COMPRESSION {method}"
    sequence = context.identities.get(record.key)
    if sequence is not None and sequence.name != made_name(record.table, record.name, "seq"):
        found = f"pg_get_serial_sequence({literal(name).strip()}, {literal(record.name).strip()})"
        rename = f"format('ALTER SEQUENCE %s RENAME TO %I', {found}, {literal(sequence.name).strip()})"
        yield (
            f"DO $assay$ BEGIN IF {found} <> {literal(display(sequence.name, sequence.schema)).strip()} THEN EXECUTE"
            f" {rename}; END IF; END $assay$"
        )


def _inherited(record: ColumnRecord, context: Context) -> bool:
    """Whether a column comes from a parent, so that ``CREATE TABLE`` must not say it."""
    return not record.local and inherits(context.tables[record.schema, record.table], context)


def _said_elsewhere(record: ColumnRecord, context: Context) -> bool:
    """Whether a NOT NULL is the parent's, or one that only ALTER TABLE can add as it is."""
    constraint, table = context.not_null(record), context.tables[record.schema, record.table]
    if constraint is None:
        return False
    of_parent = not constraint.local and table.partition_bound is None and bool(table.parents)
    return of_parent or not constraint.validated or constraint.definition.endswith(" NO INHERIT")


def settings(sequence: Sequence) -> dict[str, Any]:
    """Return those options of a sequence that are not what a new one has."""
    largest, up = _MAXIMA[sequence.type], sequence.increment > 0
    minimum, maximum = (1, largest) if up else (-largest - 1, -1)
    start = sequence.minimum if up else sequence.maximum
    given = {
        "start": (sequence.start, start),
        "increment": (sequence.increment, 1),
        "minvalue": (sequence.minimum, minimum),
        "maxvalue": (sequence.maximum, maximum),
        "cache": (sequence.cache, 1),
        "cycle": (sequence.cycle, False),
    }
    return {name: value for name, (value, usual) in given.items() if value != usual}
