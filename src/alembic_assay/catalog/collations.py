"""Collations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.collname AS name,
       CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
       CASE c.collprovider WHEN 'c' THEN c.collcollate::text END AS lc_collate,
       CASE c.collprovider WHEN 'c' THEN c.collctype::text END AS lc_ctype,
       CASE c.collprovider WHEN 'c' THEN NULL ELSE COALESCE(j.later ->> 'colllocale', j.later ->> 'colliculocale',
            c.collcollate::text) END AS locale,
       c.collisdeterministic AS deterministic, j.later ->> 'collicurules' AS rules,
       pg_get_userbyid(c.collowner) AS owner, d.description AS comment
FROM pg_collation AS c
JOIN pg_namespace AS n ON n.oid = c.collnamespace
CROSS JOIN LATERAL (SELECT to_jsonb(c) AS later) AS j  -- columns since version 15
{comment_on("pg_collation", "c.oid")}
WHERE c.oid >= {FIRST_OID} AND c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))
  AND {IN_SCHEMAS} AND {not_of_extension("pg_collation", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collation(Record):
    """A collation. Its version is that of a library of the server's machine, and not read.

    Args:
        schema: Its schema.
        name: Its name.
        provider: ``libc``, ``icu`` or ``builtin``.
        lc_collate: The order, of libc.
        lc_ctype: The character classes, of libc.
        locale: Of the other providers.
        deterministic: Whether only equal bytes are equal.
        rules: Of ICU, beyond those of the locale.
        owner: The role that owns it.
        comment: What ``COMMENT ON COLLATION`` said.
    """

    kind: ClassVar[str] = "collation"

    schema: str
    name: str
    provider: str
    lc_collate: str | None = None
    lc_ctype: str | None = None
    locale: str | None = None
    deterministic: bool = True
    rules: str | None = None
    owner: str = ""
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Collation, ...]:
    """Read the collations with one query."""
    return fetch(connection, Collation, SQL, scope)
