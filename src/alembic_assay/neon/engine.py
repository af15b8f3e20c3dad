"""Engines for migrations: patient with a server that wakes up, impatient with locks."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from tenacity import AsyncRetrying, RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from alembic_assay.errors import AssayError, DatabaseUnreachableError
from alembic_assay.neon import faults
from alembic_assay.neon.url import for_libpq, masked
from alembic_assay.sql import identifier, set_local

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import URL, Connection, Engine

log = logging.getLogger("alembic.assay.connect")

PATIENCE = 60.0
"""Seconds to keep trying. Neon's proxy itself waits about 17 s for a compute that wakes up."""

CONNECT_TIMEOUT = 15
"""Seconds for one try. Neon's proxy retries the wake-up for 11 s before it gives up."""

IDLE_IN_TRANSACTION_TIMEOUT = "1h"
"""Neon's default of 5 min would end a migration that computes in Python; none would keep a lost client's locks."""

KEEPALIVES = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Of libpq: a peer that vanished is noticed within a minute."""


def create(
    url: URL,
    *,
    lock_timeout: str,
    application_name: str,
    statement_timeout: str = "0",
    search_path: Sequence[str] = (),
    pooled: bool = False,
) -> Engine:
    """Make the engine of one migration run.

    Nothing is pooled or prepared, so that it also works through PgBouncer. Timeouts are set anew in every
    transaction; in AUTOCOMMIT none is, for ``CREATE INDEX CONCURRENTLY`` has to wait for other transactions.

    Args:
        url: From :func:`alembic_assay.neon.url.parse` or ``resolve``.
        lock_timeout: How long DDL waits for a lock, in PostgreSQL's units: ``"2s"``; ``"0"`` is for ever.
        application_name: What ``pg_stat_activity`` shows, and the message to those who wait for us.
        statement_timeout: How long a statement may take, in the same units.
        search_path: Schemas, for the whole session; none for the server's own setting.
        pooled: A transaction pooler refuses settings for a session: set ``search_path`` in every transaction.

    Example:
        >>> from alembic_assay.neon.url import parse
        >>> create(parse("postgres://ann@db/app"), lock_timeout="2s", application_name="alembic:head")
        Engine(postgresql+psycopg://ann@db/app)
    """
    arguments = _connect_args(url, application_name)
    if search_path and not pooled:
        path = _escaped(", ".join(map(identifier, search_path)))
        arguments["options"] = f"{url.query.get('options', '')} -csearch_path={path}".strip()
    engine = create_engine(for_libpq(url), poolclass=NullPool, connect_args=arguments)
    in_transaction = search_path if pooled else ()
    set_timeouts(engine, lock_timeout=lock_timeout, statement_timeout=statement_timeout, search_path=in_transaction)
    return engine


def set_timeouts(
    engine: Engine, *, lock_timeout: str, statement_timeout: str = "0", search_path: Sequence[str] = ()
) -> None:
    """Have every transaction of an engine begin with its settings, but nothing in AUTOCOMMIT.

    Args:
        engine: Any; each call adds to what it does.
        lock_timeout: As for :func:`create`.
        statement_timeout: As for :func:`create`.
        search_path: Schemas; in AUTOCOMMIT, where they cannot be set, every statement is refused.

    Example:
        >>> set_timeouts(engine, lock_timeout="2s")  # doctest: +SKIP
    """
    settings = settings_of_a_transaction(lock_timeout, statement_timeout, search_path)
    statement = f"SELECT {set_local(settings)}"

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not is_autocommit(connection):
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        elif search_path:
            raise no_autocommit(search_path[0])


def no_autocommit(schema: str) -> AssayError:
    """Say why an ``autocommit_block()`` cannot be: what it does would be done in another schema.

    Args:
        schema: The tenant's.
    """
    return AssayError(
        f"an autocommit_block() cannot run in schema {schema!r} over a pooler.",
        hint="Set DATABASE_URL_UNPOOLED to migrate over the direct host.",
    )


def settings_of_a_transaction(
    lock_timeout: str, statement_timeout: str = "0", search_path: Sequence[str] = ()
) -> dict[str, str]:
    """Return what holds for every transaction of a migration; a role's own ``statement_timeout`` is the application's.

    Args:
        lock_timeout: As for :func:`create`.
        statement_timeout: As for :func:`create`.
        search_path: Schemas; none for the session's.
    """
    settings = {
        "lock_timeout": lock_timeout,
        "statement_timeout": statement_timeout,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT,
    }
    return settings | ({"search_path": ", ".join(map(identifier, search_path))} if search_path else {})


def connect(engine: Engine, *, patience: float = PATIENCE) -> Connection:
    """Connect, and try again while the server wakes up, starts or is full.

    Every retry is logged under ``alembic.assay.connect``.

    Args:
        engine: From :func:`create`.
        patience: Seconds after which no further try begins. Faults that seldom pass get a part of it
            (:attr:`alembic_assay.neon.faults.Fault.share`).

    Raises:
        DatabaseUnreachableError: At once for a fault that no retry heals, otherwise when patience is over. It
            holds the masked URL, the server's own words and a hint.

    Example:
        >>> with connect(engine, patience=10) as connection:  # doctest: +SKIP
        ...     connection.exec_driver_sql("SELECT 1")
    """
    try:
        return retrying(patience)(engine.connect)
    except DBAPIError as error:
        raise unreachable(engine.url, error, patience=patience) from error


def retrying(patience: float, *, sleep: Callable[[float], Any] = time.sleep) -> Retrying:
    """Return what calls a function again while its fault is one that passes; the last error is raised as it is.

    Args:
        patience: As for :func:`connect`.
        sleep: What waits, such as one that lets an event loop go on.

    Example:
        >>> retrying(10)(int, "1")
        1
    """
    return Retrying(sleep=sleep, **_policy(patience))


def retrying_async(patience: float) -> AsyncRetrying:
    """Return what awaits a coroutine function again, like :func:`retrying`.

    Args:
        patience: As for :func:`connect`.
    """
    return AsyncRetrying(**_policy(patience))


def _policy(patience: float) -> dict[str, Any]:
    return {
        "retry": retry_if_exception(lambda error: faults.classify(error).retry),
        "stop": _is_over(patience),
        "wait": wait_random_exponential(multiplier=0.5, min=0.2, max=5),
        "before_sleep": _log_retry,
        "reraise": True,
    }


def unreachable(url: URL, error: BaseException, *, patience: float = 0) -> DatabaseUnreachableError:
    """Say in one line that a server did not let us in, or let us go.

    Args:
        url: Where we wanted to go; shown masked.
        error: What the driver said.
        patience: Seconds that were spent on retries, for faults that are retried.
    """
    fault = faults.classify(error)
    tried = f" for {patience * fault.share:g} s" if fault.retry and patience else ""
    return DatabaseUnreachableError(
        f"cannot connect to {masked(_identity(url))}{tried}: {faults.reason(error).rstrip('.')}.", hint=fault.hint
    )


def is_autocommit(connection: Connection) -> bool:
    """Whether statements of this connection are committed one by one."""
    dbapi_connection: Any = connection.connection.dbapi_connection
    detect = getattr(connection.dialect, "detect_autocommit_setting", None)  # new in SQLAlchemy 2.1
    return bool(dbapi_connection.autocommit if detect is None else detect(dbapi_connection))


def _connect_args(url: URL, application_name: str) -> dict[str, Any]:
    defaults = {name: value for name, value in KEEPALIVES.items() if name not in url.query}
    given = str(url.query.get("connect_timeout", ""))
    seconds = int(given) if given.isascii() and given.isdigit() else CONNECT_TIMEOUT
    return {
        **defaults,
        "application_name": application_name,
        "connect_timeout": max(seconds, CONNECT_TIMEOUT),
        "prepare_threshold": None,
    }


def _escaped(setting: str) -> str:
    """Write a value for libpq's ``options``, where white space separates."""
    return re.sub(r"([\\\s])", r"\\\1", setting)


def _identity(url: URL) -> URL:
    """Leave out parameters that do not say which database it is."""
    return url.difference_update_query(set(url.query) - {"host", "port"})


def _is_over(patience: float) -> Callable[[RetryCallState], bool]:
    def is_over(state: RetryCallState) -> bool:
        share = faults.classify(_failure(state)).share
        return (state.seconds_since_start or 0) + state.upcoming_sleep > patience * share

    return is_over


def _log_retry(state: RetryCallState) -> None:
    error = _failure(state)
    log.warning("%s (%s); next try in %.1f s", faults.reason(error), faults.classify(error).name, state.upcoming_sleep)


def _failure(state: RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome else None
    return error or RuntimeError("no failure")
