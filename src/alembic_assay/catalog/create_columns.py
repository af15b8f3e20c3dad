"""Columns as ``CREATE TABLE`` writes them, and what only ``ALTER TABLE`` can say of them; sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_context import foreign_options, options
from alembic_assay.catalog.create_steps import Step
from alembic_assay.catalog.names import parts
from alembic_assay.sql import MAX_IDENTIFIER_BYTES, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.columns import Column
    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.sequences import Sequence

_COMPRESSION = {"p": "pglz", "l": "lz4"}
_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
_MAXIMA = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def written(column: Column, context: Context) -> str:
    """Write a column for ``CREATE TABLE``; in a typed table only what its type does not say, which may be nothing."""
    constraints = " ".join(_constraints(column, context))
    name = identifier(column.name)
    if context.tables[column.schema, column.table].of_type is not None:
        return f"{name} WITH OPTIONS {constraints}" if constraints else ""
    words = [name, column.type]
    if column.compression is not None:
        words.append(f"COMPRESSION {_COMPRESSION[column.compression]}")
    words.append(foreign_options(column.foreign_options).strip())
    if column.collation is not None:
        words.append(f"COLLATE {column.collation}")
    return " ".join(word for word in [*words, constraints] if word)


def _constraints(column: Column, context: Context) -> Iterator[str]:
    yield from _not_null(column, context)
    sequence = context.identities.get(column.key)
    if column.generated is not None:
        yield f"GENERATED ALWAYS AS ({column.default}) {column.generated.upper()}"
    elif column.default is not None and ("table", (column.schema, column.table)) not in context.split:
        yield f"DEFAULT {column.default}"
    elif column.identity is not None and sequence is not None:
        settings = " ".join([f"SEQUENCE NAME {qualified(sequence.name, sequence.schema)}", *_settings(sequence)])
        yield f"GENERATED {column.identity.upper()} AS IDENTITY ({settings})"
    elif column.identity is not None and context.tables[column.schema, column.table].partition_bound is None:
        yield f"GENERATED {column.identity.upper()} AS IDENTITY"  # a partition shares the sequence of the whole


def _not_null(column: Column, context: Context) -> Iterator[str]:
    constraint = context.not_null(column)
    if constraint is None:
        if column.not_null:
            yield "NOT NULL"
        return
    table = context.tables[column.schema, column.table]
    if not constraint.validated or (not constraint.local and table.partition_bound is None and table.parents):
        return
    usual = f"{column.table}_{column.name}_not_null"
    named = constraint.name != usual or len(usual.encode()) > MAX_IDENTIFIER_BYTES
    no_inherit = " NO INHERIT" if constraint.definition.endswith(" NO INHERIT") else ""
    yield f"CONSTRAINT {identifier(constraint.name)} NOT NULL{no_inherit}" if named else f"NOT NULL{no_inherit}"


def details(column: Column) -> Iterator[str]:
    """Yield what is not said with the type and constraints of a column."""
    name = identifier(column.name)
    alter = f"ALTER TABLE ONLY {qualified(column.table, column.schema)} ALTER COLUMN {name}"
    if column.storage is not None:
        yield f"{alter} SET STORAGE {_STORAGE[column.storage]}"
    if column.statistics is not None:
        yield f"{alter} SET STATISTICS {column.statistics}"
    if column.options:
        yield f"{alter} SET ({', '.join(options(column.options))})"


def sequence(record: Sequence, context: Context) -> Iterator[Step]:
    """Make a sequence, and give it to its column afterwards; that of an identity column is made with it."""
    node, name = ("sequence", record.key), qualified(record.name, record.schema)
    owner = parts(record.owned_by) if record.owned_by else ()
    if record.identity:
        yield Step(node, _persistence(record, context), {("table", owner[:2])})
        return
    create = "CREATE UNLOGGED SEQUENCE" if record.unlogged else "CREATE SEQUENCE"
    words = [f"{create} {name}", *([] if record.type == "bigint" else [f"AS {record.type}"]), *_settings(record)]
    yield Step(node, [" ".join(words)])
    if record.owned_by:
        statement = f"ALTER SEQUENCE {name} OWNED BY {record.owned_by}"
        yield Step(("owned sequence", record.key), [statement], {node, ("table", owner[:2])})


def _settings(record: Sequence) -> Iterator[str]:
    largest, up = _MAXIMA[record.type], record.increment > 0
    minimum, maximum = (1, largest) if up else (-largest - 1, -1)
    if record.increment != 1:
        yield f"INCREMENT BY {record.increment}"
    if record.minimum != minimum:
        yield f"MINVALUE {record.minimum}"
    if record.maximum != maximum:
        yield f"MAXVALUE {record.maximum}"
    if record.start != (record.minimum if up else record.maximum):
        yield f"START WITH {record.start}"
    if record.cache != 1:
        yield f"CACHE {record.cache}"
    if record.cycle:
        yield "CYCLE"


def _persistence(record: Sequence, context: Context) -> list[str]:
    table = context.tables.get(parts(record.owned_by or "")[:2])
    if table is None or record.unlogged == (table.persistence == "unlogged"):
        return []
    return [f"ALTER SEQUENCE {qualified(record.name, record.schema)} SET {'UNLOGGED' if record.unlogged else 'LOGGED'}"]
