"""What has another name in the new document: what says so, and what is plainly the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import renaming
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.renaming import Renames
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.catalog.tables import Table
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.rename_enum import RenameEnumOp, RenameEnumValueOp
from alembic_assay.ops.renames import RenameColumn, RenameTable
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations import MigrateOperation

    from alembic_assay.catalog.record import Record
    from alembic_assay.emit.migration_declared import Declared

Key = tuple[str, tuple[str, ...]]
DEFAULT_SCHEMA = "public"


@dataclass(slots=True)
class Renamed:
    """The old side under the names of the new one.

    Args:
        snapshot: It.
        operations: What renames.
        originals: Each record's kind and key there, to the record as it was.
        before: The old side under its own names.
    """

    snapshot: Snapshot
    operations: list[MigrateOperation] = field(default_factory=list)
    originals: dict[Key, Record] = field(default_factory=dict)
    before: Snapshot = field(default_factory=lambda: Snapshot(()))


def renamed(before: Snapshot, after: Snapshot, declared: Declared) -> Renamed:
    """Give everything that has another name now this name.

    Args:
        before: The old side.
        after: The new side.
        declared: What the new document says of names.
    """
    found = Renamed(before, [], {(each.kind, each.key): each for each in before}, before)
    found.operations += [op for _, op in _declared(declared, before)]
    _apply(found, after, declared)
    for names, operation in _plain(found.snapshot, after):
        found.operations.append(operation)
        _apply(found, after, names)
    return found


def _declared(declared: Declared, before: Snapshot) -> Iterator[tuple[int, MigrateOperation]]:
    for (schema, old), new in declared.enums.items():
        yield 0, RenameEnumOp(old, new, schema=_schema(schema))
    for (schema, enum), labels in declared.labels.items():
        for old, new in labels.items():
            yield 1, RenameEnumValueOp(enum, old, new, schema=_schema(schema))
    for (schema, old), new in declared.tables.items():
        yield 2, RenameTable(old, new, schema=_schema(schema))
    inherited = {each.key for each in before if each.kind == "column" and bool(getattr(each, "parents", 0))}
    back = {(schema, new): old for (schema, old), new in declared.tables.items()}
    for (schema, table), columns in declared.columns.items():
        for old, new in columns.items():
            if (schema, back.get((schema, table), table), old) not in inherited:
                yield 3, RenameColumn(table, old, new, schema=_schema(schema))


def _schema(name: str) -> str | None:
    return None if name == DEFAULT_SCHEMA else name


def _apply(found: Renamed, after: Snapshot, names: Renames) -> None:
    if names:
        found.snapshot, were = renaming.renamed(found.snapshot, after, names)
        found.originals = {key: found.originals[each.kind, each.key] for key, each in were.items()}


def _plain(before: Snapshot, after: Snapshot) -> Iterator[tuple[Renames, MigrateOperation]]:
    """Yield constraints, indexes and sequences that have nothing but another name."""
    there = {(each.kind, each.key) for each in before}
    wanted = {(each.kind, each.key) for each in after}
    gone: dict[tuple[object, ...], list[Record]] = {}
    for record in before:
        if (record.kind, record.key) not in wanted and (content := _content(record)):
            gone.setdefault(content, []).append(record)
    names = {(each.key[0], each.key[-1]) for each in before if each.kind in {"table", "index", "sequence", "view"}}
    for record in after:
        content = _content(record)
        if content is None or (record.kind, record.key) in there or not gone.get(content):
            continue
        old = gone[content].pop(0)
        if (record.key[0], record.key[-1]) in names:
            continue
        others = {(old.kind, old.key): record.key[-1]}
        if old.kind == "constraint" and ("index", old.key) in there:
            others["index", old.key] = record.key[-1]
        if old.kind == "constraint" and getattr(old, "type", "") == "check":
            others |= {each: record.key[-1] for each in _inherited(before, old) if each not in wanted}
        yield Renames(others=others), _rename(old, record)


def _inherited(snapshot: Snapshot, check: Record) -> Iterator[Key]:
    """Yield the checks of children that are renamed with that of their parent."""
    tables = {check.key[:2]}
    waiting = [each for each in snapshot if isinstance(each, Table) and each.parents]
    while children := {t.key for t in waiting if {parts(p) for p in t.parents} & tables} - tables:
        tables |= children
    for each in snapshot:
        if (
            each.kind == "constraint"
            and each.key != check.key
            and each.key[:2] in tables
            and each.key[2] == check.key[2]
        ):
            yield each.kind, each.key


def _content(record: Record) -> tuple[object, ...] | None:
    each: Any = record
    if record.kind == "constraint" and each.local and not each.parents:
        return record.kind, record.key[:2], each.type, each.definition
    if record.kind == "index" and each.constraint is None and each.parent is None:
        return (
            record.kind,
            record.key[:2],
            each.definition.partition(" ON ")[0].split()[1],
            each.definition.partition(" ON ")[2],
        )
    if record.kind == "sequence" and each.owned_by:
        return record.kind, each.owned_by
    return None


def _rename(old: Record, new: Record) -> SqlOp:
    statements = []
    for one, other in ((old, new), (new, old)):
        name = identifier(other.key[-1])
        if old.kind == "constraint":
            table = qualified(one.key[1], one.key[0])
            statements.append(f"ALTER TABLE {table} RENAME CONSTRAINT {identifier(one.key[-1])} TO {name}")
        else:
            word = "INDEX" if old.kind == "index" else "SEQUENCE"
            statements.append(f"ALTER {word} {qualified(one.key[-1], one.key[0])} RENAME TO {name}")
    return SqlOp(statements[:1], statements[1:], title=new.title)
