"""Tables in publications, with the columns and rows that are sent: those hold on to columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_TABLES, Scope, fetch, major, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

WITH_LISTS = 15
"""The version of PostgreSQL that brought column lists, row filters and schemas."""

_LISTS = """
       ARRAY(SELECT a.attname::text FROM unnest(r.prattrs::int2[]) WITH ORDINALITY AS u(attnum, ord)
             JOIN pg_attribute AS a ON a.attrelid = r.prrelid AND a.attnum = u.attnum ORDER BY u.ord) AS columns,
       pg_get_expr(r.prqual, r.prrelid) AS where"""
_NO_LISTS = "CAST('{}' AS text[]) AS columns, CAST(NULL AS text) AS where"

SQL = """
SELECT n.nspname AS schema, c.relname AS table, p.pubname AS name, {lists}
FROM pg_publication_rel AS r
JOIN pg_publication AS p ON p.oid = r.prpubid
JOIN pg_class AS c ON c.oid = r.prrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE {where}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationTable(Record):
    """A table in a publication that names its tables.

    Args:
        schema: The schema of the table.
        table: The table.
        name: The publication.
        columns: The columns that are sent, in order; empty for all.
        where: Which rows are sent.
    """

    kind: ClassVar[str] = "publication table"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "table", "name")

    schema: str
    table: str
    name: str
    columns: tuple[str, ...] = ()
    where: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[PublicationTable, ...]:
    """Read the tables of all publications with one query."""
    lists = _LISTS if major(connection) >= WITH_LISTS else _NO_LISTS
    where = f"{IN_TABLES} AND {not_of_extension('pg_publication', 'p.oid')}"
    return fetch(connection, PublicationTable, SQL.format(lists=lists, where=where), scope)
