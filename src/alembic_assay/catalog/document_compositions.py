"""Definitions of constraints and indexes, put together from the fields of a document that gives none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from alembic_assay.sql import display, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def constraint_definition(kind: str, fields: Mapping[str, Any]) -> str:
    """Put a constraint's definition together, for a document that gives none.

    The server may spell it otherwise: quotes, casts and parentheses are as the document has them.

    Args:
        kind: ``primary key``, ``unique``, ``foreign key``, ``check``, ``exclude`` or ``not null``.
        fields: Of the document.
    """
    columns = f"({_names(fields.get('columns', ()))})"
    match kind:
        case "check":
            body = f"CHECK ({fields.get('expression', '')})"
        case "foreign key":
            body = f"FOREIGN KEY {columns} {_references(fields)}"
        case "not null":
            body = f"NOT NULL {_names(fields.get('columns', ()))}"
        case "exclude":
            elements = ", ".join(
                f"{_key(element)} WITH {element['operator']}" for element in fields.get("elements", ())
            )
            body = f"EXCLUDE USING {fields.get('method', 'gist')} ({elements}){_end(fields, where='({})')}"
        case _:
            distinct = " NULLS NOT DISTINCT" if fields.get("nulls_not_distinct") else ""
            overlaps = " WITHOUT OVERLAPS" if fields.get("without_overlaps") else ""
            body = f"{kind.upper()}{distinct} {columns[:-1]}{overlaps}){_end(fields)}"
    return body + _state(fields)


def index_definition(schema: str, table: str, fields: Mapping[str, Any]) -> str:
    """Put an index's definition together, for a document that gives none.

    Args:
        schema: The schema of its table.
        table: Its table.
        fields: Of the document.
    """
    unique = "UNIQUE " if fields.get("unique") else ""
    only = "ONLY " if fields.get("only") else ""
    keys = ", ".join(_key(key) for key in fields.get("keys", ()))
    return (
        f"CREATE {unique}INDEX {display(fields['name'])} ON {only}{display(table, schema)}"
        f" USING {fields.get('method', 'btree')} ({keys}){_end(fields, where='{}')}"
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(display(name) for name in names)


def _references(fields: Mapping[str, Any]) -> str:
    target = fields.get("references", {})
    parts = [f"REFERENCES {target.get('table', '')}({_names(target.get('columns', ()))})"]
    parts += [f"MATCH {fields['match']}"] if fields.get("match", "SIMPLE") != "SIMPLE" else []
    for event in ("update", "delete"):
        action = fields.get(f"on_{event}", "NO ACTION")
        parts += [f"ON {event.upper()} {action}"] if action != "NO ACTION" else []
    parts += [f"({_names(fields['set_null_columns'])})"] if fields.get("set_null_columns") else []
    return " ".join(parts)


def _key(key: Mapping[str, Any]) -> str:
    parts = [display(key["column"]) if "column" in key else key.get("expression", "")]
    parts += [f"COLLATE {key['collation']}"] if "collation" in key else []
    parts += [key["opclass"]] if "opclass" in key else []
    parts += [f"({key['opclass_params']})"] if "opclass_params" in key else []
    parts += ["DESC"] if key.get("order") == "desc" else []
    parts += [f"NULLS {key['nulls'].upper()}"] if "nulls" in key else []
    return " ".join(parts)


def _end(fields: Mapping[str, Any], where: str = "") -> str:
    parts = [f" INCLUDE ({_names(fields['include'])})"] if fields.get("include") else []
    if where:
        parts += [" NULLS NOT DISTINCT"] if fields.get("nulls_not_distinct") else []
        options = ", ".join(f"{name}={_value(value)}" for name, value in fields.get("with", {}).items())
        parts += [f" WITH ({options})"] if options else []
        parts += [f" WHERE {where.format(fields['where'])}"] if fields.get("where") else []
    return "".join(parts)


def _value(value: str) -> str:
    return value if re.fullmatch("[a-z_][a-z0-9_]*", value) else literal(value)


def _state(fields: Mapping[str, Any]) -> str:
    states = {
        " NO INHERIT": fields.get("no_inherit"),
        " DEFERRABLE": fields.get("deferrable"),
        " INITIALLY DEFERRED": fields.get("initially") == "deferred",
        " NOT VALID": fields.get("not_valid"),
    }
    return "".join(words for words, holds in states.items() if holds)
