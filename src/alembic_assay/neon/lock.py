"""One migration at a time: an advisory lock that survives poolers, crashes and CREATE INDEX CONCURRENTLY.

The lock is held on a connection of its own, so that a migration may commit as it likes, and it is polled, never
waited for: a statement that waits holds a snapshot, for which the holder's CREATE INDEX CONCURRENTLY would wait in
turn, for ever and without a deadlock that PostgreSQL could detect.
"""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, wait_random_exponential

from alembic_assay.errors import MigrationLockError
from alembic_assay.neon.engine import connect, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection, CursorResult, Engine

log = logging.getLogger("alembic.assay.lock")

FIRST_PAUSE = 0.1
"""Seconds: the shortest pause between two tries."""

LONGEST_PAUSE = 2.0
"""Seconds: what pauses grow to, at random, so that those who wait do not come all at once."""

_NAMESPACE = "alembic-assay"
_DEFAULT_SCHEMA = "public"

# pg_settings knows which of these the server's version has.
_NO_TIMEOUTS = (
    "SELECT set_config(name, '0', {local}) FROM pg_settings "
    "WHERE name IN ('idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')"
)
_HOLDER = (
    "SELECT a.pid, a.application_name, a.usename, a.state_change FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = {high} AND l.objid = {low} "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock.

    Args:
        pid: Process of the server.
        application_name: Empty if the server does not tell us.
        user: Empty if the server does not tell us.
        since: When it got the lock; ``None`` if the server does not tell us.
    """

    pid: int
    application_name: str
    user: str
    since: datetime | None

    def __str__(self) -> str:
        """``pid 4711 (alembic:head, user 'app') since 2026-01-31T12:00:00+00:00``, as much as is known."""
        known = [self.application_name, f"user {self.user!r}" if self.user else ""]
        who = ", ".join(filter(None, known))
        when = f" since {self.since.astimezone(UTC).isoformat(timespec='seconds')}" if self.since else ""
        return f"pid {self.pid}{f' ({who})' if who else ''}{when}"


def lock_key(database: str, version_table_schema: str | None, version_table: str) -> int:
    """Return the advisory lock's key: the first 63 bits of a SHA-256.

    What is hashed is ``alembic-assay``, the three arguments, and NUL between them, in UTF-8. No schema counts as
    ``public``: it is better to wait for a stranger than not to wait for oneself.

    Args:
        database: The database's name. PostgreSQL's advisory locks are separate for each database anyhow.
        version_table_schema: As in ``context.configure()``.
        version_table: As in ``context.configure()``.

    Example:
        >>> lock_key("app", None, "alembic_version") == lock_key("app", "public", "alembic_version")
        True
    """
    parts = (_NAMESPACE, database, version_table_schema or _DEFAULT_SCHEMA, version_table)
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return int.from_bytes(digest[:8]) >> 1


@contextmanager
def migration_lock(
    engine: Engine,
    *,
    wait: float,
    pooled: bool,
    database: str,
    version_table_schema: str | None,
    version_table: str,
) -> Iterator[None]:
    """Hold the lock of one version table while the block runs.

    Direct connections take a session lock. Through a transaction pooler that would stay behind on a server
    connection that others use, so there a transaction is kept open on a second connection: the pool must be able
    to give this process two.

    Args:
        engine: From :func:`alembic_assay.neon.engine.create`.
        wait: Seconds to wait for another process that migrates; 0 tries once.
        pooled: Whether a transaction pooler is in between.
        database: Part of :func:`lock_key`.
        version_table_schema: Part of :func:`lock_key`.
        version_table: Part of :func:`lock_key`.

    Raises:
        MigrationLockError: Another process still migrates after ``wait``; names it.
        DatabaseUnreachableError: The connection for the lock failed before the lock was there.

    Example:
        >>> with migration_lock(engine, wait=600, pooled=False, database="app", version_table_schema=None,
        ...                     version_table="alembic_version"): ...  # doctest: +SKIP
    """
    key = lock_key(database, version_table_schema, version_table)
    with connect(engine) as connection:
        lock = _TransactionLock(connection, key) if pooled else _SessionLock(connection, key)
        _acquire(lock, wait, engine.url, database)
        log.debug("holding the migration lock, key %d", key)
        try:
            yield
        finally:
            _release(lock)


class _SessionLock:
    """``pg_try_advisory_lock`` in AUTOCOMMIT: no transaction, hence no snapshot for others to wait for."""

    def __init__(self, connection: Connection, key: int) -> None:
        self.connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        self.key = key
        self.prepared = False

    def attempt(self) -> bool:
        if not self.prepared:
            _run(self.connection, _NO_TIMEOUTS.format(local="false"))
            self.prepared = True
        return bool(_run(self.connection, f"SELECT pg_try_advisory_lock({self.key})").scalar_one())

    def holder(self) -> Holder | None:
        return _holder(self.connection, self.key)

    def release(self) -> bool:
        return bool(_run(self.connection, f"SELECT pg_advisory_unlock({self.key})").scalar_one())


class _TransactionLock:
    """``pg_try_advisory_xact_lock`` in a transaction that stays open as long as the lock is held."""

    def __init__(self, connection: Connection, key: int) -> None:
        self.connection = connection
        self.key = key

    def attempt(self) -> bool:
        _run(self.connection, _NO_TIMEOUTS.format(local="true"))
        # A bound key would leave a portal open, and its snapshot would hang CREATE INDEX CONCURRENTLY.
        acquired = bool(_run(self.connection, f"SELECT pg_try_advisory_xact_lock({self.key})").scalar_one())
        if not acquired:
            self.connection.rollback()  # gives the server connection back to the pool between tries
        return acquired

    def holder(self) -> Holder | None:
        holder = _holder(self.connection, self.key)
        self.connection.rollback()
        return holder

    def release(self) -> bool:
        self.connection.rollback()
        return True


def _acquire(lock: _SessionLock | _TransactionLock, wait: float, url: URL, database: str) -> None:
    try:
        acquired = _poll(lock, wait)
        holder = None if acquired else lock.holder()
    except DBAPIError as error:
        raise unreachable(url, error) from error
    if not acquired:
        raise _not_acquired(database, holder, wait)


def _poll(lock: _SessionLock | _TransactionLock, wait: float) -> bool:
    deadline = time.monotonic() + wait
    retrying = Retrying(
        retry=retry_if_result(lambda acquired: not acquired),
        stop=stop_after_delay(wait),
        wait=wait_random_exponential(multiplier=FIRST_PAUSE, min=FIRST_PAUSE, max=LONGEST_PAUSE),
        sleep=lambda seconds: time.sleep(max(0.0, min(seconds, deadline - time.monotonic()))),
        before_sleep=_announce(lock),
        retry_error_callback=lambda _: False,
    )
    return bool(retrying(lock.attempt))


def _announce(lock: _SessionLock | _TransactionLock) -> Callable[[RetryCallState], None]:
    def announce(state: RetryCallState) -> None:
        if state.attempt_number == 1:
            log.info("waiting for another migration: %s", lock.holder() or "it has just ended")

    return announce


def _release(lock: _SessionLock | _TransactionLock) -> None:
    """Give the lock back; a failure is only logged, so that it does not hide the migration's own exception."""
    try:
        released = lock.release()
    except SQLAlchemyError:
        released = False
    if not released:
        log.warning(
            "the connection that held the migration lock was lost: another migration may have run at the same time"
        )


def _not_acquired(database: str, holder: Holder | None, wait: float) -> MigrationLockError:
    who = str(holder) if holder else "a process that has just ended"
    end = f", or end it: SELECT pg_terminate_backend({holder.pid})" if holder else ""
    return MigrationLockError(
        f"another process is migrating database {database!r}: {who}; waited {wait:g} s.",
        hint=f"Try again when it is done, raise lock_wait{end}.",
    )


def _holder(connection: Connection, key: int) -> Holder | None:
    row = _run(connection, _HOLDER.format(high=key >> 32, low=key & 0xFFFFFFFF)).first()
    if row is None:
        return None
    return Holder(row.pid, row.application_name or "", row.usename or "", row.state_change)


def _run(connection: Connection, statement: str) -> CursorResult[Any]:
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
