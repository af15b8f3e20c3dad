"""Views and materialised views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_TABLES, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'm' AS materialized,
       pg_get_viewdef(c.oid) AS definition, COALESCE(c.reloptions, '{{}}') AS options,
       CASE c.relkind WHEN 'm' THEN c.relispopulated END AS populated,
       am.amname AS access_method, ts.spcname AS tablespace,
       pg_get_userbyid(c.relowner) AS owner, {privileges("r", "c.relacl", "c.relowner")} AS acl, d.description AS comment
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_tablespace AS ts ON ts.oid = c.reltablespace
{comment_on("pg_class", "c.oid")}
WHERE c.relkind IN ('v', 'm') AND {IN_TABLES} AND {not_of_extension("pg_class", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Record):
    """A view, materialised or not.

    Args:
        schema: Its schema.
        name: Its name.
        materialized: Whether it is materialised.
        definition: The query, as ``pg_get_viewdef`` writes it.
        options: ``security_barrier=true`` …
        populated: Whether a materialised view has been filled.
        access_method: Of a materialised view.
        tablespace: Of a materialised view; ``None`` for the database's own.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON VIEW`` said.
    """

    kind: ClassVar[str] = "view"

    schema: str
    name: str
    materialized: bool
    definition: str
    options: tuple[str, ...] = ()
    populated: bool | None = None
    access_method: str | None = None
    tablespace: str | None = None
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[View, ...]:
    """Read the views with one query."""
    return fetch(connection, View, SQL, scope)
