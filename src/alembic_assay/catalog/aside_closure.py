"""Which objects are in the way when columns or types are altered: everything that hangs on them, and on that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.catalog import dependencies
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.tables import Table
from alembic_assay.catalog.triggers import Trigger
from alembic_assay.catalog.views import View
from alembic_assay.errors import AsideError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot

TYPE_KINDS = frozenset({"enum", "domain", "composite type", "range type"})
_MOVABLE = frozenset(
    {"view", "rule", "policy", "trigger", "function", "statistics", "constraint", "index", "publication table"}
    | {"cast", "operator", "transform"}
)
_UNTOUCHED = frozenset({"sequence", "table", "schema", "publication"})
"""Kinds that stay when something that they hold on to gets another type; of a publication only the table goes."""
_REFERENCED = re.compile(r"REFERENCES .*?\(([^()]*)\)", re.DOTALL)


class Closure:
    """What is in the way, found by following the dependencies.

    Args:
        snapshot: Of the whole database.
        altered: Columns that get another type and types that are built anew; these stay where they are.
        dropped: What the caller drops itself.
        taken: What is dropped and made again though nothing that it hangs on changes.
        kept: What is replaced in place: it stays, and so does what hangs on it.

    Attributes:
        taken: What is dropped and made again.
        parts: What goes and comes with it, and has a comment or privileges of its own: columns of views.
        defaults: Columns whose default is dropped and set again.
        edges: Each object to what depends on it directly.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        altered: Iterable[Key] = (),
        dropped: Iterable[Key] = (),
        *,
        taken: Iterable[Key] = (),
        kept: Iterable[Key] = (),
    ) -> None:
        self.snapshot = snapshot
        self.records = {(record.kind, record.key): record for record in snapshot}
        self._views = {view.key for view in snapshot.of(View)}
        self.edges = needed_by(snapshot)
        self.altered = set(with_children(snapshot, altered))
        self.dropped = set(dropped)
        self.kept = frozenset(kept)
        self.taken: dict[Key, Record] = {key: self.records[key] for key in taken}
        self.parts: dict[Key, Column] = {}
        self.defaults: dict[Key, Column] = {}
        refuse_partition_keys(snapshot, self.altered | self.dropped)
        self._follow()

    def _follow(self) -> None:
        waiting = sorted(self.altered | self.dropped | self.taken.keys())
        stay = self.dropped | self.kept
        while waiting:
            key = waiting.pop()
            for dependant in self.edges.get(key, ()):
                if dependant not in self.taken and dependant not in stay and self._take(dependant, key):
                    waiting += [dependant, *([("view", dependant[1][:2])] if dependant in self.parts else [])]

    def _take(self, dependant: Key, key: Key) -> bool:
        """Take what depends on ``key``; return whether what depends on it in turn is in the way too."""
        record = self.records[dependant]
        if isinstance(record, Column):
            return self._take_column(record, key)
        if dependant in self.altered or (key in self.altered and stays(record, key)) or _of_taken(record, key):
            return False
        if record.kind == "publication":
            return False
        if record.kind not in _MOVABLE:
            raise self._refusal(record, key)
        if isinstance(record, Constraint) and record.type == "not null":
            return False
        self.taken[dependant] = record
        return True

    def _take_column(self, record: Column, key: Key) -> bool:
        dependant = (record.kind, record.key)
        if record.key[:2] in self._views:
            return self._take_column_of_view(record, key)
        if record.generated is not None:
            self.taken[dependant] = record
            return True
        if dependant in self.altered:
            if key != ("table", record.key[:2]) and record.default is not None:
                self.defaults[dependant] = record
            return False
        if key[0] in TYPE_KINDS and type_of(record) == key[1]:
            raise self._refusal(record, key)
        self.defaults[dependant] = record
        return False

    def _take_column_of_view(self, record: Column, key: Key) -> bool:
        dependant, view = (record.kind, record.key), ("view", record.key[:2])
        if view in self.kept:
            return False
        if key != view and type_of(record) != key[1]:
            if record.default is not None:
                self.defaults[dependant] = record
            return False
        self.taken[view] = self.records[view]
        new = dependant not in self.parts
        self.parts[dependant] = record
        return new

    def _refusal(self, record: Record, key: Key) -> AsideError:
        return AsideError(
            f"{record.title} depends on {self.records[key].title} and cannot be taken away and made again.",
            hint="Drop it before this and create it after it, or leave out the change.",
        )


