"""Policies of row-level security."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_TABLES, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.relname AS table, p.polname AS name,
       CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete'
                     ELSE 'all' END AS command,
       p.polpermissive AS permissive,
       ARRAY(SELECT CASE u.oid WHEN 0 THEN 'public' ELSE pg_get_userbyid(u.oid)::text END
             FROM unnest(p.polroles) AS u(oid) ORDER BY 1) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check,
       d.description AS comment
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
{comment_on("pg_policy", "p.oid")}
WHERE {IN_TABLES} AND {not_of_extension("pg_class", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Record):
    """A policy.

    Args:
        schema: The schema of its table.
        table: Its table.
        name: Its name.
        command: ``all``, ``select``, ``insert``, ``update`` or ``delete``.
        permissive: ``False`` for a restrictive policy.
        roles: Whom it binds; ``public`` is everybody.
        using: Which rows are seen.
        check: Which rows may be written.
        comment: What ``COMMENT ON POLICY`` said.
    """

    kind: ClassVar[str] = "policy"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "table", "name")

    schema: str
    table: str
    name: str
    command: str
    permissive: bool
    roles: tuple[str, ...]
    using: str | None = None
    check: str | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Policy, ...]:
    """Read the policies with one query."""
    return fetch(connection, Policy, SQL, scope)
