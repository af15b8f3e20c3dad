"""Composite types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, t.typname AS name,
       ARRAY(SELECT format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
                    || CASE WHEN a.attcollation <> at.typcollation
                            THEN format(' COLLATE %I.%I', cn.nspname, co.collname) ELSE '' END
             FROM pg_attribute AS a
             JOIN pg_type AS at ON at.oid = a.atttypid
             LEFT JOIN pg_collation AS co ON co.oid = a.attcollation
             LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS attributes,
       ARRAY(SELECT format('%I %s', a.attname, col_description(c.oid, a.attnum)) FROM pg_attribute AS a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               AND col_description(c.oid, a.attnum) IS NOT NULL ORDER BY a.attnum) AS attribute_comments,
       pg_get_userbyid(t.typowner) AS owner, {privileges("T", "t.typacl", "t.typowner")} AS acl, d.description AS comment
FROM pg_type AS t
JOIN pg_class AS c ON c.oid = t.typrelid AND c.relkind = 'c'
JOIN pg_namespace AS n ON n.oid = t.typnamespace
{comment_on("pg_type", "t.oid")}
WHERE t.typtype = 'c' AND {IN_SCHEMAS} AND {not_of_extension("pg_type", "t.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite(Record):
    """A composite type made by ``CREATE TYPE``; the row types of tables are not.

    Args:
        schema: Its schema.
        name: Its name.
        attributes: ``name type``, in order.
        attribute_comments: ``name comment`` of those that carry one, in order.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON TYPE`` said.
    """

    kind: ClassVar[str] = "composite type"

    schema: str
    name: str
    attributes: tuple[str, ...]
    attribute_comments: tuple[str, ...] = ()
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Composite, ...]:
    """Read the composite types with one query."""
    return fetch(connection, Composite, SQL, scope)
