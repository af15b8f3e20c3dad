"""A domain over another type: PostgreSQL cannot change that, so a new one takes the place of the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import create_grants, create_properties
from alembic_assay.errors import DirectiveError
from alembic_assay.ops.casts import using
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.sql import MAX_IDENTIFIER_BYTES, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.columns import Column
    from alembic_assay.catalog.domains import Domain
    from alembic_assay.ops.planning import Side

_TYPES = frozenset({"domain", "composite type", "range type"})


def rebuilt(before: Any, after: Any) -> bool:
    """Whether a domain must be made anew."""
    return (before.type, before.collation) != (after.type, after.collation)


def rebuild(before: Domain, after: Domain, old: Side, new: Side) -> SqlOp:
    """Make a domain anew, with the columns that hold it; what hangs on these is out of the way.

    Raises:
        DirectiveError: Another type is made of it.
    """
    node = ("domain", before.key)
    users = [edge for edge in old.snapshot.dependencies if (edge.needs_kind, edge.needs_key) == node]
    types = [edge for edge in users if edge.kind in _TYPES]
    if types:
        title = old.records[types[0].kind, types[0].key].title
        raise DirectiveError(
            f"{after.title} is of type {before.type}, and the models say {after.type}: it cannot be made anew,"
            f" because {title} is made of it.",
            hint="Give the domain of the models another name, so that its columns are changed to it.",
        )
    columns: list[Any] = [old.records["column", edge.key] for edge in users if edge.kind == "column"]
    there = list(_statements(before, after, columns, new))
    back = list(_statements(after, before, columns, old))
    return SqlOp(there, back, title=after.title)


def _statements(before: Domain, after: Domain, columns: list[Column], side: Side) -> Iterator[str]:
    name = qualified(after.name, after.schema)
    aside = _free(after, side)
    yield f"ALTER DOMAIN {name} RENAME TO {identifier(aside)}"
    yield from side.steps["domain", after.key].statements
    if after.comment is not None:
        yield from create_properties.comment(after)
    if after.owner and side.role and after.owner != side.role:
        yield from create_properties.owner(after)
    yield from create_grants.grants(after, after.owner, owners=False)
    for column in columns:
        yield from _retyped(column, before, after, side)
    yield f"DROP DOMAIN {qualified(aside, after.schema)}"


def _retyped(column: Column, before: Domain, after: Domain, side: Side) -> Iterator[str]:
    """Give a column the new domain; its default is that of the side that it gets."""
    there: Any = side.records.get(("column", column.key), column)
    array = "[]" if column.type.endswith("[]") else ""
    name = identifier(column.name)
    alter = f"ALTER TABLE {qualified(column.table, column.schema)} ALTER COLUMN {name}"
    if column.default is not None or there.default is not None:
        yield f"{alter} DROP DEFAULT"
    value = using(f"{before.type}{array}", f"{after.type}{array}", name) or f"{name}::{after.type}{array}"
    yield f"{alter} TYPE {qualified(after.name, after.schema)}{array} USING {value}"
    if there.default is not None:
        yield f"{alter} SET DEFAULT {there.default}"


def _free(record: Domain, side: Side) -> str:
    """Return a name that no type of the schema has, for the moment in which there are two."""
    taken = {key[1] for kind, key in side.records if kind in {"table", "enum", *_TYPES} and key[0] == record.schema}
    stem = record.name.encode()[: MAX_IDENTIFIER_BYTES - 4].decode(errors="ignore")
    return next(name for name in (f"{stem}_old", *(f"{stem}_{n:03}" for n in range(1000))) if name not in taken)


def holders(domains: set[tuple[str, ...]], dependencies: Any) -> set[tuple[str, ...]]:
    """Return the columns that hold one of some domains, or an array of it."""
    return {
        tuple(edge.key)
        for edge in dependencies
        if edge.kind == "column" and edge.needs_kind == "domain" and edge.needs_key in domains
    }
