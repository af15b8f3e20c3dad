"""Range types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, t.typname AS name, format_type(r.rngsubtype, NULL) AS subtype,
       CASE WHEN r.rngcollation <> s.typcollation THEN format('%I.%I', cn.nspname, co.collname) END AS collation,
       CASE WHEN NOT oc.opcdefault THEN format('%I.%I', ocn.nspname, oc.opcname) END AS operator_class,
       NULLIF(r.rngcanonical::oid, 0)::regproc::text AS canonical,
       NULLIF(r.rngsubdiff::oid, 0)::regproc::text AS difference,
       format_type(r.rngmultitypid, NULL) AS multirange,
       pg_get_userbyid(t.typowner) AS owner, {privileges("T", "t.typacl", "t.typowner")} AS acl, d.description AS comment
FROM pg_range AS r
JOIN pg_type AS t ON t.oid = r.rngtypid
JOIN pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_type AS s ON s.oid = r.rngsubtype
JOIN pg_opclass AS oc ON oc.oid = r.rngsubopc
JOIN pg_namespace AS ocn ON ocn.oid = oc.opcnamespace
LEFT JOIN pg_collation AS co ON co.oid = r.rngcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
{comment_on("pg_type", "t.oid")}
WHERE {IN_SCHEMAS} AND {not_of_extension("pg_type", "t.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Record):
    """A range type.

    Args:
        schema: Its schema.
        name: Its name.
        subtype: The type of its bounds.
        collation: With its schema; ``None`` where it is the subtype's own.
        operator_class: With its schema; ``None`` where it is the subtype's default.
        canonical: The canonicalisation function.
        difference: The subtype's difference function.
        multirange: The name of its multirange type.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON TYPE`` said.
    """

    kind: ClassVar[str] = "range type"

    schema: str
    name: str
    subtype: str
    collation: str | None = None
    operator_class: str | None = None
    canonical: str | None = None
    difference: str | None = None
    multirange: str | None = None
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Range, ...]:
    """Read the range types with one query."""
    return fetch(connection, Range, SQL, scope)
