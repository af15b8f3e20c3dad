"""Which locks a migration holds, seen from another connection while it runs."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from alembic_assay.neon import faults
from alembic_assay.neon.engine import PATIENCE, retrying
from alembic_assay.neon.url import DRIVER, for_libpq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

log = logging.getLogger("alembic.assay.locks")

INTERVAL = 0.02
"""Seconds between two looks; a lock that is held for less may not be seen."""

_LOCKS = """
SELECT DISTINCT l.relation::regclass::text, l.mode FROM pg_locks AS l
JOIN pg_stat_activity AS a USING (pid)
JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.granted AND a.application_name LIKE 'alembic:%' AND a.pid <> pg_backend_pid()
  AND c.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relname <> 'alembic_version' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

# https://www.postgresql.org/docs/current/explicit-locking.html: what each blocks.
STRENGTH = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)


@contextmanager
def sampled(url: URL) -> Iterator[dict[str, str]]:
    """Watch the locks of ``alembic:…`` while the block runs.

    Args:
        url: The database, over the direct way.

    Yields:
        Table to the strongest lock that was seen; it grows while the block runs.
    """
    held: dict[str, str] = {}
    end = threading.Event()
    conninfo = for_libpq(url).set(drivername=DRIVER.partition("+")[0]).render_as_string(hide_password=False)

    def watch() -> None:
        connect = retrying(PATIENCE, sleep=end.wait)
        with connect(psycopg.connect, conninfo, autocommit=True, prepare_threshold=None) as connection:
            while not end.is_set():
                for table, mode in connection.execute(_LOCKS.encode()).fetchall():
                    if mode in STRENGTH:
                        held[table] = max(held.get(table, mode), mode, key=STRENGTH.index)
                end.wait(INTERVAL)

    def watch_or_say() -> None:
        try:
            watch()
        except psycopg.Error as error:
            log.warning("locks were not watched to the end: %s", faults.reason(error))

    thread = threading.Thread(target=watch_or_say, name="assay-locks", daemon=True)
    thread.start()
    try:
        yield held
    finally:
        end.set()
        thread.join()
