"""Enumerated types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import text

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

FIND = """
SELECT n.nspname AS schema, t.typname AS name FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE t.typtype = 'e' AND t.typname = :name
  AND (n.nspname = :schema OR CAST(:schema AS text) IS NULL AND n.nspname = ANY (current_schemas(false)))
ORDER BY array_position(current_schemas(false), n.nspname) LIMIT 1
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


def find(connection: Connection, name: str, schema: str | None = None) -> tuple[str, ...] | None:
    """Return schema and name of an enumerated type; without a schema, of the first one of the ``search_path``."""
    found = connection.execute(text(FIND), {"name": name, "schema": schema}).one_or_none()
    return None if found is None else tuple(found)
