from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlmodel
from sqlalchemy import NullPool, create_engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from tests.session.models import Base, Person
from tests.support import servers

from alembic_assay.errors import DatabaseClosedError
from alembic_assay.session import AsyncDatabase, Database, Settings, atomic, atomic_async, check, check_async
from alembic_assay.session.engine import create_engine as create_ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

NAMES = select(Person.name).order_by(Person.id)
SHUTTING_DOWN = "the database was closed: this process is about to end."


@pytest.fixture
def replica_url(server_url: URL) -> Iterator[URL]:
    """Another database with the same tables: what was read tells where."""
    with servers.database(server_url) as url:
        engine = create_engine(url, poolclass=NullPool)
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("""INSERT INTO "Person" (name) VALUES ('of the replica')""")
        yield url


def test_a_session_commits_or_rolls_back(database: Database) -> None:
    with database.session() as session:
        ada = Person(name="Ada")
        session.add(ada)
    assert ada.name == "Ada"  # still readable
    with pytest.raises(DBAPIError, match="Person_pkey"), database.session() as session:
        session.add_all([Person(name="Bob"), Person(id=1, name="the number of Ada")])
    with database.session() as session:
        assert session.scalars(NAMES).all() == ["Ada"]


def test_what_fails_in_a_nested_block_is_undone_there(database: Database) -> None:
    with database.sessions() as session, atomic(session):
        session.add(Person(name="Ada"))
        with suppress(IntegrityError), atomic(session):
            session.add(Person(name="Bob"))
            session.execute(text('INSERT INTO "Person" (name) VALUES (NULL)'))
        with atomic(session), atomic(session):
            session.add(Person(name="Cyd"))
    with database.session() as session:
        assert session.scalars(NAMES).all() == ["Ada", "Cyd"]


def test_sessions_of_sqlmodel(database: Database) -> None:
    with Database(database.settings, session_class=sqlmodel.Session) as other, other.session() as session:
        assert isinstance(session, sqlmodel.Session)
        assert session.exec(sqlmodel.select(Person.name)).all() == []


def test_read_only_sessions_go_to_the_replica_and_cannot_write(database: Database, replica_url: URL) -> None:
    with Database(replace(database.settings, replica_url=replica_url)) as both:
        with both.session() as session:
            session.add(Person(name="of the primary"))
        with both.session(read_only=True) as session:
            assert session.scalars(NAMES).all() == ["of the replica"]
        with pytest.raises(DBAPIError, match="read-only transaction"), both.session(read_only=True) as session:
            session.add(Person(name="nobody"))
        with both.session() as session:
            assert session.scalars(NAMES).all() == ["of the primary"]


def test_without_a_replica_read_only_sessions_are_still_read_only(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"), database.session(read_only=True) as session:
        session.add(Person(name="nobody"))
    with database.session() as session:  # on the same connection of the pool
        session.add(Person(name="Ada"))


def test_health(database: Database, database_url: URL) -> None:
    with database.session() as session:
        session.execute(text("SELECT 1"))
        found = database.health()
    assert (found.ok, found.reason, found.hint, found.size) == (True, "", "", 2)
    assert 0 < found.seconds < 5
    missing = check(create_ours(Settings(url=database_url.set(database="nothing"), pool_size=0)))
    assert (missing.ok, missing.reason, missing.in_use, missing.size) == (
        False,
        'database "nothing" does not exist',
        None,
        None,
    )
    assert missing.hint == "Create it, or check the name after the last '/' of the URL."


def test_health_of_a_full_pool_is_said_in_time(database: Database) -> None:
    with database.engine.connect(), database.engine.connect():
        started = time.monotonic()
        found = database.health(timeout=0.2)
        assert time.monotonic() - started < 0.9
    assert (found.ok, found.reason, found.in_use) == (False, "no answer within 0.2 s", 2)
    assert database.health().ok


def test_closing_waits_for_sessions_and_lets_nobody_in(database: Database) -> None:
    inside, left = threading.Event(), []

    def work() -> None:
        with database.session() as session:
            inside.set()
            time.sleep(0.3)
            session.add(Person(name="finished"))
        left.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(5)
    assert database.close(grace=10) == 0
    thread.join()
    assert left == [True]
    assert (database.health().ok, database.health().reason) == (False, "shutting down")
    with pytest.raises(DatabaseClosedError, match=f"^{SHUTTING_DOWN}$"), database.session():
        pass
    assert database.engine.pool.checkedin() == 0  # type: ignore[attr-defined] # of QueuePool


def test_closing_does_not_wait_for_ever(database: Database) -> None:
    with database.session():
        assert database.close(grace=0.05) == 1


def test_what_comes_back_after_the_end_is_closed(database: Database) -> None:
    with database.session() as session:
        late = session.connection().connection.dbapi_connection
        assert database.close(grace=0) == 1
    assert late is not None
    assert late.closed


def test_an_answer_that_nobody_waits_for_leaves_no_connection(database: Database) -> None:
    with database.engine.connect() as one, database.engine.connect() as other:
        assert database.health(timeout=0.1).reason == "no answer within 0.1 s"
        used = [each.connection.dbapi_connection for each in (one, other)]
        database.close(grace=0)
    for thread in threading.enumerate():
        if thread.name == "assay-health":
            thread.join(10)
    assert [each is not None and each.closed for each in used] == [True, True]
    assert database.engine.pool.checkedin() == 0  # type: ignore[attr-defined] # of QueuePool


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_the_same_with_async(database: Database, replica_url: URL, driver: str) -> None:
    settings = replace(database.settings, replica_url=replica_url, driver=driver)  # type: ignore[arg-type] # a parameter of the test

    async def use() -> None:
        async with AsyncDatabase(settings) as both:
            async with both.session() as session:
                session.add(Person(name="Ada"))
                with suppress(IntegrityError):
                    async with atomic_async(session):
                        await session.execute(text('INSERT INTO "Person" (name) VALUES (NULL)'))
            async with both.session(read_only=True) as session:
                assert (await session.scalars(NAMES)).all() == ["of the replica"]
            with pytest.raises(DBAPIError, match="read-only transaction"):
                async with both.session(read_only=True) as session:
                    session.add(Person(name="nobody"))
            async with both.session() as session:
                assert (await session.scalars(NAMES)).all() == ["Ada"]
            async with both.sessions() as alone, atomic_async(alone):
                alone.add(Person(name="Bob"))
            assert (await both.health()).ok
        assert (await both.health()).reason == "shutting down"
        with pytest.raises(DatabaseClosedError):
            await both.session().__aenter__()

    asyncio.run(use())


def test_async_health_of_a_full_pool_and_closing(database: Database) -> None:
    async def use() -> None:
        both = AsyncDatabase(replace(database.settings, pool_size=1))
        async with both.engine.connect():
            found = await check_async(both.engine, timeout=0.1)
            assert (found.ok, found.reason) == (False, "no answer within 0.1 s")
        missing = AsyncDatabase(replace(database.settings, url=database.settings.url.set(database="nothing")))
        assert (await missing.health()).reason == 'database "nothing" does not exist'

        async def work() -> None:
            async with both.session() as session:
                await session.execute(text("SELECT pg_sleep(0.2)"))

        working = asyncio.create_task(work())
        await asyncio.sleep(0.05)
        assert await both.close(grace=5) == 0
        assert working.done()

    asyncio.run(use())
