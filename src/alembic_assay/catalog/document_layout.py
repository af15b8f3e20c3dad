"""Where each kind stands in a document: in a section of its own, or inside of its table."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.dependencies import Dependency
from alembic_assay.catalog.document_shapes import Item, decode, encode
from alembic_assay.catalog.snapshot import KIND_ORDER, READERS, Snapshot
from alembic_assay.catalog.tables import Table
from alembic_assay.catalog.views import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alembic_assay.catalog.record import Record

FORMAT = "schema/1"
DEPENDENCIES = "dependencies"
"""The section of what the server knows about the order of objects; each end is a kind and a key."""

RELATIONS: tuple[type[Record], ...] = (Table, View)
"""What has columns, indexes and so on inside of it."""

CONSTRAINT_SECTIONS = {
    "primary key": "primary_key",
    "foreign key": "foreign_keys",
    "unique": "uniques",
    "check": "checks",
    "exclude": "excludes",
    "not null": "not_nulls",
}
"""A table has one primary key: that is an object, the others are lists."""

Key = tuple[str, str]


def section_name(record_type: type[Record]) -> str:
    """Return the name of the list that holds a kind.

    >>> section_name(Table)
    'tables'
    """
    name = record_type.kind.replace(" ", "_")
    if name.endswith(("x", "ss")):
        return f"{name}es"
    return name if name.endswith("s") else f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def is_nested(record_type: type[Record]) -> bool:
    """Whether a kind belongs into its table."""
    return record_type.key_fields[:2] == ("schema", "table")


def sections(snapshot: Snapshot) -> Item:
    """Return the objects of a snapshot by section, each list sorted by key.

    Raises:
        TypeError: A record of a kind that is not among :data:`~alembic_assay.catalog.snapshot.READERS`.
    """
    relations: dict[Key, Item] = {}
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for record in sorted(snapshot, key=_order):
        if type(record) not in READERS:
            raise TypeError(f"a {record.kind} has no place in {FORMAT}")
        if not is_nested(type(record)):
            item = encode(record)
            found[section_name(type(record))].append(item)
            if isinstance(record, RELATIONS):
                relations[record.key[0], record.key[1]] = item
    children: defaultdict[Key, list[Record]] = defaultdict(list)
    for record in sorted((record for record in snapshot if is_nested(type(record))), key=_order):
        key = (record.key[0], record.key[1])
        if key in relations:
            children[key].append(record)
        else:
            found[section_name(type(record))].append(encode(record))
    for key, records in children.items():
        _nest(relations[key], records)
    needed = [
        {"object": [edge.kind, *edge.key], "needs": [edge.needs_kind, *edge.needs_key]}
        for edge in snapshot.dependencies
    ]
    ordered = {name: found[name] for name in map(section_name, READERS) if name in found}
    return ordered | ({DEPENDENCIES: needed} if needed else {})


def records(document: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot that a valid document describes; records are sorted as a reader sorts them."""
    found = [record for record_type, item, _ in placed(document) for record in [decode(record_type, item)]]
    needed = [_dependency(edge["object"], edge["needs"]) for edge in document.get(DEPENDENCIES) or ()]
    return Snapshot(tuple(sorted(found, key=_order)), tuple(sorted(needed)))


def placed(document: Mapping[str, Any]) -> Iterator[tuple[type[Record], Item, str]]:
    """Yield every object of a document: its kind, itself with the names that its place implies, its JSON Pointer."""
    for record_type in READERS:
        section = section_name(record_type)
        for number, item in enumerate(document.get(section) or ()):
            pointer = f"/{section}/{number}"
            if record_type in RELATIONS:
                yield record_type, own(item), pointer
                yield from _placed_in(item, pointer)
            else:
                yield record_type, dict(item), pointer


def nested_sections() -> dict[str, type[Record]]:
    """Return the lists that a table can have, and the kind of each; the primary key is not a list."""
    found: dict[str, type[Record]] = {}
    for record_type in READERS:
        if record_type is Constraint:
            found |= {name: Constraint for name in CONSTRAINT_SECTIONS.values() if name != "primary_key"}
        if is_nested(record_type):
            found[section_name(record_type)] = record_type
    return found


def own(item: Mapping[str, Any]) -> Item:
    """Return an object of a document without those inside of it."""
    nested = {*nested_sections(), "primary_key"}
    return {name: value for name, value in item.items() if name not in nested}


def _order(record: Record) -> tuple[int, tuple[str, ...]]:
    return KIND_ORDER.get(record.kind, len(KIND_ORDER)), record.key


def _dependency(one: list[str], needs: list[str]) -> Dependency:
    return Dependency(one[0], tuple(one[1:]), needs[0], tuple(needs[1:]))


def _nest(relation: Item, children: Iterable[Record]) -> None:
    """Put the objects of a table into it, columns in their order."""
    found: defaultdict[str, list[Item]] = defaultdict(list)
    ordered = sorted(children, key=lambda child: child.position if isinstance(child, Column) else 0)
    for child in ordered:
        item = encode(child)
        del item["schema"], item["table"]
        section = section_name(type(child))
        if isinstance(child, Constraint):
            section = CONSTRAINT_SECTIONS.get(child.type, section)
            if section == "primary_key" and section in found:
                section = section_name(Constraint)
            if section != section_name(Constraint):
                del item["type"]
        elif isinstance(child, Column) and child.position == len(found[section]) + 1:
            del item["position"]
        found[section].append(item)
    for name in dict.fromkeys([section_name(Column), "primary_key", *nested_sections()]):
        if name in found:
            relation[name] = found[name][0] if name == "primary_key" else found[name]


def _placed_in(relation: Mapping[str, Any], pointer: str) -> Iterator[tuple[type[Record], Item, str]]:
    types = {section: kind for kind, section in CONSTRAINT_SECTIONS.items()}
    names = {"schema": relation["schema"], "table": relation["name"]}
    if primary_key := relation.get("primary_key"):
        yield Constraint, {**names, "type": "primary key", **primary_key}, f"{pointer}/primary_key"
    for section, record_type in nested_sections().items():
        for number, item in enumerate(relation.get(section) or ()):
            implied: Item = {"type": types[section]} if section in types else {}
            if record_type is Column:
                implied["position"] = number + 1
            yield record_type, {**names, **implied, **item}, f"{pointer}/{section}/{number}"
