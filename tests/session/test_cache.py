from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, event, literal, select, text, update
from sqlalchemy.orm import Session, joinedload
from tests.session.models import Base, Note, Person

from alembic_assay.errors import AssayError
from alembic_assay.session import AsyncDatabase, Database
from alembic_assay.session.cache import QueryCache, cached

if TYPE_CHECKING:
    from pathlib import Path

dogpile = pytest.importorskip("dogpile.cache")

NAMES = select(Person.name).order_by(Person.id).options(cached(60))
PEOPLE = select(Person).order_by(Person.id).options(cached())


@pytest.fixture
def cache(database: Database) -> QueryCache:
    cache = memory()
    cache.serve(database.sessions)
    with database.session() as session:
        session.add(Person(name="Ada", notes=[Note(text="one")]))
    return cache


def memory() -> QueryCache:
    return QueryCache(dogpile.make_region().configure("dogpile.cache.memory_pickle", expiration_time=300))


class Counted:
    """How many statements reach the database."""

    def __init__(self, database: Database) -> None:
        self.statements: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda *given: self.statements.append(given[2]))


def names(database: Database, statement: Any = NAMES) -> list[str]:
    with database.session() as session:
        return list(session.scalars(statement).all())


def test_the_second_time_nothing_is_asked(database: Database, cache: QueryCache) -> None:
    assert names(database) == ["Ada"]
    counted = Counted(database)
    assert names(database) == ["Ada"]
    assert counted.statements == []
    assert (cache.hits, cache.misses) == (1, 1)
    assert names(database, NAMES.where(Person.name == "Bob")) == []  # other values are another query
    assert names(database, NAMES.where(Person.name == "Ada")) == ["Ada"]
    assert len(counted.statements) == 2


def test_objects_are_of_the_session_that_asks(database: Database, cache: QueryCache) -> None:
    for _ in range(2):
        with database.session() as session:
            (person,) = session.scalars(PEOPLE.options(joinedload(Person.notes))).unique().all()
            assert person in session
            assert [note.text for note in person.notes] == ["one"]
    assert (cache.hits, cache.misses) == (1, 1)


@pytest.mark.parametrize(
    "write",
    [
        lambda session: session.add(Person(name="Bob")),
        lambda session: setattr(session.get_one(Person, 1), "name", "Ada L."),
        lambda session: session.execute(update(Person).values(name="Ada L.")),
        lambda session: session.execute(delete(Person).where(Person.id == 2)),
    ],
)
def test_a_change_is_seen_by_the_next_query(database: Database, cache: QueryCache, write: Any) -> None:
    with database.session() as session:
        session.add(Person(name="Zoe"))
    assert names(database) == ["Ada", "Zoe"]
    with database.session() as session:
        write(session)
    with Session(database.engine) as session:  # without the cache
        assert names(database) == list(session.scalars(NAMES).all())
    assert cache.hits == 0


def test_a_change_of_a_joined_table_is_seen(database: Database, cache: QueryCache) -> None:
    eager = PEOPLE.options(joinedload(Person.notes))
    for expected in (["one"], ["one", "two"]):
        with database.session() as session:
            (person,) = session.scalars(eager).unique().all()
            assert [note.text for note in person.notes] == expected
        with database.session() as session:
            session.add(Note(text="two", person_id=1))
    assert cache.hits == 0


def test_a_change_of_another_table_forgets_nothing(database: Database, cache: QueryCache) -> None:
    names(database)
    with database.session() as session:
        session.add(Note(text="two", person_id=1))
    names(database)
    assert cache.hits == 1


def test_a_writer_sees_its_own_change_and_shows_it_to_nobody(database: Database, cache: QueryCache) -> None:
    names(database)
    with database.session() as session:
        session.add(Person(name="Bob"))
        assert session.scalars(NAMES).all() == ["Ada", "Bob"]
        assert names(database) == ["Ada"]
        session.rollback()
    assert names(database) == ["Ada"]
    assert cache.misses == 1


@pytest.mark.usefixtures("cache")
def test_a_reader_that_is_slower_than_a_writer_leaves_nothing_old_behind(database: Database) -> None:
    reading, written = threading.Event(), threading.Event()

    @event.listens_for(database.engine, "after_cursor_execute")
    def pause(*_: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            reading.set()
            written.wait(5)

    thread = threading.Thread(target=names, args=[database])
    thread.start()
    reading.wait(5)
    with database.session() as session:  # commits between the reader's query and its entry in the cache
        session.add(Person(name="Bob"))
    written.set()
    thread.join()
    assert names(database) == ["Ada", "Bob"]


def test_raw_sql_is_announced(database: Database, cache: QueryCache) -> None:
    names(database)
    with database.session() as session:
        session.execute(text("""UPDATE "Person" SET name = 'Ada L.'"""))
    assert names(database) == ["Ada"]
    for table in (Person, Person.__table__, "Person"):
        cache.forget([table])  # type: ignore[list-item] # a mapped class has a FromClause
        assert names(database) == ["Ada L."]
    assert cache.misses == 4


def test_read_only_sessions_and_queries_without_the_option_ask(database: Database, cache: QueryCache) -> None:
    for _ in range(2):
        with database.session(read_only=True) as session:
            session.scalars(NAMES).all()
        names(database, select(Person.name))
    assert (cache.hits, cache.misses) == (0, 0)


def test_a_query_without_tables_is_refused(database: Database, cache: QueryCache) -> None:
    with pytest.raises(AssayError, match=r"^cached\(\) expects a SELECT from tables, got one without\.$"):
        names(database, select(literal("x")).options(cached()))
    assert cache.misses == 0


def test_two_processes_with_a_shared_backend_agree(database: Database, tmp_path: Path) -> None:
    both = []
    for _ in range(2):
        region = dogpile.make_region().configure("dogpile.cache.dbm", arguments={"filename": str(tmp_path / "cache")})
        one = Database(database.settings)
        QueryCache(region).serve(one.sessions)
        both.append(one)
    writer, reader = both
    assert names(reader) == []
    with writer.session() as session:
        session.add(Person(name="Ada"))
    assert names(reader) == ["Ada"]
    for one in both:
        one.close()


def test_with_async_sessions(database: Database) -> None:
    class Sessions(Session):
        pass

    cache = memory()
    cache.serve(Sessions)

    async def use() -> None:
        async with AsyncDatabase(database.settings) as both:
            both.sessions.configure(sync_session_class=Sessions)
            for _ in range(3):
                async with both.session() as session:
                    assert (await session.scalars(NAMES)).all() == []

    asyncio.run(use())
    assert (cache.hits, cache.misses) == (2, 1)


def test_the_rate_of_hits_that_was_asked_for(database: Database, cache: QueryCache) -> None:
    """95 % of the queries of an application that reads a hundred times for each time it writes."""
    for number in range(3):
        for _ in range(100):
            assert len(names(database)) == number + 1
        with database.session() as session:
            session.add(Person(name=f"{number}"))
    assert cache.hits / (cache.hits + cache.misses) >= 0.95
    assert set(Base.metadata.tables) == {"Person", "note", "line"}
