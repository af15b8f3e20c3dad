"""Transforms between types and procedural languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, OF_DATABASE, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record
from alembic_assay.sql import display

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT format_type(r.trftype, NULL) AS type, l.lanname AS language,
       NULLIF(r.trffromsql::oid, 0)::regprocedure::text AS from_sql,
       NULLIF(r.trftosql::oid, 0)::regprocedure::text AS to_sql, d.description AS comment
FROM pg_transform AS r
JOIN pg_language AS l ON l.oid = r.trflang
JOIN pg_type AS t ON t.oid = r.trftype
JOIN pg_namespace AS n ON n.oid = t.typnamespace
{comment_on("pg_transform", "r.oid")}
WHERE r.oid >= {FIRST_OID} AND ({OF_DATABASE} OR {IN_SCHEMAS}) AND {not_of_extension("pg_transform", "r.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform(Record):
    """A transform.

    Args:
        type: The type.
        language: The language.
        from_sql: The function on the way in.
        to_sql: The function on the way out.
        comment: What ``COMMENT ON TRANSFORM`` said.
    """

    kind: ClassVar[str] = "transform"
    key_fields: ClassVar[tuple[str, ...]] = ("type", "language")

    type: str
    language: str
    from_sql: str | None = None
    to_sql: str | None = None
    comment: str | None = None

    @property
    def title(self) -> str:
        """As SQL writes it: ``transform for public.point3 language plpython3u``."""
        return f"{self.kind} for {self.type} language {display(self.language)}"


def read(connection: Connection, scope: Scope) -> tuple[Transform, ...]:
    """Read the transforms with one query."""
    return fetch(connection, Transform, SQL, scope)
