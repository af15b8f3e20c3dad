"""What the statements for one object must know about the others."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.catalog.tables import Table
from alembic_assay.errors import AssayError
from alembic_assay.sql import identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic_assay.catalog.create_steps import Node
    from alembic_assay.catalog.snapshot import Snapshot


class CreateError(AssayError):
    """A snapshot that no SQL can make."""

    code = "cannot-create"


TableKey = tuple[str, ...]
"""Schema and name of a table or view."""


class Context:
    """A snapshot, indexed.

    Args:
        snapshot: What is to be made.
        split: The objects that are made in two steps, because a cycle leads through them.
    """

    def __init__(self, snapshot: Snapshot, split: frozenset[Node] = frozenset()) -> None:
        self.snapshot = snapshot
        self.split = split
        self.tables = {table.key: table for table in snapshot.of(Table)}
        self.partitions: defaultdict[TableKey, list[TableKey]] = defaultdict(list)
        for table in self.tables.values():
            if table.partition_bound is not None:
                self.partitions[parts(table.parents[0])].append(table.key)
        self.columns: defaultdict[TableKey, list[Column]] = defaultdict(list)
        for column in sorted(snapshot.of(Column), key=lambda column: column.position):
            self.columns[column.schema, column.table].append(column)
        self.constraints: defaultdict[TableKey, list[Constraint]] = defaultdict(list)
        for constraint in snapshot.of(Constraint):
            self.constraints[constraint.schema, constraint.table].append(constraint)
        self.indexes = {(index.schema, index.table, index.name): index for index in snapshot.of(Index)}
        self.index_nodes = {qualified(index.name, index.schema): index for index in self.indexes.values()}
        self.identities = {
            parts(each.owned_by): each for each in snapshot.of(Sequence) if each.identity and each.owned_by
        }
        self.servers = {record.key[-1] for record in snapshot if record.kind in {"server", "foreign server"}}
        self.needs: defaultdict[Node, set[Node]] = defaultdict(set)
        for edge in snapshot.dependencies:
            self.needs[edge.kind, edge.key].add(self._made_with(edge.needs_kind, edge.needs_key))

    def _made_with(self, kind: str, key: tuple[str, ...]) -> Node:
        if kind != "column":
            return kind, key
        return "table" if key[:2] in self.tables else "view", key[:2]

    def not_null(self, column: Column) -> Constraint | None:
        """Return the constraint behind NOT NULL, which PostgreSQL keeps since version 18."""
        of_table = self.constraints[column.schema, column.table]
        return next((each for each in of_table if each.type == "not null" and each.columns == (column.name,)), None)


def quoted(value: str) -> str:
    """Quote a string literal, where a blank stands before it already."""
    return literal(value).lstrip()


def options(settings: Iterable[str], prefix: str = "") -> list[str]:
    """Write storage options as they are set: ``fillfactor='70'``."""
    return [f"{prefix}{name}={quoted(value)}" for name, _, value in (each.partition("=") for each in settings)]


def foreign_options(settings: Iterable[str]) -> str:
    """Write the options of something foreign: ``OPTIONS ("table_name" 'x')``, or nothing."""
    written = [f"{identifier(name)} {quoted(value)}" for name, _, value in (s.partition("=") for s in settings)]
    return f" OPTIONS ({', '.join(written)})" if written else ""


def clause(word: str, items: Iterable[str]) -> str:
    """Write `` WORD (a, b)``, or nothing if there are no items."""
    listed = ", ".join(items)
    return f" {word} ({listed})" if listed else ""
