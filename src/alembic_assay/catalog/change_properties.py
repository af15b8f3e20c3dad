"""Statements that make what most kinds have, comment, owner, privileges, that of another record; and what has no DROP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import create_grants, create_properties
from alembic_assay.catalog.create_context import quoted
from alembic_assay.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.record import Record

PROPERTIES = frozenset({"comment", "owner", "acl"})
"""The fields of records that are changed here."""


def changed(before: Record, after: Record, owner: str) -> Iterator[str]:
    """Yield the statements that change comment and privileges of an object that is there.

    Args:
        before: As it is.
        after: As it shall be.
        owner: Its owner; of a column, that of its table.
    """
    differing = before.differing_fields(after)
    if "comment" in differing:
        yield create_properties.comment_on(after)
    if "acl" in differing:
        yield from create_grants.regrants(before, after, owner, owners=False)


def unset(record: Record) -> Iterator[str]:
    """Yield the statements that take away what has no plain ``DROP``: settings, labels, user mappings and so on."""
    each: Any = record
    if record.kind == "setting":
        role = f"ROLE {identifier(each.role)} IN " if each.role else ""
        start, end = quoted(f"ALTER {role}DATABASE "), quoted(f" RESET {identifier(each.name)}")
        body = f"BEGIN EXECUTE {start} || quote_ident(current_database()) || {end}; END"
        yield f"DO {quoted(body)}"
    elif record.kind == "security label":
        word = "COLUMN" if each.type.endswith(" column") else each.type.upper()
        yield f"SECURITY LABEL FOR {identifier(each.provider)} ON {word} {each.name} IS NULL"
    elif record.kind == "user mapping":
        role = "PUBLIC" if each.name == "public" else identifier(each.name)
        yield f"DROP USER MAPPING FOR {role} SERVER {identifier(each.server)}"
    elif record.kind == "default privileges":
        place = f" IN SCHEMA {identifier(each.schema)}" if each.schema else ""
        alter = f"ALTER DEFAULT PRIVILEGES FOR ROLE {identifier(each.role)}{place}"
        for statement in create_grants.regrants(record, None, each.role, owners=True):
            yield f"{alter} {statement}"
    elif record.kind == "extension privileges":
        yield from create_grants.as_installed(each)
    elif record.kind == "subscription":
        alter = f"ALTER SUBSCRIPTION {identifier(each.name)}"  # its slot stays at the publisher
        yield from (f"{alter} DISABLE", f"{alter} SET (slot_name = NONE)", f"DROP SUBSCRIPTION {identifier(each.name)}")


WITHOUT_DROP = frozenset(
    {"setting", "security label", "user mapping", "default privileges", "extension privileges", "subscription"}
)
"""The kinds that :func:`unset` takes away."""
