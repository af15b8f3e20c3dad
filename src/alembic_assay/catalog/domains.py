"""Domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, t.typname AS name, format_type(t.typbasetype, t.typtypmod) AS type,
       t.typnotnull AS not_null,
       pg_get_expr(t.typdefaultbin, 0) AS default,  -- "typdefault" is what was written once, or the base type's
       CASE WHEN t.typcollation <> b.typcollation THEN format('%I.%I', cn.nspname, co.collname) END AS collation,
       ARRAY(SELECT format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)) FROM pg_constraint AS k
             WHERE k.contypid = t.oid ORDER BY k.conname) AS constraints,
       ARRAY(SELECT format('%I %s', k.conname, obj_description(k.oid, 'pg_constraint')) FROM pg_constraint AS k
             WHERE k.contypid = t.oid AND obj_description(k.oid, 'pg_constraint') IS NOT NULL ORDER BY k.conname)
           AS constraint_comments,
       pg_get_userbyid(t.typowner) AS owner, {privileges("T", "t.typacl", "t.typowner")} AS acl, d.description AS comment
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_type AS b ON b.oid = t.typbasetype
LEFT JOIN pg_collation AS co ON co.oid = t.typcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
{comment_on("pg_type", "t.oid")}
WHERE t.typtype = 'd' AND {IN_SCHEMAS} AND {not_of_extension("pg_type", "t.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain(Record):
    """A domain.

    Args:
        schema: Its schema.
        name: Its name.
        type: The type it constrains.
        not_null: Whether NULL is refused.
        default: Its default.
        collation: With its schema; ``None`` where it is the type's own.
        constraints: ``CONSTRAINT name CHECK (…)``, by name; a NOT VALID one says so.
        constraint_comments: ``name comment`` of those that carry one.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON DOMAIN`` said.
    """

    kind: ClassVar[str] = "domain"

    schema: str
    name: str
    type: str
    not_null: bool = False
    default: str | None = None
    collation: str | None = None
    constraints: tuple[str, ...] = ()
    constraint_comments: tuple[str, ...] = ()
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Domain, ...]:
    """Read the domains with one query."""
    return fetch(connection, Domain, SQL, scope)
