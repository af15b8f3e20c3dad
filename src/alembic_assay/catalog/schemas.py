"""Schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS name, pg_get_userbyid(n.nspowner) AS owner, {privileges("n", "n.nspacl", "n.nspowner")} AS acl, d.description AS comment
FROM pg_namespace AS n
{comment_on("pg_namespace", "n.oid")}
WHERE {IN_SCHEMAS} AND {not_of_extension("pg_namespace", "n.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema(Record):
    """A schema."""

    kind: ClassVar[str] = "schema"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Schema, ...]:
    """Read the schemas with one query."""
    return fetch(connection, Schema, SQL, scope)
