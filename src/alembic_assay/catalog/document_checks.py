"""What a document of valid form can still get wrong, as far as no server is needed to know it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.base_types import BaseType
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.composites import Composite
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.document_definitions import constraint_statements, index_statements
from alembic_assay.catalog.document_layout import placed
from alembic_assay.catalog.document_relations import relation_problems
from alembic_assay.catalog.document_shapes import CONSTRAINT_DERIVED, INDEX_DERIVED, Item, decode, encode
from alembic_assay.catalog.domains import Domain
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.extension_privileges import ExtensionPrivileges
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.names import python_name
from alembic_assay.catalog.ranges import Range
from alembic_assay.catalog.security_labels import SecurityLabel
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.catalog.tables import Table
from alembic_assay.catalog.triggers import Trigger
from alembic_assay.catalog.views import View
from alembic_assay.sql import MAX_IDENTIFIER_BYTES, display

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alembic_assay.catalog.record import Record

Problem = dict[str, str]
Place = tuple[type["Record"], Item, str]

_RELATION_NAMES = (Table, View, Sequence, Index, Composite)
_TYPE_NAMES = (Enum, Domain, Range, BaseType, Composite, Table, View)
_NEUTRAL: tuple[object, ...] = (None, False, [], {}, "NO ACTION", "SIMPLE", "immediate")


def semantic_problems(document: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a document of valid form: the codes SCH101, SCH102, SCH201 to SCH210 and SCH212.

    Args:
        document: Whose form is valid.
    """
    places = list(placed(document))
    found = [*_names(places), *_labels(places), *_contradictions(places), *relation_problems(document)]
    return sorted(found, key=lambda each: each["code"])


def notices(document: Mapping[str, Any]) -> list[Problem]:
    """Return what is no error, but what models that are made of a document must rename: SCH211.

    Args:
        document: Whose form is valid.
    """
    named: list[tuple[tuple[object, ...], str, str]] = [
        ((record_type, *_key(record_type, item)[:-1]), item["name"], f"{path}/name")
        for record_type, item, path in placed(document)
        if record_type in {Table, View, Column, Enum}
    ]
    for record_type, item, path in placed(document):
        if record_type is Enum:
            place = (record_type, *_key(record_type, item))
            named += [(place, label, f"{path}/values/{number}") for number, label in enumerate(item["values"])]
    first: dict[tuple[object, str], str] = {}
    found = []
    for place, name, path in named:
        other = first.setdefault((place, python_name(name)), name)
        if other != name:
            message = f"{name!r} and {other!r} are the same name in Python: {python_name(name)!r}."
            found.append(problem("SCH211", path, message))
    return found


def problem(code: str, path: str, message: str, hint: str = "") -> Problem:
    """Make one entry of :attr:`~alembic_assay.errors.InvalidSchemaError.errors`."""
    return {"code": code, "path": path, "message": message, "hint": hint}


def _names(places: list[Place]) -> Iterator[Problem]:
    """SCH204 and SCH205: names that are too long, and names that stand twice."""
    for record_type, item, path in places:
        if "name" not in record_type.key_fields or record_type in {SecurityLabel, ExtensionPrivileges}:
            continue  # named by what it belongs to
        internal = record_type is Trigger and not item["definition"]  # named after constraint and function
        size = len(item["name"].encode())
        if size > MAX_IDENTIFIER_BYTES and not internal:
            message = f"name {item['name']!r} has {size} bytes; PostgreSQL cuts names after {MAX_IDENTIFIER_BYTES}."
            yield problem("SCH204", f"{path}/name", message)
        if not item["name"]:
            yield problem("SCH204", f"{path}/name", "a name is empty.")
    yield from _twice([(record_type.kind, _key(record_type, item), path) for record_type, item, path in places])
    yield from _twice(list(_shared(places)))


def _key(record_type: type[Record], item: Item) -> tuple[str, ...]:
    return tuple(str(item.get(name, "")) for name in record_type.key_fields)


def _shared(places: list[Place]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Names that several kinds share in a schema: those of ``pg_class`` and of ``pg_type``."""
    indexes = {_key(Index, item) for record_type, item, _ in places if record_type is Index}
    for record_type, item, path in places:
        key = (item.get("schema", ""), item.get("name", ""))
        of_index = record_type is Constraint and item["type"] in {"primary key", "unique", "exclude"}
        if record_type in _RELATION_NAMES or (of_index and _key(Index, item) not in indexes):
            yield "relation", key, path
        if record_type in _TYPE_NAMES:
            yield "type", key, path


def _twice(named: list[tuple[str, tuple[str, ...], str]]) -> Iterator[Problem]:
    first: dict[tuple[str, tuple[str, ...]], str] = {}
    for kind, key, path in named:
        other = first.setdefault((kind, key), path)
        if other != path:
            name = ".".join(display(part) for part in key if part)
            yield problem("SCH205", path, f"two objects have the name of {kind} {name}.", f"The other one is {other}.")


def _labels(places: list[Place]) -> Iterator[Problem]:
    """SCH206: labels that PostgreSQL refuses or that look like none."""
    for record_type, item, path in places:
        if record_type is not Enum:
            continue
        labels: Counter[str] = Counter(item["values"])
        for label, count in labels.items():
            here = f"{path}/values/{item['values'].index(label)}"
            size = len(label.encode())
            if not label:
                yield problem("SCH206", here, "a label is empty.")
            if count > 1:
                yield problem("SCH206", here, f"label {label!r} stands {count} times.")
            if size > MAX_IDENTIFIER_BYTES:
                yield problem("SCH206", here, f"label {label!r} has {size} bytes, more than {MAX_IDENTIFIER_BYTES}.")


def _contradictions(places: list[Place]) -> Iterator[Problem]:
    """SCH101: a definition, and fields beside it that say something else."""
    for record_type, item, path in places:
        if record_type not in {Constraint, Index}:
            continue
        definition = item.get("definition")
        if not definition:
            yield from _incomplete(record_type, item, path)
            continue
        for name in _contradicting(record_type, item, definition):
            what = f"{name!r} contradicts 'definition', which is {definition!r}."
            yield problem("SCH101", f"{path}/{name}", what, "Change both, or leave 'definition' out.")


def _contradicting(record_type: type[Record], item: Item, definition: str) -> Iterator[str]:
    canonical = encode(decode(record_type, item))
    for name in INDEX_DERIVED if record_type is Index else (*CONSTRAINT_DERIVED, "references"):
        if name in item and not _same(item[name], canonical.get(name)):
            yield name
    said = index_statements(definition) if record_type is Index else constraint_statements(item["type"], definition)
    usual = {"method": "btree", "columns": said.get("columns")}
    for name, value in said.items():
        if not _same(item.get(name, usual.get(name)), value):
            yield name


def _same(one: object, other: object) -> bool:
    return one == other or (one in _NEUTRAL and other in _NEUTRAL)


def _incomplete(record_type: type[Record], item: Item, path: str) -> Iterator[Problem]:
    """SCH102: nothing from which a definition could be put together."""
    needed = {"check": "expression", "foreign key": "references", "exclude": "elements"}
    name = "keys" if record_type is Index else needed.get(item["type"], "columns")
    if not item.get(name):
        yield problem("SCH102", path, f"expected {name!r} or 'definition', got neither.")
