"""What the other operations of a revision have to do with entities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.operations import ops

from alembic_assay.catalog import dependencies

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.snapshot import Snapshot


def single(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """Yield operations without their containers."""
    for operation in operations:
        if isinstance(operation, ops.OpContainer):
            yield from single(operation.ops)
        else:
            yield operation


def touched(operations: Iterable[ops.MigrateOperation], default_schema: str) -> Iterator[Key]:
    """Yield the tables and columns that are dropped, and the columns that get another type."""
    for operation in single(operations):
        schema = getattr(operation, "schema", None) or default_schema
        if isinstance(operation, ops.DropTableOp):
            yield "table", (schema, operation.table_name)
        elif isinstance(operation, ops.DropColumnOp) or (
            isinstance(operation, ops.AlterColumnOp) and operation.modify_type is not None
        ):
            yield "column", (schema, operation.table_name, operation.column_name)


def needs(snapshot: Snapshot) -> dict[Key, set[Key]]:
    """Map each object to what it needs; what the columns of a view need, the view needs."""
    views = {record.key for record in snapshot if record.kind == "view"}
    found: dict[Key, set[Key]] = {}
    for edge in dependencies.edges(snapshot):
        needed = (edge.needs_kind, edge.needs_key)
        key = ("view", edge.key[:2]) if edge.kind == "column" and edge.key[:2] in views else (edge.kind, edge.key)
        if edge.needs_kind == "column" and edge.needs_key[:2] in views:
            needed = ("view", edge.needs_key[:2])
        found.setdefault(key, set()).add(needed)
    return found


def hangs(needed: Iterable[Key], gone: Collection[Key]) -> bool:
    """Whether a table or column that is needed is one of these, or of these."""
    return any(each in gone or (each[0] == "column" and ("table", each[1][:2]) in gone) for each in needed)


def needing_new(found: Mapping[Key, set[Key]], present: Snapshot, keys: Collection[Key]) -> set[Key]:
    """Return which objects need something that is not there yet and is none of them.

    Args:
        found: What each object will need.
        present: What is there.
        keys: The objects.
    """
    there = {(record.kind, record.key) for record in present} | {*keys}
    return {key for key in keys if not found.get(key, set()) <= there}
