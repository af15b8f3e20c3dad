"""Columns of tables and views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import (
    IN_TABLES,
    Scope,
    comment_on,
    fetch,
    not_of_extension,
    privileges,
    without_secrets,
)
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.relname AS table, a.attname AS name,
       rank() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS position,
       format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
       pg_get_expr(ad.adbin, ad.adrelid) AS default,
       CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
       CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generated,
       CASE WHEN a.attcollation <> t.typcollation THEN format('%I.%I', cn.nspname, co.collname) END AS collation,
       CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END AS storage,
       NULLIF(a.attcompression::text, '') AS compression,
       NULLIF(a.attstattarget, -1)::int AS statistics,
       COALESCE(a.attoptions, '{{}}') AS options, CASE WHEN a.attfdwoptions IS NULL THEN '{{}}' ELSE {without_secrets("a.attfdwoptions")} END AS foreign_options,
       a.attislocal AS local, a.attinhcount::int AS parents,
       {privileges("c", "a.attacl", "c.relowner")} AS acl, d.description AS comment
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
LEFT JOIN pg_collation AS co ON co.oid = a.attcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
{comment_on("pg_class", "c.oid", "a.attnum")}
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND {IN_TABLES} AND {not_of_extension("pg_class", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Record):
    """A column.

    Args:
        schema: The schema of its table.
        table: Its table or view.
        name: Its name.
        position: Its rank among the living columns, from 1.
        type: As ``format_type`` writes it: ``character varying(50)``.
        not_null: Whether NULL is refused.
        default: The default, or the expression of a generated column.
        identity: ``always`` or ``by default``.
        generated: ``stored`` or ``virtual``.
        collation: With its schema; ``None`` where it is the type's own.
        storage: ``None`` where it is the type's own.
        compression: ``p`` (pglz), ``l`` (lz4); ``None`` for the setting of the server.
        statistics: The statistics target; ``None`` for the default.
        options: ``n_distinct=…``
        foreign_options: Of a foreign table's column, by name, without passwords.
        local: Whether it is declared in this table itself.
        parents: How many parents it is inherited from.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON COLUMN`` said.
    """

    kind: ClassVar[str] = "column"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "table", "name")

    schema: str
    table: str
    name: str
    position: int
    type: str
    not_null: bool = False
    default: str | None = None
    identity: str | None = None
    generated: str | None = None
    collation: str | None = None
    storage: str | None = None
    compression: str | None = None
    statistics: int | None = None
    options: tuple[str, ...] = ()
    foreign_options: tuple[str, ...] = ()
    local: bool = True
    parents: int = 0
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Column, ...]:
    """Read the columns of all tables and views with one query."""
    return fetch(connection, Column, SQL, scope)
