"""What the tables of a document get wrong with their columns, keys and foreign keys."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.document_definitions import identifiers, plain_columns, qualified_parts
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Problem = dict[str, str]
Relation = dict[str, Any]

_FAMILIES = (
    ("smallint", "integer", "bigint", "numeric", "real", "double precision", "oid"),
    ("text", "character varying", "character", "name", "citext"),
    ("uuid",),
    ("boolean",),
    ("bytea",),
    ("date", "timestamp without time zone", "timestamp with time zone"),
    ("inet", "cidr"),
)
"""Types with an equality between them: https://www.postgresql.org/docs/current/xindex.html, table of btree families."""


def relation_problems(document: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of tables: SCH201 to 203, 207 to 210 and 212.

    Args:
        document: Whose form is valid.
    """
    book = _Book(document)
    found: list[Problem] = []
    for number, table in enumerate(document.get("tables") or ()):
        path = f"/tables/{number}"
        found += _unknown_columns(table, path)
        found += _generated(table, path)
        found += _partition_key(table, path)
        for position, key in enumerate(table.get("foreign_keys") or ()):
            found += _foreign_key(book, table, key, f"{path}/foreign_keys/{position}")
    return found


@dataclass(frozen=True)
class _Book:
    """The tables of a document by name."""

    document: Mapping[str, Any]

    @cached_property
    def tables(self) -> dict[tuple[str, ...], Relation]:
        return {(table["schema"], table["name"]): table for table in self.document.get("tables") or ()}

    @cached_property
    def of_extensions(self) -> set[str]:
        """Schemas that may hold tables which are in no document, because an extension owns them."""
        return {each["schema"] for each in self.document.get("extensions") or ()}


def _problem(code: str, path: str, message: str, hint: str = "") -> Problem:
    return {"code": code, "path": path, "message": message, "hint": hint}


def _columns(table: Relation) -> dict[str, Relation]:
    return {column["name"]: column for column in table.get("columns") or ()}


def _near(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {found[0]!r}?" if found else ""


def _keys(table: Relation) -> Iterator[tuple[str, list[str]]]:
    """Yield where each key, constraint or index is, and its columns."""
    if table.get("primary_key"):
        yield "/primary_key", table["primary_key"].get("columns") or []
    for section in ("uniques", "foreign_keys", "checks", "not_nulls"):
        for number, item in enumerate(table.get(section) or ()):
            yield f"/{section}/{number}", item.get("columns") or []
    for number, item in enumerate(table.get("indexes") or ()):
        names = [key.get("column") or "" for key in item.get("keys") or ()] or item.get("columns") or []
        yield f"/indexes/{number}", [name for name in names if name]


def _unknown_columns(table: Relation, path: str) -> Iterator[Problem]:
    known = _columns(table)
    for place, names in _keys(table):
        code = "SCH203" if "foreign_keys" in place else "SCH212"
        for name in names:
            if name not in known:
                message = f"table {display(table['name'], table['schema'])} has no column {name!r}."
                yield _problem(code, path + place, message, _near(name, known))


def _generated(table: Relation, path: str) -> Iterator[Problem]:
    """SCH207."""
    columns = _columns(table)
    generated = {name for name, column in columns.items() if column.get("generated")}
    for number, column in enumerate(table.get("columns") or ()):
        here = f"{path}/columns/{number}"
        if not column.get("generated"):
            continue
        for name in ("default", "identity"):
            if column.get(name) is not None:
                yield _problem("SCH207", f"{here}/{name}", f"generated column {column['name']!r} cannot have {name!r}.")
        used = identifiers(column["generated"].get("expression") or "") & generated
        for name in sorted(used):
            message = f"generated column {column['name']!r} refers to generated column {name!r}."
            yield _problem("SCH207", f"{here}/generated/expression", message)


def _partition_key(table: Relation, path: str) -> Iterator[Problem]:
    """SCH210: a unique key of a partitioned table must hold the partition key."""
    key = (table.get("partition") or {}).get("by")
    wanted = plain_columns(key) if key else None
    if not wanted:
        return
    keys = [("primary_key", table.get("primary_key"))]
    keys += [(f"uniques/{number}", unique) for number, unique in enumerate(table.get("uniques") or ())]
    for place, unique in keys:
        missing = [name for name in wanted if unique and name not in (unique.get("columns") or [])]
        if missing:
            message = f"unique key without {', '.join(map(repr, missing))} of the partition key {key}."
            yield _problem("SCH210", f"{path}/{place}/columns", message)


def _foreign_key(book: _Book, table: Relation, key: Relation, path: str) -> Iterator[Problem]:
    yield from _set_null(table, key, path)
    references = key.get("references") or {}
    name = tuple(qualified_parts(references.get("table", "")))
    target = book.tables.get(name)
    if target is None:
        if name and name[0] not in book.of_extensions:
            known = (display(other, schema) for schema, other in book.tables)
            message = f"no table {references['table']!r} in this document."
            yield _problem("SCH203", f"{path}/references/table", message, _near(references["table"], known))
        return
    columns = _columns(target)
    pointed = references.get("columns") or (target.get("primary_key") or {}).get("columns") or []
    unknown = [each for each in pointed if each not in columns]
    for each in unknown:
        message = f"table {references['table']} has no column {each!r}."
        yield _problem("SCH203", f"{path}/references/columns", message, _near(each, columns))
    if unknown:
        return
    serving = [deferrable for unique, deferrable in _unique_keys(target) if set(unique) == set(pointed)]
    if pointed and not serving:
        message = f"no primary key or unique constraint of {references['table']} on ({', '.join(pointed)})."
        yield _problem("SCH202", f"{path}/references", message)
    elif pointed and all(serving):
        message = f"the unique key of {references['table']} on ({', '.join(pointed)}) is deferrable."
        hint = "A foreign key, as ON CONFLICT, needs one that is checked at once."
        yield _problem("SCH209", f"{path}/references", message, hint)
    yield from _types(table, key, [columns[each] for each in pointed], path)


def _unique_keys(table: Relation) -> Iterator[tuple[list[str], bool]]:
    """Yield the columns of each unique key, and whether it is deferrable."""
    for key in (table.get("primary_key"), *(table.get("uniques") or ())):
        if key:
            yield key.get("columns") or [], bool(key.get("deferrable"))
    for index in table.get("indexes") or ():
        whole = not (index.get("where") or index.get("partial") or index.get("constraint"))
        if index.get("unique") and whole:
            names = [key.get("column") or "" for key in index.get("keys") or ()] or index.get("columns") or []
            yield names, False


def _types(table: Relation, key: Relation, pointed: list[Relation], path: str) -> Iterator[Problem]:
    """SCH201, where both types are known and have no equality."""
    columns = _columns(table)
    for name, other in zip(key.get("columns") or [], pointed, strict=False):
        if name not in columns:
            continue
        own, its = columns[name]["type"], other["type"]
        families = {_family(own), _family(its)}
        if None not in families and len(families) > 1:
            message = f"column {name!r} is {own}, but {other['name']!r}, which it references, is {its}."
            yield _problem("SCH201", path, message)


def _family(type_name: str) -> int | None:
    base = type_name.partition("(")[0].strip()
    return next((number for number, family in enumerate(_FAMILIES) if base in family), None)


def _set_null(table: Relation, key: Relation, path: str) -> Iterator[Problem]:
    """SCH208: SET NULL on what cannot be NULL."""
    columns = _columns(table)
    primary = (table.get("primary_key") or {}).get("columns") or []
    for event in ("on_update", "on_delete"):
        if key.get(event) != "SET NULL":
            continue
        names = (key.get("set_null_columns") if event == "on_delete" else None) or key.get("columns") or []
        for name in names:
            if name in primary or columns.get(name, {}).get("nullable") is False:
                yield _problem("SCH208", f"{path}/{event}", f"SET NULL, but column {name!r} cannot be NULL.")
