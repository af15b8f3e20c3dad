"""Engines for applications: pooled connections that survive poolers, sleep and restarts."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from alembic_assay.errors import SettingsError
from alembic_assay.neon.engine import CONNECT_TIMEOUT, KEEPALIVES, is_autocommit, retrying
from alembic_assay.neon.url import for_libpq
from alembic_assay.session.drivers import asyncpg_arguments, asyncpg_url
from alembic_assay.session.slow import log_slow_queries
from alembic_assay.session.startup import split_options
from alembic_assay.sql import set_local

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from alembic_assay.session.settings import Settings


def create_engine(settings: Settings, **options: Any) -> Engine:
    """Make an engine. Nothing connects before the first query.

    Connections are tested before use, because Neon ends those of a compute that it suspends; a first connection is
    tried again while the compute wakes up. Behind a pooler, psycopg prepares nothing on the server: the pooler
    shares prepared statements among clients, and after a migration they fail with "cached plan must not change
    result type". Settings in the URL (``options=-csearch_path=app``), which a pooler refuses at the start, are set
    in each transaction there.

    Args:
        settings: From :meth:`~alembic_assay.session.settings.Settings.from_environment`.
        options: Of ``sqlalchemy.create_engine``, over ours.

    Raises:
        SettingsError: The driver is one for async engines.

    Example:
        >>> from alembic_assay.session.settings import Settings
        >>> create_engine(Settings.from_environment({"DATABASE_URL": "postgres://ann@db/app"}))
        Engine(postgresql+psycopg://ann@db/app)
    """
    if settings.driver != "psycopg":
        raise SettingsError(
            f"{settings.driver} cannot serve a synchronous engine.", hint="Use create_async_engine(), or postgresql://."
        )
    url, session_settings = split_options(settings.url, pooled=settings.pooled)
    arguments = {**_psycopg_arguments(url, pooled=settings.pooled), **options.pop("connect_args", {})}
    engine = sa.create_engine(for_libpq(url), connect_args=arguments, **{**_pool(settings), **options})
    return _prepared(engine, settings, session_settings, time.sleep)


def create_async_engine(settings: Settings, **options: Any) -> AsyncEngine:
    """Make an async engine, with psycopg, or with asyncpg if the URL says ``postgresql+asyncpg://``.

    It is like that of :func:`create_engine`; with asyncpg both of its statement caches are off behind a pooler.

    Args:
        settings: From :meth:`~alembic_assay.session.settings.Settings.from_environment`.
        options: Of ``sqlalchemy.ext.asyncio.create_async_engine``, over ours.

    Example:
        >>> from alembic_assay.session.settings import Settings
        >>> create_async_engine(Settings.from_environment({"DATABASE_URL": "postgresql+asyncpg://ann@db/app"})).url
        postgresql+asyncpg://ann@db/app
    """
    try:
        import greenlet  # noqa: F401, PLC0415 - the extra `async`
    except ImportError:
        raise SettingsError("async engines need greenlet.", hint="Run pip install 'alembic-assay[async]'.") from None
    from sqlalchemy.ext.asyncio import create_async_engine as create  # noqa: PLC0415 - needs greenlet
    from sqlalchemy.util import await_only  # noqa: PLC0415 - needs greenlet

    url, session_settings = split_options(settings.url, pooled=settings.pooled)
    if settings.driver == "asyncpg":
        ours, target = asyncpg_arguments(url, pooled=settings.pooled, timeout=CONNECT_TIMEOUT), asyncpg_url(url)
    else:
        ours, target = _psycopg_arguments(url, pooled=settings.pooled), for_libpq(url)
    arguments = {**ours, **options.pop("connect_args", {})}
    engine = create(target, connect_args=arguments, **{**_pool(settings), **options})
    _prepared(engine.sync_engine, settings, session_settings, lambda seconds: await_only(asyncio.sleep(seconds)))
    return engine


def _pool(settings: Settings) -> dict[str, Any]:
    if settings.pool_size == 0:
        return {"poolclass": NullPool, "echo": settings.echo}
    return {
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout,
        "pool_recycle": settings.pool_recycle,
        "pool_pre_ping": True,
        "pool_use_lifo": True,  # the connections that are not needed stay idle, and age
        "echo": settings.echo,
    }


def _psycopg_arguments(url: sa.URL, *, pooled: bool) -> dict[str, Any]:
    given = str(url.query.get("connect_timeout", ""))
    arguments: dict[str, Any] = {name: value for name, value in KEEPALIVES.items() if name not in url.query}
    if not given:
        arguments["connect_timeout"] = CONNECT_TIMEOUT
    if pooled:
        arguments["prepare_threshold"] = None
    return arguments


def close_late(engine: Engine) -> None:
    """Have what is still checked out closed when it comes back: a pool that is disposed of would keep it.

    Args:
        engine: Before ``dispose()``.
    """
    event.listen(engine.pool, "checkin", lambda _connection, record: record.invalidate())


def _prepared(
    engine: Engine, settings: Settings, session_settings: dict[str, str], sleep: Callable[[float], Any]
) -> Engine:
    _connect_patiently(engine, settings.connect_patience, sleep)
    if session_settings:
        statement = f"SELECT {set_local(session_settings)}"

        @event.listens_for(engine, "begin")
        def set_again(connection: Connection) -> None:
            if not is_autocommit(connection):
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    if settings.slow_query:
        log_slow_queries(engine, settings.slow_query)
    return engine


def _connect_patiently(engine: Engine, patience: float, sleep: Callable[[float], Any]) -> None:
    @event.listens_for(engine, "do_connect")
    def connect(dialect: sa.Dialect, _record: object, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        return retrying(patience, sleep=sleep)(dialect.connect, *arguments, **keywords)
