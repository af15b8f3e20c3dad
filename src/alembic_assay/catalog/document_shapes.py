"""Records as the objects of a document, and back: the same values under the names of ``schema/1``.

A record is written field by field, defaults left out; a kind that needs another form has a :class:`Shape`. Fields that
a shape does not know are written as they are, so that no new field of a record is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args, get_origin, get_type_hints

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.document_compositions import constraint_definition, index_definition
from alembic_assay.catalog.document_definitions import constraint_fields, index_fields
from alembic_assay.catalog.domains import Domain
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.record import Record
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.catalog.tables import Table

Item = dict[str, Any]
Encoder = Callable[[Record, Item], Item]
Decoder = Callable[[Item], Item]

CONSTRAINT_DERIVED = (
    "expression",
    "no_inherit",
    "match",
    "on_update",
    "on_delete",
    "set_null_columns",
    "nulls_not_distinct",
    "without_overlaps",
    "include",
    "method",
    "elements",
    "where",
)
INDEX_DERIVED = ("keys", "only", "include", "nulls_not_distinct", "with", "where")

_HINTS: dict[type[Record], dict[str, Any]] = {}
_DEFAULTS: dict[type[Record], dict[str, object]] = {}
_USUAL_METHOD = "heap"  # of an ordinary table; an empty string stands for none
_SEQUENCE_MAXIMUM = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind is written where that is not field by field.

    Args:
        encode: Gets the record and its plain form, returns the form of the document.
        decode: Gets the form of the document, returns the fields of the record.
    """

    encode: Encoder
    decode: Decoder


def encode(record: Record) -> Item:
    """Return a record as an object of a document."""
    defaults = _defaults(type(record))
    values = {name: getattr(record, name) for name in defaults}
    item = {name: _plain(value) for name, value in values.items() if value != defaults[name]}
    shape = SHAPES.get(type(record))
    return shape.encode(record, item) if shape else item


def decode(record_type: type[Record], item: Mapping[str, Any]) -> Record:
    """Return the record that an object of a document stands for.

    Args:
        record_type: Its kind.
        item: Valid, with the names of its schema and table.
    """
    given = {name: value for name, value in item.items() if value is not None}
    shape = SHAPES.get(record_type)
    values = shape.decode(given) if shape else given
    hints = record_hints(record_type)
    return record_type(**{name: _frozen(values[name], hints[name]) for name in hints if name in values})


def record_hints(record_type: type[Record]) -> dict[str, Any]:
    """Return the fields of a kind with their types."""
    if record_type not in _HINTS:
        hints = get_type_hints(record_type)
        _HINTS[record_type] = {field.name: hints[field.name] for field in fields(record_type)}
    return _HINTS[record_type]


def _defaults(record_type: type[Record]) -> dict[str, object]:
    if record_type not in _DEFAULTS:
        _DEFAULTS[record_type] = {field.name: field.default for field in fields(record_type)}
    return _DEFAULTS[record_type]


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value


def _frozen(value: Any, hint: Any) -> Any:
    """Turn lists into the tuples that records hold, all the way down."""
    if not isinstance(value, list):
        return value
    of = next((each for each in (hint, *get_args(hint)) if get_origin(each) in {tuple, list}), tuple[Any, ...])
    parts = [_frozen(part, get_args(of)[0]) for part in value]
    return parts if get_origin(of) is list else tuple(parts)


def _rename(item: Item, names: Mapping[str, str]) -> Item:
    return {names.get(name, name): value for name, value in item.items()}


def _encode_enum(_record: Record, item: Item) -> Item:
    return _rename(item, {"labels": "values"})


def _decode_enum(item: Item) -> Item:
    return _rename(item, {"values": "labels"})


def _encode_column(record: Record, item: Item) -> Item:
    if item.pop("not_null", False):
        item["nullable"] = False
    if "identity" in item:
        item["identity"] = {"always": item["identity"] == "always"}
    if "generated" in item:
        item["generated"] = {"stored": item["generated"] == "stored"}
        if getattr(record, "default", None) is not None:
            item["generated"] = {"expression": item.pop("default"), **item["generated"]}
    return item


def _decode_column(item: Item) -> Item:
    item["not_null"] = not item.pop("nullable", True)
    if identity := item.pop("identity", None):
        item["identity"] = "always" if identity["always"] else "by default"
    if generated := item.pop("generated", None):
        item["generated"] = "stored" if generated["stored"] else "virtual"
        item["default"] = generated.get("expression", item.get("default"))
    return item


