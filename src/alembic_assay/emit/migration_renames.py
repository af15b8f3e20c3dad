"""What has another name in the new document: what says so, and what is plainly the same."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.dependencies import PARTS_OF_A_TABLE, Dependency
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.snapshot import KIND_ORDER, Snapshot
from alembic_assay.catalog.tables import Table
from alembic_assay.emit.migration_texts import same, translated
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.rename_enum import RenameEnumOp, RenameEnumValueOp
from alembic_assay.ops.renames import RenameColumn, RenameTable
from alembic_assay.sql import display, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alembic.operations import MigrateOperation

    from alembic_assay.catalog.record import Record
    from alembic_assay.emit.migration_declared import Declared

Key = tuple[str, tuple[str, ...]]
_RENAMED = frozenset({"column", "constraint", "index"})
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
    _apply(found, after, _Names(declared))
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


class _Names:
    """Which names change in which record."""

    def __init__(self, declared: Declared | None = None, others: Mapping[Key, str] | None = None) -> None:
        self.tables: Mapping[tuple[str, ...], str] = declared.tables if declared else {}
        self.columns: Mapping[tuple[str, ...], dict[str, str]] = declared.columns if declared else {}
        self.enums: Mapping[tuple[str, ...], str] = declared.enums if declared else {}
        self.labels: Mapping[tuple[str, ...], dict[str, str]] = declared.labels if declared else {}
        self.others = others or {}

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns or self.enums or self.labels or self.others)

    def key(self, kind: str, key: tuple[str, ...]) -> tuple[str, ...]:
        """Return the key of what has this one before."""
        if (kind, key) in self.others:
            return (*key[:-1], self.others[kind, key])
        if kind == "enum":
            return (key[0], self.enums.get(key, key[1]))
        if kind == "table":
            return (key[0], self.tables.get(key, key[1]))
        if kind in PARTS_OF_A_TABLE or kind == "column":
            table = (key[0], self.tables.get(key[:2], key[1]))
            name = self.columns.get(table, {}).get(key[2], key[2]) if kind == "column" else key[2]
            return (*table, name)
        return key

    def words(self, record: Record, tables: set[tuple[str, ...]]) -> dict[str, set[str]]:
        """Return the names that change in what touches some tables."""
        key, texts = (record.kind, record.key), repr(record)
        found: defaultdict[str, set[str]] = defaultdict(set)
        for old, new in self._pairs(key, texts, tables):
            found[old].add(new)
        return dict(found)

    def _pairs(self, key: Key, texts: str, tables: set[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
        for table in tables:
            yield from self.columns.get(table, {}).items()
        yield from ((old[1], new) for old, new in self.tables.items() if (old[0], new) in tables)
        yield from ((old[1], new) for old, new in self.enums.items() if display(old[1], old[0]) in texts)
        back: dict[tuple[str, ...], str] = {(schema, new): old for (schema, old), new in self.enums.items()}
        for now, labels in self.labels.items():
            if display(back.get(now, now[1]), now[0]) in texts:
                yield from labels.items()
        for (kind, old), new in self.others.items():
            if kind == "sequence" or (kind, old) == key or old[:2] == key[1][:2]:
                yield old[-1], new


def _apply(found: Renamed, after: Snapshot, names: _Names) -> None:
    if not names:
        return
    known = {(each.kind, each.key): each for each in after}
    touched = _touched(found.snapshot, names)
    originals: dict[Key, Record] = {}
    records = []
    for record in found.snapshot:
        key = (record.kind, names.key(record.kind, record.key))
        own = names.words(record, touched[record.kind, record.key])
        if record.kind == "enum":
            own = {old: {new} for old, new in names.labels.get(key[1], {}).items()}
        made = _record(record, key, own, known.get(key))
        if getattr(made, "references", None):
            made = _foreign_key(record, made, names)
        originals[made.kind, made.key] = found.originals[record.kind, record.key]
        records.append(made)
    edges = [
        Dependency(e.kind, names.key(e.kind, e.key), e.needs_kind, names.key(e.needs_kind, e.needs_key))
        for e in found.snapshot.dependencies
    ]
    ordered = sorted(records, key=lambda each: (KIND_ORDER[each.kind], each.key))
    found.snapshot, found.originals = Snapshot(tuple(ordered), tuple(sorted(edges))), originals


def _touched(snapshot: Snapshot, names: _Names) -> defaultdict[Key, set[tuple[str, ...]]]:
    """Map each record to the tables whose columns its texts may name, under their new names."""
    found: defaultdict[Key, set[tuple[str, ...]]] = defaultdict(set)
    for each in snapshot:
        references: str | None = getattr(each, "references", None) or getattr(each, "owned_by", None)
        tables = {parts(references)[:2]} if references else set()
        if len(each.key) > 1:
            tables.add(each.key[:2])
        found[each.kind, each.key] |= {names.key("table", table) for table in tables}
    for edge in snapshot.dependencies:
        if edge.needs_kind in {"table", "column"}:
            found[edge.kind, edge.key].add(names.key("table", edge.needs_key[:2]))
    return found


def _record(record: Record, key: Key, words: Mapping[str, set[str]], partner: Record | None) -> Record:
    rekeyed = replace(record, **dict(zip(record.key_fields, key[1], strict=True)))
    values: dict[str, Any] = {}
    plain = {old: min(new) for old, new in words.items()}
    columns = frozenset(plain)
    for each in fields(record):
        value = getattr(rekeyed, each.name)
        if each.name in record.key_fields or each.name in {"comment", "owner", "acl"} or not words:
            continue
        if partner is not None and same(value, getattr(partner, each.name), words):
            values[each.name] = getattr(partner, each.name)
        elif record.kind in PARTS_OF_A_TABLE | {"sequence", "enum", "table"}:
            values[each.name] = translated(value, plain, columns=columns)
    return replace(rekeyed, **values) if values else rekeyed


def _foreign_key(old: Any, record: Any, names: _Names) -> Record:
    """Tell the columns of a foreign key from those that it points to: a rename may be of one side only."""
    local, words, other = old.definition.partition(" REFERENCES ")
    own = names.columns.get(names.key("table", old.key[:2]), {})
    target = names.key("table", parts(old.references)[:2])
    there = {**names.columns.get(target, {}), parts(old.references)[1]: target[1]}
    columns = tuple(own.get(each, each) for each in old.columns)
    definition = f"{translated(local, own, columns=own.keys())}{words}{translated(other, there)}"
    return replace(record, columns=columns, definition=definition)  # type: ignore[no-any-return] # a constraint


def _plain(before: Snapshot, after: Snapshot) -> Iterator[tuple[_Names, MigrateOperation]]:
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
        yield _Names(others=others), _rename(old, record)


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