def refuse_partition_keys(snapshot: Snapshot, changed: Collection[Key]) -> None:
    """Refuse to change the type of a column that a table is partitioned by, or to drop it.

    Args:
        snapshot: Of the tables.
        changed: What is to be changed or dropped.

    Raises:
        AsideError: Names the first such column.
    """
    for table in snapshot.of(Table):
        for name in identifiers(table.partition_key or ""):
            if ("column", (*table.key, name)) in changed:
                raise AsideError(
                    f"column {'.'.join((*table.key, name))} is in the partition key of its table"
                    f" ({table.partition_key}): PostgreSQL cannot change it.",
                    hint="Create a new partitioned table, copy the rows, and swap the names.",
                )


def needed_by(snapshot: Snapshot) -> dict[Key, tuple[Key, ...]]:
    """Map each object to what depends on it; with what only the text of a foreign key says, and its triggers."""
    found = {key: set(keys) for key, keys in dependencies.needed_by(snapshot).items()}
    internal = [each for each in snapshot.of(Trigger) if not each.definition]
    for constraint in snapshot.of(Constraint):
        if constraint.references is None:
            continue
        key, table = (constraint.kind, constraint.key), parts(constraint.references)
        for column in _referenced(constraint):
            found.setdefault(("column", (*table, column)), set()).add(key)
        for trigger in internal:
            if trigger.key[:2] in {table, constraint.key[:2]} and trigger.name.startswith(f"{constraint.name} ("):
                found.setdefault(key, set()).add((trigger.kind, trigger.key))
    return {key: tuple(sorted(keys)) for key, keys in found.items()}


def _referenced(constraint: Constraint) -> Iterator[str]:
    listed = _REFERENCED.search(constraint.definition)
    return (name for part in (listed[1] if listed else "").split(", ") for name in parts(part))


def with_children(snapshot: Snapshot, keys: Iterable[Key]) -> Iterator[Key]:
    """Yield keys, and for each column those of partitions and other children that inherit it."""
    children: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for table in snapshot.of(Table):
        for parent in table.parents:
            children.setdefault(parts(parent), []).append(table.key)
    waiting = list(keys)
    while waiting:
        kind, key = waiting.pop()
        yield kind, key
        if kind == "column":
            waiting += [("column", (*child, key[2])) for child in children.get(key[:2], ())]


def stays(record: Record, key: Key) -> bool:
    """Whether PostgreSQL itself rebuilds what hangs on a column that gets another type: plain indexes and keys."""
    if key[0] != "column":
        return record.kind in _UNTOUCHED
    if isinstance(record, Constraint):
        return record.type in {"primary key", "unique", "not null"}
    if isinstance(record, Index):
        return record.constraint is None and "" not in record.columns and not record.partial
    return record.kind in _UNTOUCHED


def _of_taken(record: Record, key: Key) -> bool:
    """Whether it is an index that serves a constraint, asked by way of its columns: it goes with the constraint."""
    return isinstance(record, Index) and record.constraint is not None and key[0] not in {"constraint", "view"}


def type_of(column: Column) -> tuple[str, ...]:
    """Return schema and name of a column's type, without its brackets; of a built-in type only words.

    >>> type_of(Column(schema="public", table="t", name="c", position=1, type='app."Mood"[]'))
    ('app', 'Mood')
    """
    return parts(column.type.removesuffix("[]"))


def identifiers(expression: str) -> set[str]:
    """Return every word of an expression that may be a column.

    >>> sorted(identifiers('RANGE (lower(a), "B c")'))
    ['B c', 'RANGE', 'a', 'lower']
    """
    found = re.findall(r'"((?:[^"]|"")*)"|([A-Za-z_\u0080-\uffff][\w$]*)', re.sub(r"'(?:[^']|'')*'", "''", expression))
    return {quoted.replace('""', '"') if quoted else word for quoted, word in found}
