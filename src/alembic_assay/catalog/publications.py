"""Publications of logical replication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.publication_tables import WITH_LISTS
from alembic_assay.catalog.reading import OF_DATABASE, Scope, comment_on, fetch, major, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SCHEMAS = """
       ARRAY(SELECT s.nspname::text COLLATE "C" FROM pg_publication_namespace AS r
             JOIN pg_namespace AS s ON s.oid = r.pnnspid WHERE r.pnpubid = p.oid ORDER BY 1)"""

SQL = """
SELECT p.pubname AS name, p.puballtables AS all_tables,
       {schemas} AS schemas,
       array_remove(ARRAY[CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                          CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END], NULL)
           AS operations,
       p.pubviaroot AS via_root, COALESCE(to_jsonb(p) ->> 'pubgencols' = 's', false) AS generated_columns,
       pg_get_userbyid(p.pubowner) AS owner, d.description AS comment
FROM pg_publication AS p
{comment}
WHERE {where}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication(Record):
    """A publication; the tables that it names are records of their own.

    Args:
        name: Its name.
        all_tables: Whether it is for all tables.
        schemas: Those of which it publishes all tables.
        operations: What it publishes: ``insert``, ``update``, ``delete``, ``truncate``.
        via_root: Whether changes of partitions are published as those of the partitioned table.
        generated_columns: Whether stored generated columns are published.
        owner: The role that owns it.
        comment: What ``COMMENT ON PUBLICATION`` said.
    """

    kind: ClassVar[str] = "publication"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    all_tables: bool = False
    schemas: tuple[str, ...] = ()
    operations: tuple[str, ...] = ("insert", "update", "delete", "truncate")
    via_root: bool = False
    generated_columns: bool = False
    owner: str = ""
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Publication, ...]:
    """Read the publications with one query."""
    sql = SQL.format(
        schemas=_SCHEMAS if major(connection) >= WITH_LISTS else "CAST('{}' AS text[])",
        comment=comment_on("pg_publication", "p.oid"),
        where=f"{OF_DATABASE} AND {not_of_extension('pg_publication', 'p.oid')}",
    )
    return fetch(connection, Publication, sql, scope)
