"""Reading while others work: complete and of one moment, or a clear error; never a hang."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from tests.support import roundtrip, servers, standby

from alembic_assay import catalog
from alembic_assay.catalog.moment import VERSION, read_moment
from alembic_assay.errors import LockTimeoutError, SchemaChangedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection, Engine

SCHEMA = """
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT f() CHECK (a > 0));
CREATE TABLE other (id int PRIMARY KEY, t_id int REFERENCES t);
CREATE INDEX i ON other (t_id);
CREATE VIEW v AS SELECT a FROM t;
CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE SEQUENCE s;
"""


@pytest.fixture
def shop(database_url: URL) -> URL:
    roundtrip.load(database_url, [SCHEMA])
    return database_url


@contextmanager
def engine_of(url: URL) -> Iterator[Engine]:
    engine = create_engine(url, poolclass=NullPool)
    yield engine
    engine.dispose()


@contextmanager
def meanwhile(connection: Connection, before: str, action: Callable[[], object], times: int = 1) -> Iterator[list[int]]:
    """Do something before a certain query runs, the first times that it does."""
    done: list[int] = []

    def act(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        if re.search(before, statement) and len(done) < times:
            done.append(1)
            action()

    event.listen(connection, "before_cursor_execute", act)
    try:
        yield done
    finally:
        event.remove(connection, "before_cursor_execute", act)


INDEXES = "FROM pg_index AS i\n"
VIEWS = "pg_get_viewdef"

DDL = [
    pytest.param(INDEXES, "DROP TABLE other", id="table"),
    pytest.param(VIEWS, "DROP VIEW v", id="view"),
    pytest.param("pg_get_functiondef", "DROP FUNCTION g()", id="function"),
    pytest.param("pg_get_constraintdef", "ALTER TABLE t RENAME a TO b", id="column"),
    pytest.param(INDEXES, "ALTER TABLE other RENAME TO another", id="renamed table"),
    pytest.param(INDEXES, "DROP INDEX i", id="index"),
    pytest.param("pg_get_constraintdef", "ALTER SCHEMA public RENAME TO elsewhere", id="schema"),
    pytest.param(INDEXES, "ALTER TABLE other DROP COLUMN t_id", id="dropped column"),
]


@pytest.mark.parametrize(("before", "ddl"), DDL)
def test_what_is_changed_meanwhile_is_read_again(shop: URL, before: str, ddl: str) -> None:
    with engine_of(shop) as engine, engine.connect() as connection:
        with meanwhile(connection, before, lambda: roundtrip.load(shop, [ddl])) as done:
            found = read_moment(connection)
        assert done == [1]
        assert not connection.in_transaction()
    assert found == roundtrip.snapshot_of(shop)


def test_a_schema_that_keeps_changing_is_one_line(shop: URL) -> None:
    numbers = iter(range(9))
    with engine_of(shop) as engine, engine.connect() as connection:
        with (
            meanwhile(
                connection, VIEWS, lambda: roundtrip.load(shop, [f"CREATE TABLE n{next(numbers)} ()"]), 9
            ) as done,
            pytest.raises(SchemaChangedError) as error,
        ):
            read_moment(connection)
        assert done == [1, 1]
        assert not connection.in_transaction()
    assert str(error.value) == (
        "the schema was changed while it was read, and again while it was read once more."
        " Run the same command again when nobody migrates this database."
    )


def test_temporary_tables_and_rows_of_others_are_no_change(shop: URL) -> None:
    with engine_of(shop) as engine, engine.connect() as connection:
        with psycopg.connect(servers.libpq_url(shop), autocommit=True) as other:

            def work() -> None:
                other.execute("CREATE TEMP TABLE own (id serial PRIMARY KEY, a text DEFAULT 'x' CHECK (a <> ''))")
                other.execute("INSERT INTO t VALUES (1, 1)")
                other.execute("ANALYZE t")
                other.execute("DROP TABLE own")

            with meanwhile(connection, VIEWS, work, 9) as done:
                read_moment(connection)
        assert done == [1]


def test_vacuum_is_no_change(shop: URL) -> None:
    with psycopg.connect(servers.libpq_url(shop), autocommit=True) as other:
        before = other.execute(VERSION.encode()).fetchone()
        other.execute("VACUUM FREEZE t, pg_class, pg_attribute, pg_type")
        assert other.execute(VERSION.encode()).fetchone() == before
        other.execute("ALTER TABLE t ALTER a SET DEFAULT 2")
        assert other.execute(VERSION.encode()).fetchone() != before


def test_a_locked_table_is_named_with_who_has_locked_it(shop: URL) -> None:
    with engine_of(shop) as engine, psycopg.connect(servers.libpq_url(shop), application_name="my psql") as other:
        other.execute('CREATE TABLE "New" ()')
        other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        start = time.monotonic()
        with engine.connect() as connection, pytest.raises(LockTimeoutError) as error:
            read_moment(connection, "150ms")
        assert time.monotonic() - start < 5
        assert not connection.in_transaction()
        pid = other.info.backend_pid
    assert str(error.value) == (
        "waited longer than 150ms (lock_timeout) for a table that another session has locked: public.t by process"
        f" {pid} (role 'postgres', application 'my psql'). Run the same command again when its transaction is over."
    )


@pytest.mark.parametrize("before", ["set_config", "pg_proc AS p\n", VIEWS, "WITH relation"])
def test_a_connection_that_dies_is_the_servers_error(shop: URL, before: str) -> None:
    with engine_of(shop) as engine, engine.connect() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        connection.rollback()

        def kill() -> None:
            with psycopg.connect(servers.libpq_url(shop), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

        with meanwhile(connection, before, kill) as done, pytest.raises(DBAPIError) as error:
            read_moment(connection)
        assert done == [1]
    assert "terminating connection due to administrator command" in str(error.value.orig)


def test_a_read_only_database_is_read(shop: URL) -> None:
    expected = roundtrip.snapshot_of(shop)
    with engine_of(shop.update_query_dict({"options": "-c default_transaction_read_only=on"})) as engine:
        with engine.connect() as connection:
            assert connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
            assert catalog.read(connection) == expected
        with engine.connect() as connection:
            assert read_moment(connection) == expected


def test_a_hot_standby_is_read(pytestconfig: pytest.Config, server_url: URL, shop: URL) -> None:
    if pytestconfig.stash[servers.GIVEN] is not None:
        pytest.skip("the standby is one of a server of our own")
    expected = roundtrip.snapshot_of(shop)
    with standby.running(server_url) as url, engine_of(url.set(database=shop.database)) as engine:
        with engine.connect() as connection:
            assert connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one() is True
            assert catalog.read(connection) == expected
        with engine.connect() as connection:
            assert read_moment(connection) == expected
        _locked_by_replay(shop, engine)


def _locked_by_replay(primary: URL, engine: Engine) -> None:
    """A lock that the primary holds is held on its standby too, by the process that replays."""
    with psycopg.connect(servers.libpq_url(primary)) as other:
        other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        other.execute("SELECT pg_switch_wal()")
        with engine.connect() as connection:
            held = text("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 't'::regclass")
            deadline = time.monotonic() + 10
            while connection.execute(held).scalar_one() == 0 and time.monotonic() < deadline:
                time.sleep(0.02)
            connection.rollback()
            with pytest.raises(
                LockTimeoutError, match=r"a table that another session has locked: public\.t by process \d+"
            ):
                read_moment(connection, "150ms")


def test_a_reader_and_a_writer_that_does_not_stop(shop: URL) -> None:
    """A column is renamed again and again; every snapshot has one name everywhere, or there is none."""
    stop = threading.Event()

    def rename() -> None:
        names = ["a", "b"]
        with psycopg.connect(servers.libpq_url(shop), autocommit=True) as other:
            while not stop.is_set():
                other.execute(f"ALTER TABLE t RENAME {names[0]} TO {names[1]}".encode())
                names.reverse()
                time.sleep(0.3)

    writer = threading.Thread(target=rename)
    writer.start()
    found: list[catalog.Snapshot] = []
    try:
        with engine_of(shop) as engine, engine.connect() as connection:
            for _ in range(6):
                try:
                    found.append(read_moment(connection))
                except SchemaChangedError:
                    continue
    finally:
        stop.set()
        writer.join()
    for snapshot in found:
        column = next(each for each in snapshot.of(catalog.columns.Column) if each.table == "t" and each.position == 2)
        check = next(each for each in snapshot.of(catalog.constraints.Constraint) if each.type == "check")
        assert check.definition == f"CHECK (({column.name} > 0))"
