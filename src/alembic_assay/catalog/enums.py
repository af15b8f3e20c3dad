"""Enumerated types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, t.typname AS name,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels,
       pg_get_userbyid(t.typowner) AS owner, {privileges("T", "t.typacl", "t.typowner")} AS acl, d.description AS comment
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
{comment_on("pg_type", "t.oid")}
WHERE t.typtype = 'e' AND {IN_SCHEMAS} AND {not_of_extension("pg_type", "t.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum(Record):
    """An enumerated type.

    Args:
        schema: Its schema.
        name: Its name.
        labels: In the order in which the server sorts them (``enumsortorder``).
        owner: The role that owns it.
        acl: Privileges as the server writes them; ``None`` where nothing was granted or revoked.
        comment: What ``COMMENT ON TYPE`` said.
    """

    kind: ClassVar[str] = "enum"

    schema: str
    name: str
    labels: tuple[str, ...]
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Enum, ...]:
    """Read the enumerated types of some schemas with one query."""
    return fetch(connection, Enum, SQL, scope)
