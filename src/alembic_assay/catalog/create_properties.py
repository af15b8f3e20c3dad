"""Statements for what most kinds have: a comment, an owner, privileges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_context import quoted
from alembic_assay.catalog.create_routines import FORMS, signature
from alembic_assay.catalog.create_types import PLPGSQL, PUBLIC
from alembic_assay.catalog.functions import Function
from alembic_assay.catalog.tables import Table
from alembic_assay.catalog.views import View
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from alembic_assay.catalog.record import Record

_WORDS = {
    "schema": "SCHEMA",
    "extension": "EXTENSION",
    "enum": "TYPE",
    "domain": "DOMAIN",
    "composite type": "TYPE",
    "range type": "TYPE",
    "sequence": "SEQUENCE",
    "table": "TABLE",
    "column": "COLUMN",
    "constraint": "CONSTRAINT",
    "index": "INDEX",
    "view": "VIEW",
    "function": "FUNCTION",
    "trigger": "TRIGGER",
    "rule": "RULE",
    "policy": "POLICY",
    "statistics": "STATISTICS",
    "base type": "TYPE",
    "foreign server": "SERVER",
    **{
        kind: kind.upper()
        for kind in (
            "access method",
            "cast",
            "collation",
            "conversion",
            "event trigger",
            "foreign data wrapper",
            "language",
            "operator",
            "operator class",
            "operator family",
            "publication",
            "subscription",
            "text search configuration",
            "text search dictionary",
            "text search parser",
            "text search template",
            "transform",
        )
    },
}
_ON_TABLE = frozenset({"constraint", "trigger", "rule", "policy"})
_NAMES: Mapping[str, Callable[..., str]] = {
    "cast": lambda source, target: f"({source} AS {target})",
    "operator": lambda schema, name, left, right: f"{identifier(schema)}.{name} ({left or 'NONE'}, {right})",
    "operator class": lambda schema, name, method: f"{qualified(name, schema)} USING {identifier(method)}",
    "operator family": lambda schema, name, method: f"{qualified(name, schema)} USING {identifier(method)}",
    "transform": lambda kind, language: f"FOR {kind} LANGUAGE {identifier(language)}",
}
"""How a kind is named that is not by a name alone, from its key."""

IN_NEW_DATABASE = {
    ("schema", PUBLIC): "standard public schema",
    ("extension", PLPGSQL): "PL/pgSQL procedural language",
}


def target(record: Record) -> tuple[str, str]:
    """Return the kind and the name of an object as ``COMMENT ON`` and ``ALTER … OWNER TO`` write them."""
    word, key = _WORDS[record.kind], record.key
    if isinstance(record, Function):
        return FORMS.get(record.form, word), signature(record)
    if isinstance(record, View) and record.materialized:
        word = "MATERIALIZED VIEW"
    if isinstance(record, Table) and record.form == "foreign":
        word = "FOREIGN TABLE"
    if record.kind in _NAMES:
        return word, _NAMES[record.kind](*key)
    if record.kind in _ON_TABLE:
        return word, f"{identifier(key[2])} ON {qualified(key[1], key[0])}"
    if record.kind == "index":
        return word, qualified(key[2], key[0])
    return word, ".".join(identifier(part) for part in key)


def comment(record: Record) -> Iterator[str]:
    """Yield the statement that sets an object's comment, if it has another than a new database gives it."""
    if record.kind == "publication table":
        return
    text = getattr(record, "comment", None)
    if text != IN_NEW_DATABASE.get((record.kind, record.key[0])):
        yield comment_on(record)


def comment_on(record: Record) -> str:
    """Return the statement that sets an object's comment to that of the record, or removes it."""
    word, name = target(record)
    text = getattr(record, "comment", None)
    return f"COMMENT ON {word} {name} IS {'NULL' if text is None else quoted(text)}"


def owner(record: Record) -> Iterator[str]:
    """Yield the statement that gives an object to its owner; what belongs to a table follows it."""
    role = getattr(record, "owner", "")
    if role and not getattr(record, "owned_by", None):
        word, name = target(record)
        yield f"ALTER {word} {name} OWNER TO {identifier(role)}"
