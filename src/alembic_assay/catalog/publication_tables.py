"""Tables of publications that say which columns or rows they send: those hold on to columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.dependencies import Dependency
from alembic_assay.catalog.reading import Scope, fetch, fixed_settings
from alembic_assay.catalog.record import Record
from alembic_assay.catalog.snapshot import Snapshot

if TYPE_CHECKING:
    from sqlalchemy import Connection

FIRST_VERSION = 15
"""The first PostgreSQL whose publications have column lists and row filters."""

SQL = """
SELECT n.nspname AS schema, c.relname AS table, p.pubname AS name,
       ARRAY(SELECT a.attname::text FROM unnest(r.prattrs) WITH ORDINALITY AS u(attnum, ord)
             JOIN pg_attribute AS a ON a.attrelid = r.prrelid AND a.attnum = u.attnum ORDER BY u.ord) AS columns,
       pg_get_expr(r.prqual, r.prrelid) AS where,
       ARRAY(SELECT DISTINCT a.attname::text FROM pg_depend AS x
             JOIN pg_attribute AS a ON a.attrelid = x.refobjid AND a.attnum = x.refobjsubid
             WHERE x.classid = 'pg_publication_rel'::regclass AND x.objid = r.oid
               AND x.refclassid = 'pg_class'::regclass AND x.refobjid = r.prrelid AND x.refobjsubid > 0
             ORDER BY 1) AS needed
FROM pg_publication_rel AS r
JOIN pg_publication AS p ON p.oid = r.prpubid
JOIN pg_class AS c ON c.oid = r.prrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE r.prattrs IS NOT NULL OR r.prqual IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationTable(Record):
    """A table in a publication, with a column list or a row filter.

    Args:
        schema: The schema of the table.
        table: The table.
        name: The publication.
        columns: The columns that are sent, in order; empty for all.
        where: Which rows are sent.
        needed: The columns that it cannot be without.
    """

    kind: ClassVar[str] = "publication table"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "table", "name")

    schema: str
    table: str
    name: str
    columns: tuple[str, ...] = ()
    where: str | None = None
    needed: tuple[str, ...] = ()


def with_publications(connection: Connection, snapshot: Snapshot) -> Snapshot:
    """Return a snapshot with these records too, and what they depend on."""
    if int((connection.dialect.server_version_info or (0,))[0]) < FIRST_VERSION:
        return snapshot
    with fixed_settings(connection):
        found = fetch(connection, PublicationTable, SQL, Scope())
    edges = (
        Dependency(each.kind, each.key, "column", (each.schema, each.table, column))
        for each in found
        for column in each.needed
    )
    return Snapshot((*snapshot.records, *found), (*snapshot.dependencies, *edges))
