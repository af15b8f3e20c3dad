from __future__ import annotations

import asyncio
import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool
from tests.support import pgbouncer

from alembic_assay.errors import SettingsError
from alembic_assay.session import Settings
from alembic_assay.session import engine as engines

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

APPLICATION = "SELECT current_setting('search_path'), current_setting('lock_timeout')"
CALLS = 12
"""More than psycopg's five, after which it prepares."""


def settings(url: URL, **options: Any) -> Settings:
    return Settings(url=url, **{"pool_size": 1, "max_overflow": 0, **options})


def pooled(url: URL) -> URL:
    return url.update_query_dict({"pgbouncer": "true"})


def with_options(url: URL) -> URL:
    return url.update_query_dict({"options": "-csearch_path=app -clock_timeout=2s"})


@pytest.fixture
def app_schema(database_url: URL) -> Engine:
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA app")
        connection.exec_driver_sql("CREATE TABLE t (a int)")
    return engine


def test_the_pool_is_that_of_the_settings(database_url: URL) -> None:
    engine = engines.create_engine(settings(database_url, pool_size=3, pool_timeout=1.5, echo=True))
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool.timeout(), pool._max_overflow, pool._recycle, pool._pre_ping) == (3, 1.5, 0, 280, True)
    assert engine.echo is True
    assert isinstance(engines.create_engine(settings(database_url, pool_size=0)).pool, NullPool)
    assert engines.create_engine(settings(database_url), pool_recycle=1).pool._recycle == 1


def test_the_flag_of_a_pooler_is_not_passed_on(database_url: URL) -> None:
    assert "pgbouncer" not in engines.create_engine(settings(pooled(database_url))).url.query


def test_asyncpg_cannot_be_synchronous(database_url: URL) -> None:
    message = "asyncpg cannot serve a synchronous engine. Use create_async_engine(), or postgresql://."
    with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
        engines.create_engine(settings(database_url, driver="asyncpg"))


def shown(url: URL, driver: str) -> tuple[object, ...]:
    """What a session sees of its settings, twice; first in one transaction, then in another."""

    async def show() -> tuple[object, ...]:
        engine = engines.create_async_engine(settings(url, driver=driver))
        try:
            for _ in range(2):
                async with engine.begin() as connection:
                    row = (await connection.execute(text(APPLICATION))).one()
        finally:
            await engine.dispose()
        return tuple(row)

    if driver != "sync":
        return asyncio.run(show())
    engine = engines.create_engine(settings(url))
    for _ in range(2):
        with engine.begin() as connection:
            row = connection.execute(text(APPLICATION)).one()
    engine.dispose()
    return tuple(row)


@pytest.mark.parametrize("driver", ["sync", "psycopg", "asyncpg"])
@pytest.mark.usefixtures("app_schema")
def test_settings_of_the_url_hold_on_both_ways(database_url: URL, pooled_url: URL, driver: str) -> None:
    assert shown(with_options(database_url), driver) == ("app", "2s")
    assert shown(with_options(pooled(pooled_url)), driver) == ("app", "2s")
    plain = create_engine(pooled_url, poolclass=NullPool)
    with plain.connect() as connection:  # nothing stays behind on the pooler's connections
        assert connection.execute(text(APPLICATION)).one() == ('"$user", public', "0")


def test_without_us_the_pooler_refuses_them(pooled_url: URL) -> None:
    with pytest.raises(OperationalError, match="unsupported startup parameter"):
        create_engine(with_options(pooled_url)).connect()


