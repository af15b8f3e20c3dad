"""Who needs whom, as ``pg_depend`` keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.catalog.dependency_sql import SQL
from alembic_assay.catalog.names import parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot

PARTS_OF_A_TABLE = frozenset({"column", "constraint", "index", "trigger", "rule", "policy", "publication table"})
"""Kinds whose key begins with that of their table."""

Key = tuple[str, tuple[str, ...]]
"""Kind and key of a record."""

_Named = tuple[str | None, str, tuple[str, ...]]
"""``relation``, kind and key of an object."""


@dataclass(frozen=True, slots=True, order=True)
class Dependency:
    """One object that cannot be without another.

    Args:
        kind: What depends: the kind of its record.
        key: The key of that record.
        needs_kind: What it depends on.
        needs_key: The key of that record.
    """

    kind: str
    key: tuple[str, ...]
    needs_kind: str
    needs_key: tuple[str, ...]


def read(connection: Connection, records: Iterable[Record]) -> tuple[Dependency, ...]:
    """Read what the records do not say themselves about each other, with one query, sorted.

    Args:
        connection: Inside ``fixed_settings``.
        records: Only dependencies between these are kept.
    """
    known = {(record.kind, record.key) for record in records}
    found = connection.execute(text(SQL)).one()
    pairs, objects, relations, members, attributes = (json.loads(each or "[]") for each in found)
    columns = {(id_, number): name for id_, number, name in attributes}
    edges = set(_edges(pairs, _names(objects, relations, members), columns))
    between = sorted((who, what) for who, what in edges if who != what and who in known and what in known)
    return tuple(Dependency(*who, *what) for who, what in between)


def _names(
    objects: Iterable[tuple[str, str, str | None, str, str | None, list[str]]],
    relations: Iterable[tuple[str, str, str, str, str]],
    members: Iterable[tuple[str, str, str]],
) -> dict[tuple[str, str], _Named]:
    """Return what has which class and OID; what an extension owns goes by the name of the extension."""
    named: dict[tuple[str, str], _Named] = {}
    within: dict[str | None, tuple[str, ...]] = {}
    for class_, id_, kind, schema, name in relations:
        named[class_, id_], within[id_] = (id_, kind, (schema, name)), (schema, name)
    for class_, id_, relation, kind, of, key in objects:
        named[class_, id_] = (relation, kind, (*within.get(of, ()), *key))
    for class_, id_, extension in members:
        relation = named[class_, id_][0] if (class_, id_) in named else None
        named[class_, id_] = (relation, "extension", (extension,))
    return named


def _edges(
    pairs: Iterable[tuple[str, str, int, str, str, int]],
    named: Mapping[tuple[str, str], _Named],
    columns: Mapping[tuple[str, int], str],
) -> Iterator[tuple[Key, Key]]:
    """Yield who needs whom: pairs of class, OID and number of the column."""
    for class_, id_, number, needs_class, needs_id, needs_number in pairs:
        one, other = named.get((class_, id_)), named.get((needs_class, needs_id))
        if one and other and (one[0] is None or one[0] != other[0]):
            column, needed = columns.get((id_, number)), columns.get((needs_id, needs_number))
            yield _key(one, column), _key(other, needed)


def _key(named: _Named, column: str | None) -> Key:
    _, kind, key = named
    return ("column", (*key, column)) if column is not None and kind in {"table", "view"} else (kind, key)


class Dependants:
    """What hangs on the objects of a snapshot; worked out when it is first asked for.

    Args:
        snapshot: Read with dependencies.

    Example:
        >>> [each.title for each in Dependants(snapshot).on(table)]  # doctest: +SKIP
        ['view public.open_tasks', 'constraint public.comments.comments_task_id_fkey']
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def on(self, record: Record) -> tuple[Record, ...]:
        """Return what hangs on an object: what could not stay as it is without it, in the order of the snapshot.

        For a table or a view, also what hangs on its columns and constraints; its own parts do not count. Only what
        depends directly: ask again for what hangs on that. The text of a function is opaque to the server, except
        with ``BEGIN ATOMIC``; so is what it calls.
        """
        asked = [(record.kind, record.key)]
        asked += self._parts.get(record.key, []) if record.kind in {"table", "view"} else []
        hanging = {key for each in asked for key in self._needed_by.get(each, ())} - set(asked)
        return tuple(each for each in self._snapshot if (each.kind, each.key) in hanging) if hanging else ()

    @cached_property
    def _needed_by(self) -> dict[Key, tuple[Key, ...]]:
        return needed_by(self._snapshot)

    @cached_property
    def _parts(self) -> dict[tuple[str, ...], list[Key]]:
        found: dict[tuple[str, ...], list[Key]] = {}
        for record in self._snapshot:
            if record.kind in PARTS_OF_A_TABLE:
                found.setdefault(record.key[:2], []).append((record.kind, record.key))
        return found


def needed_by(snapshot: Snapshot) -> dict[Key, tuple[Key, ...]]:
    """Map each object to what depends on it directly, for callers who ask about many objects."""
    found: dict[Key, set[Key]] = {}
    for edge in edges(snapshot):
        found.setdefault((edge.needs_kind, edge.needs_key), set()).add((edge.kind, edge.key))
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def edges(snapshot: Snapshot) -> Iterator[Dependency]:
    """Yield all dependencies: those of the snapshot, and those that its records say themselves."""
    yield from snapshot.dependencies
    views = {record.key for record in snapshot if record.kind == "view"}
    for record in snapshot:
        for needs_kind, needs_key in _said(record):
            kind = "view" if needs_kind == "table" and needs_key in views else needs_kind
            yield Dependency(record.kind, record.key, kind, needs_key)


def _said(record: Record) -> Iterator[Key]:
    if record.kind in PARTS_OF_A_TABLE:
        yield "table", record.key[:2]
    else:
        schemas = filter(None, (getattr(record, "schema", None), *getattr(record, "schemas", ())))
        yield from (("schema", (schema,)) for schema in schemas)
    if record.kind in {"constraint", "index"}:
        for column in filter(None, getattr(record, "columns", ())):
            yield "column", (*record.key[:2], column)
    if record.kind == "index" and (constraint := getattr(record, "constraint", None)):
        yield "constraint", (*record.key[:2], constraint)
    if record.kind == "publication table":
        yield "publication", record.key[2:]
    for field, kind in (("references", "table"), ("owned_by", "column")):
        if name := getattr(record, field, None):
            yield kind, parts(name)
    for parent in getattr(record, "parents", ()) if record.kind == "table" else ():
        yield "table", parts(parent)
