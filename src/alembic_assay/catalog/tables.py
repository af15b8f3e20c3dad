"""Tables: ordinary, partitioned and foreign; partitions and children of other tables."""

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
SELECT n.nspname AS schema, c.relname AS name,
       CASE c.relkind WHEN 'r' THEN 'ordinary' WHEN 'p' THEN 'partitioned' ELSE 'foreign' END AS form,
       CASE c.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' ELSE 'permanent' END AS persistence,
       CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
       pg_get_expr(c.relpartbound, c.oid) AS partition_bound,
       ARRAY(SELECT i.inhparent::regclass::text FROM pg_inherits AS i WHERE i.inhrelid = c.oid ORDER BY i.inhseqno)
           AS parents,
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
       am.amname AS access_method, ts.spcname AS tablespace,
       COALESCE(c.reloptions, '{{}}') AS options, COALESCE(toast.reloptions, '{{}}') AS toast_options,
       fs.srvname AS foreign_server, CASE WHEN ft.ftoptions IS NULL THEN '{{}}' ELSE {without_secrets("ft.ftoptions")} END AS foreign_options,
       c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security,
       CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' ELSE 'default' END
           AS replica_identity,
       pg_get_userbyid(c.relowner) AS owner, {privileges("r", "c.relacl", "c.relowner")} AS acl, d.description AS comment
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_tablespace AS ts ON ts.oid = c.reltablespace
LEFT JOIN pg_class AS toast ON toast.oid = c.reltoastrelid
LEFT JOIN pg_foreign_table AS ft ON ft.ftrelid = c.oid
LEFT JOIN pg_foreign_server AS fs ON fs.oid = ft.ftserver
{comment_on("pg_class", "c.oid")}
WHERE c.relkind IN ('r', 'p', 'f') AND {IN_TABLES} AND {not_of_extension("pg_class", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Record):
    """A table without its columns, constraints and indexes, which are records of their own.

    Args:
        schema: Its schema.
        name: Its name.
        form: ``ordinary``, ``partitioned`` or ``foreign``.
        persistence: ``permanent``, ``unlogged`` or ``temporary``.
        partition_key: ``RANGE (created_at)``.
        partition_bound: ``FOR VALUES FROM … TO …`` or ``DEFAULT``; ``None`` where it is no partition.
        parents: The tables that it inherits from or is a partition of, in order.
        of_type: The composite type of a typed table.
        access_method: ``heap`` or another.
        tablespace: ``None`` for the database's own.
        options: ``fillfactor=70`` …
        toast_options: The same of its TOAST table.
        foreign_server: Of a foreign table.
        foreign_options: Of a foreign table, by name, without passwords.
        row_security: Whether row-level security is enabled.
        force_row_security: Whether it binds the owner too.
        replica_identity: ``default``, ``full``, ``index`` or ``nothing``.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON TABLE`` said.
    """

    kind: ClassVar[str] = "table"

    schema: str
    name: str
    form: str = "ordinary"
    persistence: str = "permanent"
    partition_key: str | None = None
    partition_bound: str | None = None
    parents: tuple[str, ...] = ()
    of_type: str | None = None
    access_method: str | None = None
    tablespace: str | None = None
    options: tuple[str, ...] = ()
    toast_options: tuple[str, ...] = ()
    foreign_server: str | None = None
    foreign_options: tuple[str, ...] = ()
    row_security: bool = False
    force_row_security: bool = False
    replica_identity: str = "default"
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Table, ...]:
    """Read all tables with one query."""
    return fetch(connection, Table, SQL, scope)
