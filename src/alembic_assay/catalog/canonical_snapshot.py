"""A snapshot as the server would store it if it were made anew: what it wrote once, it may write otherwise now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import create_properties, create_sql
from alembic_assay.catalog.canonical_pieces import Piece, Refused
from alembic_assay.catalog.canonical_scratch import Scratch, rolled_back, site
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.snapshot import Snapshot, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from alembic_assay.catalog.record import Record

_ELSEWHERE = frozenset({"schema", "extension"})
_NAMED = frozenset(
    {"table", "view", "enum", "domain", "composite type", "range type", "sequence", "function", "statistics"}
)
_KEPT = ("owner", "acl", "populated")
"""What is not made: rights, and the data of materialised views."""


def remade(connection: Connection, snapshot: Snapshot) -> tuple[Snapshot, list[Refused]]:
    """Make a snapshot anew in scratch schemas, in one transaction; return it as read, and what was refused.

    Args:
        connection: As for ``canonical``.
        snapshot: Its schemas and extensions are taken from the database, owners and privileges as they are.
    """
    known = {record.key for record in snapshot if record.kind in _NAMED}
    refused = [
        Refused(record.title, f"{needed} is not part of the snapshot") for record, needed in _lost(snapshot, known)
    ]
    lost = {record for record, _ in _lost(snapshot, known)}
    inside = tuple(each for each in snapshot if each.kind not in _ELSEWHERE and each not in lost)
    titles = {(record.kind, record.key): record.title for record in inside}
    steps = create_sql._ordered(Snapshot(inside, snapshot.dependencies))  # noqa: SLF001 - titles are needed
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
        dependencies = tuple(sorted(scratch.names.record_to_real(each) for each in found.dependencies))
    before = {(record.kind, record.key): record for record in snapshot}
    owned = [_owned(record, before.get((record.kind, record.key))) for record in records]
    kept = [record for record in snapshot if record.kind in _ELSEWHERE]
    return Snapshot((*kept, *owned), dependencies), refused


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