def test_settings_are_not_set_in_autocommit(pooled_url: URL) -> None:
    engine = engines.create_engine(settings(with_options(pooled(pooled_url))), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        assert connection.execute(text(APPLICATION)).one() == ('"$user", public', "0")
    engine.dispose()


@pytest.mark.usefixtures("app_schema")
def test_statements_through_a_pooler_prepare_nothing(pooled_url: URL) -> None:
    """Two engines and four server connections: a statement that was prepared would be missing, or there twice."""

    async def many(driver: str) -> None:
        created = [engines.create_async_engine(settings(pooled(pooled_url), driver=driver)) for _ in range(2)]
        for _ in range(CALLS):
            for engine in created:
                async with engine.begin() as connection:
                    await connection.execute(text("SELECT * FROM t WHERE a = :a"), {"a": 1})
        for engine in created:
            await engine.dispose()

    asyncio.run(many("psycopg"))
    asyncio.run(many("asyncpg"))
    direct = create_engine(pooled_url, poolclass=NullPool)
    with direct.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 0


def test_a_migration_under_a_pooled_engine(pooled_url: URL, app_schema: Engine) -> None:
    engine = engines.create_engine(settings(pooled(pooled_url)))
    for number in range(CALLS):
        with engine.connect() as connection:
            row = connection.execute(text("SELECT * FROM t")).keys()
            assert len(list(row)) == (1 if number < CALLS / 2 else 2)
        if number == CALLS / 2 - 1:
            with app_schema.connect() as other:
                other.exec_driver_sql("ALTER TABLE t ADD b int")
    engine.dispose()


def test_a_direct_engine_prepares(database_url: URL) -> None:
    engine = engines.create_engine(settings(database_url))
    with engine.connect() as connection:
        for _ in range(CALLS):
            connection.execute(text("SELECT 1"))
        assert connection.execute(text("SELECT count(*) > 0 FROM pg_prepared_statements")).scalar_one()
    engine.dispose()


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_sslmode_and_channel_binding_of_an_async_url(database_url: URL, driver: str) -> None:
    url = database_url.update_query_dict({"sslmode": "prefer", "channel_binding": "prefer", "connect_timeout": "9"})

    async def ask() -> object:
        engine = engines.create_async_engine(settings(url, driver=driver))
        async with engine.connect() as connection:
            answer = (await connection.execute(text("SELECT 1"))).scalar_one()
        await engine.dispose()
        return answer

    assert asyncio.run(ask()) == 1


def late(url: URL, port: int, ready: threading.Event, done: threading.Event) -> threading.Thread:
    """PgBouncer that listens after a moment, as a compute that wakes up."""

    def serve() -> None:
        time.sleep(0.7)
        with pgbouncer.running(url, port=port):
            ready.set()
            done.wait(30)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize("driver", ["sync", "psycopg"])
def test_the_first_connection_waits_for_a_server_that_wakes_up(
    database_url: URL, late_pooler: int, driver: str
) -> None:
    ready, done = threading.Event(), threading.Event()
    thread = late(database_url, late_pooler, ready, done)
    try:
        url = pooled(database_url.set(host="127.0.0.1", port=late_pooler))
        assert shown(url, driver)[1] == "0"
        assert ready.wait(5)
    finally:
        done.set()
        thread.join()


def test_an_event_loop_goes_on_while_an_engine_waits(database_url: URL, late_pooler: int) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async def connect() -> None:
        url = pooled(database_url.set(host="127.0.0.1", port=late_pooler))
        engine = engines.create_async_engine(settings(url, connect_patience=4))
        ticking = asyncio.create_task(tick())
        with pytest.raises(OperationalError, match=r"[Rr]efused"):
            async with engine.connect():
                pass
        ticking.cancel()

    asyncio.run(connect())
    assert ticks > 10


def test_a_wrong_password_fails_at_once(database_url: URL) -> None:
    engine = engines.create_engine(settings(database_url.set(password="wrong")))
    started = time.monotonic()
    with pytest.raises(OperationalError, match="password authentication failed"):
        engine.connect()
    assert time.monotonic() - started < 5


def test_a_connection_that_the_server_ended_is_replaced(database_url: URL, app_schema: Engine) -> None:
    engine = engines.create_engine(settings(database_url))
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with app_schema.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    with engine.connect() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != pid
    engine.dispose()


def test_a_connection_that_ends_in_a_transaction_is_an_error(database_url: URL, app_schema: Engine) -> None:
    engine = engines.create_engine(settings(database_url))
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with app_schema.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        with pytest.raises(DBAPIError) as raised:
            connection.execute(text("SELECT 1"))
    assert raised.value.connection_invalidated
    engine.dispose()
