"""Indexes, those of constraints too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_TABLES, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record
from alembic_assay.statements import not_null_columns

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.relname AS table, ic.relname AS name,
       pg_get_indexdef(i.indexrelid) AS definition,
       ARRAY(SELECT COALESCE((SELECT a.attname::text FROM pg_attribute AS a
                              WHERE a.attrelid = i.indrelid AND a.attnum = u.attnum), '')
             FROM unnest(i.indkey) WITH ORDINALITY AS u(attnum, ord) WHERE u.ord <= i.indnkeyatts ORDER BY u.ord)
           AS columns,
       am.amname AS method, i.indisunique AS unique, i.indpred IS NOT NULL AS partial,
       k.conname AS constraint, i.indisvalid AS valid, i.indisready AND i.indislive AS ready,
       i.indisclustered AS clustered, i.indisreplident AS replica_identity,
       COALESCE(ic.reloptions, '{{}}') AS options, ts.spcname AS tablespace, pi.inhparent::regclass::text AS parent,
       ARRAY(SELECT a.attnum || '=' || a.attstattarget FROM pg_attribute AS a
             WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0 ORDER BY a.attnum) AS statistics,
       d.description AS comment
FROM pg_index AS i
JOIN pg_class AS ic ON ic.oid = i.indexrelid
JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_am AS am ON am.oid = ic.relam
LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace AS ts ON ts.oid = ic.reltablespace
LEFT JOIN pg_inherits AS pi ON pi.inhrelid = i.indexrelid
{comment_on("pg_class", "i.indexrelid")}
WHERE c.relkind IN ('r', 'p', 'm', 'f') AND {IN_TABLES} AND {not_of_extension("pg_class", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Record):
    """An index.

    Args:
        schema: The schema of its table, which is its own.
        table: Its table or materialised view.
        name: Its name.
        definition: As ``pg_get_indexdef`` writes it.
        columns: The key columns in order; an empty string stands for an expression.
        method: The access method: ``btree``, ``gin`` …
        unique: Whether it is unique.
        partial: Whether it has a predicate.
        constraint: The primary key, unique or exclusion constraint that it serves.
        valid: ``False`` for what a failed ``CREATE INDEX CONCURRENTLY`` left behind.
        ready: Whether it is kept up to date and not being dropped.
        clustered: Whether the table was last clustered on it.
        replica_identity: Whether it is the table's replica identity.
        options: ``fillfactor=70`` …, which the definition has too, but not that of a constraint.
        tablespace: ``None`` for the database's own.
        parent: The index of the partitioned table that it is attached to.
        statistics: ``position=target`` for each key with a statistics target of its own.
        comment: What ``COMMENT ON INDEX`` said.
    """

    kind: ClassVar[str] = "index"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "table", "name")

    schema: str
    table: str
    name: str
    definition: str
    columns: tuple[str, ...] = ()
    method: str = "btree"
    unique: bool = False
    partial: bool = False
    constraint: str | None = None
    valid: bool = True
    ready: bool = True
    clustered: bool = False
    replica_identity: bool = False
    tablespace: str | None = None
    parent: str | None = None
    statistics: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    comment: str | None = None

    @property
    def not_null(self) -> tuple[str, ...]:
        """The columns of a predicate that only says of columns that they are not NULL."""
        return not_null_columns(self.definition.partition(" WHERE ")[2]) if self.partial else ()


def read(connection: Connection, scope: Scope) -> tuple[Index, ...]:
    """Read the indexes of all tables with one query."""
    return fetch(connection, Index, SQL, scope)
