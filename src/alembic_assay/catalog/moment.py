"""A snapshot of one moment, while others change the schema: complete, or a clear error.

A transaction that is REPEATABLE READ is not enough. What the server writes out (``pg_get_viewdef``, ``format_type``,
``regclass`` …) it looks up as of now, whatever the transaction sees: a column that is renamed meanwhile has its old name
in ``pg_attribute`` and its new one in the checks. ``pg_dump`` locks all tables, for which a role needs SELECT on all of
them. We look whether anything has changed until the end, and if so, read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alembic_assay.catalog.reading import FIRST_OID, one_moment
from alembic_assay.catalog.snapshot import Snapshot, read
from alembic_assay.errors import LockTimeoutError, SchemaChangedError, sqlstate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_CHANGED_TWICE = "the schema was changed while it was read, and again while it was read once more."
_ATTEMPTS = 2
_SHOWN = 3
_LOCK_NOT_AVAILABLE = "55P03"
_CHANGED = frozenset({"3F000", "40001", "42703", "42704", "42883", "42P01", "XX000"})
"""SQLSTATEs of objects that are gone, and of a standby that had to cancel a query to go on."""

VERSION = f"""
WITH relation AS MATERIALIZED (
    SELECT oid, xmin AS version FROM pg_class WHERE oid >= {FIRST_OID} AND relpersistence <> 't'
), place AS MATERIALIZED (
    SELECT oid, xmin AS version FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
), object AS (
    SELECT version FROM relation
    UNION ALL SELECT version FROM place
    UNION ALL SELECT a.xmin FROM pg_attribute AS a JOIN relation AS r ON r.oid = a.attrelid WHERE a.attnum > 0
    UNION ALL SELECT a.xmin FROM pg_attrdef AS a JOIN relation AS r ON r.oid = a.adrelid
    UNION ALL SELECT i.xmin FROM pg_index AS i JOIN relation AS r ON r.oid = i.indrelid
    UNION ALL SELECT t.xmin FROM pg_trigger AS t JOIN relation AS r ON r.oid = t.tgrelid
    UNION ALL SELECT w.xmin FROM pg_rewrite AS w JOIN relation AS r ON r.oid = w.ev_class
    UNION ALL SELECT t.xmin FROM pg_type AS t JOIN place AS n ON n.oid = t.typnamespace WHERE t.oid >= {FIRST_OID}
    UNION ALL SELECT p.xmin FROM pg_proc AS p WHERE p.oid >= {FIRST_OID}
    UNION ALL SELECT o.xmin FROM pg_operator AS o WHERE o.oid >= {FIRST_OID}
    UNION ALL SELECT c.xmin FROM pg_collation AS c WHERE c.oid >= {FIRST_OID}
    UNION ALL SELECT c.xmin FROM pg_opclass AS c WHERE c.oid >= {FIRST_OID}
    UNION ALL SELECT s.xmin FROM pg_statistic_ext AS s
)
SELECT count(*) || ' ' || COALESCE(sum(CASE WHEN age(version) < 2147483647 THEN age('3'::xid) - age(version) END), 0)
FROM object
"""
"""Another text whenever something is made, dropped or changed whose name or definition the server writes out.

``age`` counts from now, and so does that of transaction 3: their difference does not. What ``initdb`` made is always as
old as can be.
"""

HOLDERS = """
SELECT l.pid, a.usename AS role, a.application_name AS application, min(format('%I.%I', n.nspname, c.relname)) AS name
FROM pg_locks AS l
JOIN pg_class AS c ON c.oid = l.relation
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_(toast|temp)'
GROUP BY l.pid, a.usename, a.application_name ORDER BY l.pid
"""


def read_moment(
    connection: Connection,
    lock_timeout: str = "2s",
    schemas: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
) -> Snapshot:
    """Read what the catalogs hold at one moment, in read-only transactions of our own.

    It works on a hot standby, and for a role without any right on what it reads.

    Args:
        connection: Of the caller's own, in no transaction.
        lock_timeout: How long to wait for a table that another session has locked, in PostgreSQL's units.
        schemas: As of :func:`~alembic_assay.catalog.snapshot.read`.
        tables: The same.

    Raises:
        LockTimeoutError: A table stayed locked; says by whom.
        SchemaChangedError: The schema was changed during both of two attempts.
        sqlalchemy.exc.DBAPIError: Anything else, such as a connection that broke.

    Example:
        >>> with engine.connect() as connection:  # doctest: +SKIP
        ...     snapshot = read_moment(connection)
    """
    for _ in range(_ATTEMPTS):
        try:
            with one_moment(connection, lock_timeout):
                version = connection.execute(text(VERSION)).scalar_one()
                snapshot = read(connection, schemas, tables)
            with one_moment(connection, lock_timeout):
                if connection.execute(text(VERSION)).scalar_one() == version:
                    return snapshot
        except DBAPIError as error:
            if sqlstate(error) == _LOCK_NOT_AVAILABLE:
                raise locked(connection, lock_timeout) from error
            if sqlstate(error) not in _CHANGED or error.connection_invalidated:
                raise
    raise SchemaChangedError(_CHANGED_TWICE, hint="Run the same command again when nobody migrates this database.")


def locked(connection: Connection, lock_timeout: str) -> LockTimeoutError:
    """Return the error that says who has locked what.

    Args:
        connection: In no transaction; on which the wait was given up.
        lock_timeout: How long it was.
    """
    with connection.begin():
        rows = connection.execute(text(HOLDERS)).all()
    holders = [f"{row.name} by process {row.pid}{_who(row.role, row.application)}" for row in rows[:_SHOWN]]
    more = [f"{len(rows) - _SHOWN} more sessions"] if len(rows) > _SHOWN else []
    listed = f": {', '.join([*holders, *more])}" if holders else ""
    return LockTimeoutError(
        f"waited longer than {lock_timeout} (lock_timeout) for a table that another session has locked{listed}.",
        hint="Run the same command again when its transaction is over.",
    )


def _who(role: str | None, application: str | None) -> str:
    known = {"role": role, "application": application}
    words = ", ".join(f"{what} {name!r}" for what, name in known.items() if name)
    return f" ({words})" if words else ""
