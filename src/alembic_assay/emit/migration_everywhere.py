"""What every database has: it need not stand in a document, and is neither made nor dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_assay.catalog.create_grants import NEW_PUBLIC
from alembic_assay.catalog.create_properties import IN_NEW_DATABASE
from alembic_assay.catalog.schemas import Schema
from alembic_assay.catalog.snapshot import KIND_ORDER, Snapshot

if TYPE_CHECKING:
    from alembic_assay.catalog.record import Record


def in_every_database(before: Snapshot, after: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Give each side what only the other one names: the schema ``public`` and PL/pgSQL, as a new database has them."""
    sides = [
        {each.key: each for each in side if (each.kind, each.key[0]) in IN_NEW_DATABASE} for side in (before, after)
    ]
    missing = [[_usual(other[key]) for key in sorted(other.keys() - own.keys())] for own, other in (sides, sides[::-1])]
    return _with(before, missing[0]), _with(after, missing[1])


def _usual(record: Record) -> Record:
    comment = IN_NEW_DATABASE[record.kind, record.key[0]]
    if isinstance(record, Schema) and record.acl is not None:
        return replace(record, comment=comment, acl=NEW_PUBLIC)
    said = getattr(record, "comment", None)
    return replace(record, comment=comment) if said is not None else record  # type: ignore[call-arg] # both have one


def _with(snapshot: Snapshot, more: list[Record]) -> Snapshot:
    records = sorted([*snapshot, *more], key=lambda each: (KIND_ORDER[each.kind], each.key))
    return replace(snapshot, records=tuple(records))
