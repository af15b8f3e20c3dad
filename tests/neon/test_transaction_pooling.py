"""What a transaction pooler breaks, row by row, and what our helpers do about it with the same pooled URL of Neon.

The first half of a test shows that the bench breaks it as Neon's pooler does; the second that with us it works.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from tests.support.neon_bench import ENDPOINT
from tests.support.project import Project
from tests.support.servers import libpq_url

from alembic_assay import tenants
from alembic_assay.neon.engine import create
from alembic_assay.neon.lock import lock_key, migration_lock
from alembic_assay.neon.url import direct, parse
from alembic_assay.session import Settings, engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import URL
    from tests.support.neon_bench import Bench

POOLED = f"{ENDPOINT}-pooler"
CALLS = 12
"""More than psycopg's five, after which it prepares."""


@pytest.fixture
def run(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """Run revisions with ``DATABASE_URL`` as the console shows it."""
    project = Project(tmp_path / "project", bench.server_url)
    project.write_env(
        "from alembic import context\nfrom sqlalchemy import MetaData\n\nfrom alembic_assay.env import run\n\nrun(context, MetaData())\n"
    )

    def run(*revisions: str, url: URL = bench.pooled_url) -> Config:
        for revision in revisions:
            project.add_revision(revision)
        monkeypatch.setenv("DATABASE_URL", written(url))
        config = Config(project.root / "alembic.ini")
        command.upgrade(config, "head")
        return config

    return run


def written(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def with_options(url: URL) -> URL:
    return url.update_query_dict({"options": "-csearch_path=app -clock_timeout=2s"})


@contextmanager
def clients(bench: Bench, number: int = 2) -> Iterator[list[psycopg.Connection[Any]]]:
    """Clients of the pooler that nobody helps; each has a server connection of its own for a moment."""
    with ExitStack() as stack:
        url = libpq_url(bench.pooled_url)
        yield [
            stack.enter_context(psycopg.connect(url, autocommit=True, prepare_threshold=None)) for _ in range(number)
        ]


def one(connection: psycopg.Connection[Any], statement: str) -> object:
    row = connection.execute(statement.encode()).fetchone()
    return row and row[0]


def settings(url: URL, driver: Any = "psycopg") -> Settings:
    return Settings(url=parse(url), driver=driver, pool_size=1, max_overflow=0)


def asked(url: URL, driver: str, *statements: str) -> list[Any]:
    """The last row of each statement, each in a transaction of our application's engine."""

    async def ask() -> list[Any]:
        ours = engine.create_async_engine(settings(url, driver))
        rows = []
        for statement in statements:
            async with ours.begin() as connection:
                rows.append(tuple((await connection.execute(text(statement))).one()))
        await ours.dispose()
        return rows

    if driver != "sync":
        return asyncio.run(ask())
    ours = engine.create_engine(settings(url))
    rows = []
    for statement in statements:
        with ours.begin() as connection:
            rows.append(tuple(connection.execute(text(statement)).one()))
    ours.dispose()
    return rows


DRIVERS = pytest.mark.parametrize("driver", ["sync", "psycopg", "asyncpg"])
SHOW = "SELECT current_setting('search_path'), current_setting('lock_timeout')"


@DRIVERS
def test_settings_in_the_url(bench: Bench, run: Callable[..., Config], driver: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        psycopg.connect(libpq_url(with_options(bench.pooled_url)))
    bench.sql("CREATE SCHEMA app")
    assert asked(with_options(bench.pooled_url), driver, SHOW, SHOW) == [("app", "2s")] * 2
    if driver == "sync":
        bench.sql(f"GRANT ALL ON SCHEMA app TO {bench.role}")
        run("op.execute('CREATE TABLE t (a int)')", url=with_options(bench.pooled_url))
        assert bench.sql("SELECT to_regclass('app.t') IS NOT NULL") == [(True,)]


def test_settings_of_asyncpg(bench: Bench) -> None:
    """PgBouncer refuses them, and Neon's proxy drops them, silently, over the direct host too."""

    async def connect(url: URL) -> object:
        dsn = libpq_url(url.difference_update_query(["channel_binding"]))
        connection = await asyncpg.connect(dsn, server_settings={"search_path": "app"})
        found = await connection.fetchval("SHOW search_path")
        await connection.close()
        return found

    assert {asyncio.run(connect(url)) for url in (bench.url, bench.pooled_url)} == {'"$user", public'}
    bench.sql("CREATE SCHEMA app")
    for url in (bench.url, bench.pooled_url):
        assert asked(with_options(url), "asyncpg", SHOW) == [("app", "2s")]


@DRIVERS
def test_set_leaks_to_others(bench: Bench, driver: str) -> None:
    with clients(bench, 1) as (one_client,):
        one_client.execute("SET search_path = leaked")
    with clients(bench, 1) as (another,):
        assert one(another, "SHOW search_path") == "leaked"
        another.execute("RESET ALL")
    bench.sql("CREATE SCHEMA app")
    asked(with_options(bench.pooled_url), driver, SHOW)
    with clients(bench, 1) as (another,):
        assert one(another, "SHOW search_path") == '"$user", public'


def test_a_setting_of_the_session_is_lost(bench: Bench) -> None:
    with clients(bench) as (mine, other):
        mine.execute("SET lock_timeout = '3s'")
        with mine.transaction():
            mine.execute("SELECT 1")
            other.execute("SELECT 1")  # gets another server connection
        with other.transaction():
            other.execute("SELECT 1")  # gets mine
            assert one(mine, "SHOW lock_timeout") == "0"
    ours = create(parse(bench.pooled_url), lock_timeout="3s", application_name="alembic:upgrade", pooled=True)
    with clients(bench, 1) as (other,), ours.connect() as connection:
        for _ in range(3):
            with connection.begin():
                other.execute("SELECT 1")
                assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "3s"


def test_a_session_lock_is_no_lock_and_stays_behind(bench: Bench) -> None:
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    with clients(bench) as (mine, other):
        assert one(mine, "SELECT pg_try_advisory_lock(1)") is one(other, "SELECT pg_try_advisory_lock(1)") is True
    assert bench.sql(held) == [(1,)]
    bench.suspend()
    ours = create(parse(bench.pooled_url), lock_timeout="3s", application_name="alembic:upgrade", pooled=True)
    names = {"database": "d", "version_table_schema": None, "version_table": "v"}
    key = lock_key("d", None, "v")
    with migration_lock(ours, wait=0, pooled=True, **names):  # type: ignore[arg-type] # strings and None
        with clients(bench, 3) as others:
            assert {one(other, f"SELECT pg_try_advisory_xact_lock({key})") for other in others} == {False}
        assert bench.sql(held) == [(1,)]
    assert bench.sql(held) == [(0,)]


def test_a_lock_of_a_transaction_and_set_local_are_kept(bench: Bench) -> None:
    """So that is what our lock and our timeouts are made of."""
    with clients(bench) as (mine, other):
        with mine.transaction():
            mine.execute("SELECT pg_advisory_xact_lock(1), set_config('lock_timeout', '3s', true)")
            assert one(other, "SELECT pg_try_advisory_xact_lock(1)") is False
            assert (one(mine, "SHOW lock_timeout"), one(other, "SHOW lock_timeout")) == ("3s", "0")
        assert one(other, "SELECT pg_try_advisory_xact_lock(1)") is True


def test_temporary_tables_are_everybodys_and_get_lost(bench: Bench, run: Callable[..., Config]) -> None:
    with clients(bench) as (mine, other):
        mine.execute("CREATE TEMP TABLE scratch (a int)")
        assert one(other, "SELECT count(*) FROM scratch") == 0
        with other.transaction():
            other.execute("SELECT 1")
            with pytest.raises(psycopg.errors.UndefinedTable):
                mine.execute("SELECT * FROM scratch")
    bench.suspend()
    run(
        "op.execute('CREATE TEMP TABLE scratch AS SELECT 7 AS a')\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('SELECT 1')\n"
        "op.execute('CREATE TABLE t AS SELECT a FROM scratch')"
    )
    assert bench.sql("SELECT a FROM t") == [(7,)]


def test_listen_hears_nothing(bench: Bench) -> None:
    def heard(url: URL) -> list[str]:
        with psycopg.connect(libpq_url(url), autocommit=True) as listener, clients(bench, 1) as (other,):
            listener.execute("LISTEN news")
            with other.transaction():
                other.execute("SELECT 1")
                bench.sql("NOTIFY news, 'hello'")
            return [each.payload for each in listener.notifies(timeout=0.3, stop_after=1)]

    assert heard(bench.pooled_url) == []
    straight = direct(bench.pooled_url)
    assert straight is not None
    assert heard(straight) == ["hello"]


def test_an_index_is_built_concurrently_on_either_way(bench: Bench, run: Callable[..., Config]) -> None:
    with clients(bench, 1) as (mine,):
        mine.execute("CREATE TABLE t (a int)")
        mine.execute("CREATE INDEX CONCURRENTLY i ON t (a)")
    run("with op.get_context().autocommit_block():\n    op.execute('CREATE INDEX CONCURRENTLY j ON t (a)')")
    assert bench.sql("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid") == [(2,)]


@DRIVERS
def test_statements_that_the_driver_prepares(bench: Bench, driver: str) -> None:
    """Two engines that take turns: a statement that was prepared would be missing, or there twice."""
    with pytest.raises((DBAPIError, psycopg.Error, asyncpg.PostgresError)) as raised:
        _unhelped(bench.pooled_url, driver)
    assert any(word in str(raised.value) for word in ("does not exist", "already exists"))
    bench.suspend()

    async def many() -> None:
        ours = [engine.create_async_engine(settings(bench.pooled_url, driver)) for _ in range(2)]
        for _ in range(CALLS):
            for each in ours:
                async with each.begin() as connection:
                    await connection.execute(text("SELECT :a"), {"a": "x"})
        for each in ours:
            await each.dispose()

    if driver == "sync":
        created = [engine.create_engine(settings(bench.pooled_url)) for _ in range(2)]
        for _ in range(CALLS):
            for each in created:
                with each.begin() as connection:
                    connection.execute(text("SELECT :a"), {"a": "x"})
        for each in created:
            each.dispose()
    else:
        asyncio.run(many())
    with clients(bench, 1) as (mine,):
        assert one(mine, "SELECT count(*) FROM pg_prepared_statements") == 0


def _unhelped(url: URL, driver: str) -> None:
    if driver != "asyncpg":
        with ExitStack() as stack:
            two = [stack.enter_context(psycopg.connect(libpq_url(url), autocommit=True)) for _ in range(2)]
            for number in range(2 * CALLS):
                two[number % 2].execute("SELECT %s::text", ("x",))
        return

    asyncio.run(_two_of_asyncpg(url.set(drivername="postgresql+asyncpg", query={"ssl": "verify-full"})))


async def _two_of_asyncpg(url: URL) -> None:
    """Run a statement, have somebody else take the server connection, and run it again."""
    theirs = [create_async_engine(url, poolclass=NullPool) for _ in range(2)]
    async with theirs[0].connect() as first, theirs[1].connect() as second:
        for _ in range(2):
            await first.execute(text("SELECT :a"), {"a": "x"})
            await first.commit()
            asyncpg.connection._uid = 0  # the second is of another process, which counts its statements anew
            await second.execute(text("SELECT 1"))


def test_one_of_the_two_caches_of_asyncpg_off(bench: Bench) -> None:
    """``?prepared_statement_cache_size=0``, as guides say, is SQLAlchemy's; asyncpg names its statements all the same."""
    query = {"ssl": "verify-full", "prepared_statement_cache_size": "0"}
    with pytest.raises(DBAPIError, match=r"already exists|does not exist"):
        asyncio.run(_two_of_asyncpg(bench.pooled_url.set(drivername="postgresql+asyncpg", query=query)))
    given = bench.pooled_url.update_query_dict({"prepared_statement_cache_size": "0"})
    assert asked(given, "asyncpg", *["SELECT 1"] * CALLS) == [(1,)] * CALLS


@pytest.mark.parametrize(
    ("statement", "use"),
    [
        ("PREPARE mine AS SELECT 7 AS a", "CREATE TABLE t AS EXECUTE mine"),
        ("DECLARE mine CURSOR WITH HOLD FOR SELECT 7 AS a", "FETCH mine"),
    ],
)
def test_what_a_session_has_prepared(bench: Bench, run: Callable[..., Config], statement: str, use: str) -> None:
    with clients(bench) as (mine, other):
        mine.execute(statement.encode())
        with other.transaction():
            other.execute("SELECT 1")
            with pytest.raises((psycopg.errors.InvalidSqlStatementName, psycopg.errors.InvalidCursorName)):
                mine.execute(use.encode())
    bench.suspend()
    run(f"op.execute('{statement}')\nwith op.get_context().autocommit_block():\n    op.execute('{use}')")
    assert bench.sql("SELECT version_num FROM alembic_version") == [("0001",)]


def test_a_schema_for_each_tenant(bench: Bench, run: Callable[..., Config]) -> None:
    """The cookbook's ``SET search_path`` and commit: both tenants' tables land where the last one points."""
    bench.sql(f"CREATE SCHEMA tenant_1 AUTHORIZATION {bench.role}; CREATE SCHEMA tenant_2 AUTHORIZATION {bench.role}")
    with clients(bench) as two:
        for number, client in enumerate(two, 1):
            client.execute(f"SET search_path = tenant_{number}")
        two[0].execute("CREATE TABLE cookbook ()")
    assert bench.sql("SELECT to_regclass('tenant_1.cookbook'), to_regclass('tenant_2.cookbook')::text") == [
        (None, "tenant_2.cookbook")
    ]
    bench.suspend()
    config = run("op.create_table('t', sa.Column('a', sa.Text()))")
    targets = tenants.schemas(parse(bench.pooled_url), r"tenant\_%")
    for compiled in (True, False):
        report = tenants.upgrade(targets, config, plan=tenants.Plan(compiled=compiled))
        assert report.ok, report.as_json()
    assert bench.sql("SELECT to_regclass('tenant_1.t')::text, to_regclass('tenant_2.t')::text") == [
        ("tenant_1.t", "tenant_2.t")
    ]


def test_an_idle_client_survives_a_suspended_compute(bench: Bench) -> None:
    ours = engine.create_engine(settings(bench.pooled_url))
    for _ in range(2):
        with ours.connect() as connection:
            assert connection.execute(text("SELECT current_user")).scalar_one() == bench.role
        bench.suspend(wake_up=0.2)
        time.sleep(0.05)
    ours.dispose()
