"""What is unwise in a schema, though the server takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot

_SHORT_KEY = 8
"""A text key of fewer characters is guessed, or runs out."""


def lints(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return what is unwise: each with the rule's name, the object and a message.

    Args:
        snapshot: Of a schema, from any source.
    """
    found = [*_indexes(snapshot), *_foreign_keys(snapshot), *_columns(snapshot), *_tables(snapshot)]
    return sorted(found, key=lambda each: (each["lint"], each["object"]))


def _lint(name: str, record: Record, message: str) -> dict[str, Any]:
    return {"lint": name, "object": record.title, "message": message}


def _keys(index: Index) -> str:
    return index.definition.partition(" USING ")[2]


def _indexes(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """An index whose keys are the first of another one."""
    by_table: dict[tuple[str, str], list[Index]] = {}
    for index in snapshot.of(Index):
        by_table.setdefault((index.schema, index.table), []).append(index)
    for indexes in by_table.values():
        for index in indexes:
            if index.constraint is not None or index.unique:
                continue
            server = next((other for other in indexes if other is not index and _serves(other, index)), None)
            if server is not None:
                yield _lint("redundant-index", index, f"{server.name} serves everything that it does.")


def _serves(one: Index, other: Index) -> bool:
    mine, its = _keys(one), _keys(other)
    if one.method != "btree" or other.method != "btree" or one.partial or other.partial:
        return mine == its and one.name < other.name
    if mine == its:
        return one.constraint is not None or one.unique or one.name < other.name
    return len(its) < len(mine) and mine.startswith(its[:-1] + ",")


def _foreign_keys(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """A foreign key that no index serves: every delete in the other table reads all of this one."""
    indexes = snapshot.of(Index)
    for constraint in snapshot.of(Constraint):
        if constraint.type != "foreign key":
            continue
        wanted = set(constraint.columns)
        served = any(
            index.schema == constraint.schema
            and index.table == constraint.table
            and index.method in {"btree", "hash"}
            and not index.partial
            and set(index.columns[: len(wanted)]) == wanted
            for index in indexes
        )
        if not served:
            yield _lint("fk-without-index", constraint, "no index has its columns first.")


def _columns(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    tables = {table.key for table in snapshot.of(Table)}
    keys = {
        (each.schema, each.table, column)
        for each in snapshot.of(Constraint)
        if each.type == "primary key"
        for column in each.columns
    }
    for column in snapshot.of(Column):
        if (column.schema, column.table) not in tables:
            continue
        if column.type.startswith("timestamp") and column.type.endswith("without time zone"):
            yield _lint("timestamp-without-time-zone", column, "what it means depends on who reads it.")
        length = column.type.removeprefix("character varying(").removesuffix(")")
        if column.key in keys and length.isdigit() and int(length) < _SHORT_KEY:
            yield _lint("short-text-key", column, f"a key of {length} characters runs out or is guessed.")


def _tables(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    uncommented: dict[tuple[str, str], int] = {}
    for column in snapshot.of(Column):
        uncommented.setdefault((column.schema, column.table), 0)
        uncommented[column.schema, column.table] += column.comment is None
    for table in snapshot.of(Table):
        missing = uncommented.get((table.schema, table.name), 0) + (table.comment is None)
        if missing:
            yield _lint("missing-comment", table, f"{missing} of its objects have no comment.")