def _encode_table(_record: Record, item: Item) -> Item:
    partition = {"by": item.pop("partition_key", None), "bounds": item.pop("partition_bound", None)}
    parents = item.pop("parents", [])
    if partition["bounds"] is not None and len(parents) == 1:
        partition["of"] = parents[0]
    elif parents:
        item["inherits"] = parents
    if given := {name: partition[name] for name in ("by", "of", "bounds") if partition.get(name) is not None}:
        item["partition"] = given
    if item.get("form", "ordinary") == "ordinary":
        method = item.pop("access_method", "")
        item |= {} if method == _USUAL_METHOD else {"access_method": method}
    if item.get("persistence") == "unlogged":
        item["unlogged"] = bool(item.pop("persistence"))
    return item


def _decode_table(item: Item) -> Item:
    partition = item.pop("partition", None) or {}
    item["partition_key"], item["partition_bound"] = partition.get("by"), partition.get("bounds")
    inherits = item.pop("inherits", None) or []
    item["parents"] = [partition["of"]] if "of" in partition else inherits
    if item.get("form", "ordinary") == "ordinary":
        item["access_method"] = item.get("access_method", _USUAL_METHOD) or None
    if item.pop("unlogged", False):
        item["persistence"] = "unlogged"
    return item


def _encode_sequence(_record: Record, item: Item) -> Item:
    item = _rename(item, {"minimum": "min", "maximum": "max"})
    usual = _usual_sequence(item)
    return {name: value for name, value in item.items() if name not in usual or value != usual[name]}


def _decode_sequence(item: Item) -> Item:
    return _rename({**_usual_sequence(item), **item}, {"min": "minimum", "max": "maximum"})


def _usual_sequence(item: Item) -> Item:
    """What ``CREATE SEQUENCE`` takes for what is not said."""
    kind, increment = item.get("type", "bigint"), item.get("increment", 1)
    most = _SEQUENCE_MAXIMUM.get(kind, _SEQUENCE_MAXIMUM["bigint"])
    lowest, highest = (1, most) if increment > 0 else (-most - 1, -1)
    start = item.get("min", lowest) if increment > 0 else item.get("max", highest)
    usual = {"type": "bigint", "increment": 1, "min": lowest, "max": highest, "start": start}
    return {**usual, "cache": 1, "cycle": False}


def _encode_domain(_record: Record, item: Item) -> Item:
    item = _rename(item, {"type": "base", "constraints": "checks"})
    if "checks" in item:
        item["checks"] = [{"definition": text} for text in item["checks"]]
    return item


def _decode_domain(item: Item) -> Item:
    item = _rename(item, {"base": "type", "checks": "constraints"})
    if "constraints" in item:
        item["constraints"] = [check["definition"] for check in item["constraints"]]
    return item


def _encode_constraint(_record: Record, item: Item) -> Item:
    derived = constraint_fields(item["type"], item["definition"]) or {}
    references = item.pop("references", None)
    columns = derived.pop("columns", None)  # those that a foreign key points to
    if references is not None:
        item["references"] = {"table": references, **({"columns": columns} if columns else {})}
    if item.pop("validated", True) is False:
        item["not_valid"] = True
    if item.pop("deferred", False):
        item["initially"] = "deferred"
    return {**item, **derived}


def _decode_constraint(item: Item) -> Item:
    definition = item.get("definition") or constraint_definition(item["type"], item)
    references = item.pop("references", None) or {}
    item = {name: value for name, value in item.items() if name not in CONSTRAINT_DERIVED}
    item["definition"], item["references"] = definition, references.get("table")
    item["validated"] = not item.pop("not_valid", False)
    item["deferred"] = item.pop("initially", "") == "deferred"
    return item


def _encode_index(record: Record, item: Item) -> Item:
    derived = index_fields(item["definition"]) or {}
    for name, value in _implied_by_keys(derived).items():
        item[name] = _plain(getattr(record, name))
        if item[name] == value:
            del item[name]
    return {**item, **derived}


def _decode_index(item: Item) -> Item:
    definition = item.get("definition") or index_definition(item["schema"], item["table"], item)
    values = _implied_by_keys(index_fields(definition) or item) | item
    return {**{name: value for name, value in values.items() if name not in INDEX_DERIVED}, "definition": definition}


def _implied_by_keys(item: Mapping[str, Any]) -> Item:
    """What the record of an index says once more than its definition does."""
    if "keys" not in item:
        return {}
    return {
        "columns": [key.get("column", "") for key in item["keys"]],
        "partial": item.get("where") is not None,
        "options": [f"{name}={value}" for name, value in item.get("with", {}).items()],
    }


SHAPES: Mapping[type[Record], Shape] = {
    Enum: Shape(_encode_enum, _decode_enum),
    Domain: Shape(_encode_domain, _decode_domain),
    Sequence: Shape(_encode_sequence, _decode_sequence),
    Table: Shape(_encode_table, _decode_table),
    Column: Shape(_encode_column, _decode_column),
    Constraint: Shape(_encode_constraint, _decode_constraint),
    Index: Shape(_encode_index, _decode_index),
}
