"""What has another name on the second side of a comparison."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.dependencies import PARTS_OF_A_TABLE, Dependency
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.renamed_texts import same, translated
from alembic_assay.catalog.snapshot import KIND_ORDER, Snapshot
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record

Name = tuple[str, ...]
"""Schema and name."""


@dataclass(slots=True)
class Renames:
    """What has another name on the second side of a comparison.

    Args:
        tables: Schema and name before, to the name now.
        columns: Schema and name of a table now, to the names of its columns before and now.
        enums: Schema and name before, to the name now.
        labels: Schema and name of a type now, to its labels before and now.
        others: Kind and key of constraints, indexes and sequences before, to the name now.

    Example:
        >>> renames = Renames(tables={("public", "tasks"): "jobs"}, columns={("public", "jobs"): {"title": "name"}})
        >>> renames.key("column", ("public", "tasks", "title"))
        ('public', 'jobs', 'name')
    """

    tables: dict[Name, str] = field(default_factory=dict)
    columns: dict[Name, dict[str, str]] = field(default_factory=dict)
    enums: dict[Name, str] = field(default_factory=dict)
    labels: dict[Name, dict[str, str]] = field(default_factory=dict)
    others: dict[Key, str] = field(default_factory=dict)

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


def renamed(before: Snapshot, after: Snapshot, renames: Renames) -> tuple[Snapshot, dict[Key, Record]]:
    """Give a snapshot the names that it has on the other side.

    Texts are those of the other side where they differ in nothing but names. The server writes another text for a view
    over a renamed table; such a text stays, and is a difference.

    Args:
        before: The one side.
        after: The other one.
        renames: What has another name there.

    Returns:
        The snapshot, and to the kind and key of each of its records the record as it was.
    """
    known = {(each.kind, each.key): each for each in after}
    touched = _touched(before, renames)
    originals: dict[Key, Record] = {}
    records = []
    for record in before:
        key = (record.kind, renames.key(record.kind, record.key))
        own = renames.words(record, touched[record.kind, record.key])
        if record.kind == "enum":
            own = {old: {new} for old, new in renames.labels.get(key[1], {}).items()}
        made = _record(record, key, own, known.get(key))
        if getattr(made, "references", None):
            made = _foreign_key(record, made, renames)
        originals[made.kind, made.key] = record
        records.append(made)
    edges = [
        Dependency(e.kind, renames.key(e.kind, e.key), e.needs_kind, renames.key(e.needs_kind, e.needs_key))
        for e in before.dependencies
    ]
    ordered = sorted(records, key=lambda each: (KIND_ORDER[each.kind], each.key))
    return Snapshot(tuple(ordered), tuple(sorted(edges))), originals


def _touched(snapshot: Snapshot, renames: Renames) -> defaultdict[Key, set[tuple[str, ...]]]:
    """Map each record to the tables whose columns its texts may name, under their new names."""
    found: defaultdict[Key, set[tuple[str, ...]]] = defaultdict(set)
    for each in snapshot:
        references: str | None = getattr(each, "references", None) or getattr(each, "owned_by", None)
        tables = {parts(references)[:2]} if references else set()
        if len(each.key) > 1:
            tables.add(each.key[:2])
        found[each.kind, each.key] |= {renames.key("table", table) for table in tables}
    for edge in snapshot.dependencies:
        if edge.needs_kind in {"table", "column"}:
            found[edge.kind, edge.key].add(renames.key("table", edge.needs_key[:2]))
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


def _foreign_key(old: Any, record: Any, renames: Renames) -> Record:
    """Tell the columns of a foreign key from those that it points to: a rename may be of one side only."""
    local, words, other = old.definition.partition(" REFERENCES ")
    own = renames.columns.get(renames.key("table", old.key[:2]), {})
    target = renames.key("table", parts(old.references)[:2])
    there = {**renames.columns.get(target, {}), parts(old.references)[1]: target[1]}
    columns = tuple(own.get(each, each) for each in old.columns)
    definition = f"{translated(local, own, columns=own.keys())}{words}{translated(other, there)}"
    return replace(record, columns=columns, definition=definition)  # type: ignore[no-any-return] # a constraint
