"""The module ``schemas``: what an API takes and gives, validated as the database does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint

from alembic_assay.emit.columns import made_by_server
from alembic_assay.emit.python import Code, call, class_head, docstring, statement, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Table

    from alembic_assay.emit.source import Source

SECRET = frozenset({"secret", "credential"})
"""Kinds of data that no API gives away."""

_OF_SERVER = frozenset({"created_at", "updated_at", "deleted_at"})
_SPANS = {"SMALLINT": 2**15, "INTEGER": 2**31, "BIGINT": 2**63}
_BOUND = re.compile(r"\(?\(?(\w+)\)? (>=|<=|>|<) (?:\(?'?(-?[0-9.]+)'?(?:::\w+)?\)?)(?:::\w+)?\)?")
_NOT_BLANK = re.compile(r"\(?btrim\(\(?(\w+)\)?(?:::text)?\) <> ''(?:::text)?\)?")
_MATCHES = re.compile(r"\(?\(?(\w+)\)?(?:::text)? ~ '((?:[^']|'')*)'(?:::text)?\)?")
_PORTABLE = re.compile(r"(?:[^\\(\[]|\\[^\w\s]|\\[dsw]|\((?!\?)|\[(?!\^?\[)(?:[^\[\]\\]|\\[^\w\s])+\])*")
"""Regular expressions that mean the same to PostgreSQL and to Pydantic: without named classes and what follows (?."""

_WORDS = {">=": "ge", "<=": "le", ">": "gt", "<": "lt"}


def schemas(source: Source) -> str:
    """Return the module's source, without its imports."""
    return "\n\n\n".join(piece for table in source.classes for piece in _of(source, table))


def _of(source: Source, table: Table) -> Iterator[str]:
    name, attributes = source.classes[table], source.attributes[table]
    shown = [column for column in table.columns if column.name not in _secrets(source, table)]
    written = [column for column in shown if not _is_of_server(column)]
    words = (table.comment or f"a row of {table.name}").rstrip(".")
    rules = {column.name: _rules(column, table) for column in shown}
    base = [_field(source, column, attributes[column.name], rules[column.name]) for column in written]
    yield _class(f"{name}Base", "base.Schema", f"What is said of it: {words}", base)
    yield _class(f"{name}Create", f"{name}Base", f"A new one: {words}", [])
    others = [column for column in shown if column not in written]
    read = [_read(source, column, attributes[column.name]) for column in others]
    yield _class(f"{name}Read", f"{name}Base", f"As stored: {words}", read)
    optional = [_field(source, column, attributes[column.name], rules[column.name], update=True) for column in written]
    text_ = "A partial update; apply with model_dump(exclude_unset=True)"
    yield _class(f"{name}Update", "base.Schema", text_, optional)


def _secrets(source: Source, table: Table) -> set[str]:
    for each in source.schema.get("tables") or ():
        if (each["schema"], each["name"]) == (table.schema, table.name):
            return {name for name, kind in (each.get("classification") or {}).items() if kind in SECRET}
    return set()


def _is_of_server(column: Column[Any]) -> bool:
    generated = column.identity is not None or column.computed is not None
    return generated or column.name in _OF_SERVER or (column.primary_key and made_by_server(column))


def _class(name: str, base: str, words: str, fields: list[str]) -> str:
    return "\n".join([class_head(name, base), docstring(words, 4), *(["", *fields] if fields else [])])


def _field(source: Source, column: Column[Any], attribute: str, rules: dict[str, Code], *, update: bool = False) -> str:
    annotation = source.types.annotation(column.type)
    if annotation == "dt.datetime":
        annotation = "pydantic.AwareDatetime" if getattr(column.type, "timezone", False) else "pydantic.NaiveDatetime"
    nullable = bool(column.nullable)
    optional = nullable or update or made_by_server(column)
    kind = f"{annotation} | None" if optional and annotation != "Any" else annotation
    default: dict[str, Code | None] = {"default": "None" if optional else None}
    head = f"    {attribute}: {kind}"
    if not rules:
        return head + (" = None" if optional else "")
    code = call("pydantic.Field", **default, **rules)
    return statement(head.strip(), code, 4)


def _read(source: Source, column: Column[Any], attribute: str) -> str:
    annotation = source.types.annotation(column.type)
    kind = f"{annotation} | None" if column.nullable and annotation != "Any" else annotation
    return f"    {attribute}: {kind}"


def _rules(column: Column[Any], table: Table) -> dict[str, Code]:
    """Return what Pydantic can check of a column's type and CHECKs."""
    found: dict[str, Code] = {}
    kind = type(column.type).__name__
    length = getattr(column.type, "length", None)
    if kind in {"VARCHAR", "CHAR"} and length:
        found["max_length"] = str(length)
    if kind in _SPANS:
        found |= {"ge": str(-_SPANS[kind]), "le": str(_SPANS[kind] - 1)}
    if kind == "NUMERIC" and column.type.precision is not None:  # type: ignore[attr-defined] # it is a NUMERIC
        whole = column.type.precision - (column.type.scale or 0)  # type: ignore[attr-defined] # as above
        found |= {"gt": f"-(10**{whole})", "lt": f"10**{whole}"}
    for each in sorted(table.constraints, key=lambda each: str(each.name)):
        if isinstance(each, CheckConstraint):
            found |= _of_check(str(getattr(each.sqltext, "text", "")), column.name, found)
    return found


def _of_check(sql: str, name: str, known: dict[str, Code]) -> dict[str, Code]:
    if (blank := _NOT_BLANK.fullmatch(sql)) and blank[1] == name:
        return _pattern("[^ ]", known)
    if (matches := _MATCHES.fullmatch(sql)) and matches[1] == name:
        return _pattern(matches[2].replace("''", "'"), known)
    parts = sql.removeprefix("(").removesuffix(")").split(" AND ") if " AND " in sql else [sql]
    found: dict[str, Code] = {}
    for part in parts:
        bound = _BOUND.fullmatch(part)
        if bound is None or bound[1] != name:
            return {}
        word = _WORDS[bound[2]]
        value = bound[3]
        if word in known and word in {"ge", "le"}:
            tighter = max if word == "ge" else min
            value = str(tighter(float(value), float(str(known[word])), key=float)).removesuffix(".0")
        found[word] = value
    return found


def _pattern(expression: str, known: dict[str, Code]) -> dict[str, Code]:
    """Return a regular expression for Pydantic, if it means the same there; of several, the first."""
    if "pattern" in known or not _PORTABLE.fullmatch(expression):
        return {}
    return {"pattern": text(f"(?s){expression}" if "." in expression else expression)}
