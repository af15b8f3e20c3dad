"""A snapshot as the server would store it if it were made anew: what it wrote once, it may write otherwise now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import create_properties, create_sql
from alembic_assay.catalog.canonical_pieces import Piece, Refused
from alembic_assay.catalog.canonical_scratch import Scratch, rolled_back, site
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.operator_classes import OperatorClass
from alembic_assay.catalog.snapshot import Snapshot, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from alembic_assay.catalog.dependencies import Dependency
    from alembic_assay.catalog.record import Record

_ELSEWHERE = frozenset(
    {
        "schema",
        "extension",
        "access method",
        "default privileges",
        "event trigger",
        "extension privileges",
        "foreign data wrapper",
        "foreign server",
        "language",
        "publication",
        "publication table",
        "security label",
        "setting",
        "subscription",
        "user mapping",
    }
)
"""What belongs to the database and not to a schema: it is used as it is there."""

_OF_TYPES = frozenset({"cast", "transform"})
"""What belongs to its types. Of built-in types there is one only, as there is one default operator class."""

_TYPES = frozenset({"table", "view", "enum", "domain", "composite type", "range type", "base type"})
_NAMED = frozenset(
    {
        *_TYPES,
        *(
            "sequence",
            "function",
            "statistics",
            "collation",
            "conversion",
            "operator",
            "operator class",
            "operator family",
        ),
        *(f"text search {what}" for what in ("configuration", "dictionary", "parser", "template")),
    }
)
_KEPT = ("owner", "acl", "populated")
"""What is not made: rights, and the data of materialised views."""


def remade(connection: Connection, snapshot: Snapshot) -> tuple[Snapshot, list[Refused]]:
    """Make a snapshot anew in scratch schemas, in one transaction; return it as read, and what was refused.

    Args:
        connection: As for ``canonical``.
        snapshot: Its schemas and extensions, and what else is in no schema, are taken from the database; owners and
            privileges as they are.
    """
    named = {record.key for record in snapshot if record.kind in _NAMED}
    refused = [
        Refused(record.title, f"{needed} is not part of the snapshot") for record, needed in _lost(snapshot, named)
    ]
    lost = {record for record, _ in _lost(snapshot, named)}
    kept = _kept(snapshot)
    inside = tuple(each for each in snapshot if each not in kept and each not in lost)
    titles = {(record.kind, record.key): record.title for record in inside}
    elsewhere = {(record.kind, record.key) for record in kept}
    steps = create_sql.ordered_steps(Snapshot((*kept, *inside), snapshot.dependencies))
    steps = [step for step in steps if step.node not in elsewhere]
    statements = [(titles.get(step.node, " ".join(step.node[1])), sql) for step in steps for sql in step.statements]
    statements += [(record.title, sql) for record in inside for sql in create_properties.comment(record)]
    pieces = [Piece(title, sql) for title, sql in statements]
    schemas = sorted({str(schema) for record in inside if (schema := getattr(record, "schema", None))})
    with rolled_back(connection):
        scratch = Scratch(connection, site(connection), schemas, [piece.sql for piece in pieces])
        scratch.names.created |= _created(inside)
        connection.exec_driver_sql("SET LOCAL check_function_bodies = off")
        refused += [each for _, each in scratch.run(pieces)]
        found = read(connection, schemas=scratch.schemas)
        records = [scratch.names.record_to_real(each) for each in found if each.kind not in _ELSEWHERE]
        dependencies = {scratch.names.record_to_real(each) for each in found.dependencies}
    before = {(record.kind, record.key): record for record in snapshot}
    owned = [_owned(record, before.get((record.kind, record.key))) for record in records]
    return Snapshot((*kept, *owned), tuple(sorted({*dependencies, *_outside(snapshot, kept, owned)}))), refused


def _kept(snapshot: Snapshot) -> frozenset[Record]:
    """Return what is not made anew."""
    types = {(record.kind, record.key) for record in snapshot if record.kind in _TYPES}
    moved = {(edge.kind, edge.key) for edge in snapshot.dependencies if (edge.needs_kind, edge.needs_key) in types}
    alone = {
        (record.kind, record.key)
        for record in snapshot
        if record.kind in _OF_TYPES or (isinstance(record, OperatorClass) and record.default)
    } - moved
    alone |= {
        (edge.needs_kind, edge.needs_key)
        for edge in snapshot.dependencies
        if (edge.kind, edge.key) in alone and edge.needs_kind == "operator family"
    }
    return frozenset(each for each in snapshot if each.kind in _ELSEWHERE or (each.kind, each.key) in alone)


def _outside(snapshot: Snapshot, kept: Iterable[Record], made: Iterable[Record]) -> Iterator[Dependency]:
    """Yield the dependencies that do not lead to what was made, but to what is kept, and what that needs."""
    ends = {(record.kind, record.key) for record in kept}
    known = ends | {(record.kind, record.key) for record in made}
    ends |= {(edge.needs_kind, edge.needs_key) for edge in snapshot.dependencies if (edge.kind, edge.key) in ends}
    for edge in snapshot.dependencies:
        both = {(edge.kind, edge.key), (edge.needs_kind, edge.needs_key)}
        if both & ends and both <= known:
            yield edge


def _lost(snapshot: Snapshot, known: set[tuple[str, ...]]) -> Iterator[tuple[Record, str]]:
    """Yield what points to a real table: to make it would lock that."""
    for record in snapshot:
        needed = [getattr(record, "references", None)]
        needed += getattr(record, "parents", ()) if record.kind == "table" else ()
        for name in needed:
            if name is not None and parts(name) not in known:
                yield record, f"table {name}"


def _created(records: tuple[Record, ...]) -> set[tuple[str, ...]]:
    names = {record.key[:2] for record in records if record.kind in _NAMED}
    names |= {(record.key[0], record.key[2]) for record in records if record.kind == "index"}
    return names | {parts(name) for record in records if (name := getattr(record, "multirange", None))}


def _owned(record: Record, before: Record | None) -> Record:
    values: dict[str, Any] = {name: getattr(before, name, None) for name in _KEPT if hasattr(record, name)}
    return replace(record, **values) if before is not None else record
