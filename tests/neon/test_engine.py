from __future__ import annotations

import logging
import re
import threading
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from tests.support import pgbouncer

from alembic_assay.errors import DatabaseUnreachableError
from alembic_assay.neon import faults
from alembic_assay.neon.engine import connect, create, is_autocommit, unreachable
from alembic_assay.neon.url import masked, parse

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

SHOW = text("SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')")


def make(url: URL, lock_timeout: str = "1234ms") -> Engine:
    return create(url, lock_timeout=lock_timeout, application_name="alembic:head")


def timeouts(connection: Connection) -> tuple[str, str]:
    row = connection.execute(SHOW).one()
    return row[0], row[1]


@pytest.fixture
def engine(server_url: URL) -> Engine:
    return make(server_url)


def test_lock_timeout_is_set_in_every_transaction(engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(2):
            with connection.begin():
                assert timeouts(connection) == ("1234ms", "1h")
        with connection.begin(), connection.begin_nested():
            assert timeouts(connection) == ("1234ms", "1h")
        connection.exec_driver_sql("ROLLBACK")
        assert timeouts(connection) == ("0", "0")  # it was for the transaction alone


def test_autocommit_sets_nothing_and_the_next_transaction_does_again(database_url: URL) -> None:
    with make(database_url).connect() as connection:
        with connection.begin():
            assert timeouts(connection) == ("1234ms", "1h")
        connection.execution_options(isolation_level="AUTOCOMMIT")
        statements: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda *event: statements.append(event[2]))
        assert is_autocommit(connection)
        assert timeouts(connection) == ("0", "0")
        connection.exec_driver_sql("CREATE TABLE t (a int)")
        connection.exec_driver_sql("CREATE INDEX CONCURRENTLY t_a ON t (a)")
        assert len(statements) == 3
        connection.rollback()
        connection.execution_options(isolation_level="READ COMMITTED")
        assert not is_autocommit(connection)
        assert timeouts(connection) == ("1234ms", "1h")


def test_autocommit_is_seen_without_the_method_that_is_new_in_2_1(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for owner in type(engine.dialect).__mro__:
        if "detect_autocommit_setting" in vars(owner):
            monkeypatch.delattr(owner, "detect_autocommit_setting")
    with engine.connect() as connection:
        assert timeouts(connection) == ("1234ms", "1h")
        connection.rollback()
        connection.execution_options(isolation_level="AUTOCOMMIT")
        assert timeouts(connection) == ("0", "0")


def test_ddl_gives_up_when_somebody_holds_the_table(database_url: URL) -> None:
    with make(database_url).begin() as setup:
        setup.exec_driver_sql("CREATE TABLE t (a int)")
    with make(database_url).begin() as holder, make(database_url, "50ms").connect() as connection:
        holder.exec_driver_sql("LOCK TABLE t")
        with pytest.raises(DBAPIError) as raised:
            connection.exec_driver_sql("ALTER TABLE t ADD COLUMN b int")
    assert faults.classify(raised.value).name == "lock-timeout"


def test_a_lock_timeout_that_is_none_is_the_server_s_error(server_url: URL) -> None:
    with make(server_url, "it's 5%").connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(SHOW)
    assert faults.reason(raised.value) == 'invalid value for parameter "lock_timeout": "it\'s 5%"'


def test_the_connection_s_parameters(engine: Engine) -> None:
    with engine.connect() as connection:
        parameters = connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr] # psycopg's
        name = connection.exec_driver_sql("SHOW application_name").scalar_one()
    wanted = ("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count")
    assert [parameters.get(key, "1") for key in wanted] == ["15", "1", "30", "10", "3"]  # 1 is libpq's own default
    assert name == "alembic:head"


@pytest.mark.parametrize(("given", "used"), [("5", "15"), ("0", "15"), ("x", "15"), ("40", "40")])
def test_a_shorter_connect_timeout_would_give_up_before_the_proxy(server_url: URL, given: str, used: str) -> None:
    url = server_url.update_query_dict({"connect_timeout": given, "keepalives_idle": "7"})
    with make(url).connect() as connection:
        parameters = connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr] # psycopg's
    assert (parameters["connect_timeout"], parameters["keepalives_idle"]) == (used, "7")


def test_connections_are_not_pooled(engine: Engine) -> None:
    pids = set()
    for _ in range(2):
        with engine.connect() as connection:
            pids.add(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
    assert len(pids) == 2


def test_nothing_is_prepared_and_nothing_leaks_through_a_pooler(pooled_url: URL) -> None:
    engine = make(pooled_url.update_query_dict({"pgbouncer": "true"}))
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second) * 8:  # psycopg would prepare the sixth time
            assert connection.execute(text("SELECT :a"), {"a": "x"}).scalar_one() == "x"
            assert timeouts(connection) == ("1234ms", "1h")
            connection.commit()
        prepared = first.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar_one()
        first.commit()
        second.execution_options(isolation_level="AUTOCOMMIT")
        assert (prepared, timeouts(second)) == (0, ("0", "0"))


def test_it_waits_for_a_server_that_starts(
    database_url: URL, late_pooler: int, caplog: pytest.LogCaptureFixture
) -> None:
    url = database_url.set(host="127.0.0.1", port=late_pooler)
    started, done = threading.Event(), threading.Event()

    def start_late() -> None:
        time.sleep(1)
        with pgbouncer.running(database_url, port=late_pooler):
            started.set()
            done.wait(30)

    thread = threading.Thread(target=start_late)
    thread.start()
    try:
        with connect(make(url)) as connection:
            assert started.wait(10)
            assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    finally:
        done.set()
        thread.join()
    lines = [record.getMessage() for record in caplog.records if record.name == "alembic.assay.connect"]
    assert lines
    assert all(re.fullmatch(r"Connection refused \(refused\); next try in \d\.\d s", line) for line in lines)
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_it_gives_up_when_patience_is_over(late_pooler: int, caplog: pytest.LogCaptureFixture) -> None:
    url = parse(f"postgres://ann:S3cr3t@127.0.0.1:{late_pooler}/app?sslmode=disable")
    began = time.monotonic()
    with pytest.raises(DatabaseUnreachableError) as raised:
        connect(make(url), patience=4)
    assert time.monotonic() - began < 2  # a quarter: a server that refuses is seldom one that starts
    assert str(raised.value) == (
        f"cannot connect to postgresql+psycopg://ann:***@127.0.0.1:{late_pooler}/app for 1 s: Connection refused. "
        "Is the server running, and are host and port right?"
    )
    assert caplog.records
    assert "S3cr3t" not in caplog.text


def test_a_wrong_password_is_not_tried_again(server_url: URL, caplog: pytest.LogCaptureFixture) -> None:
    url = server_url.set(password="S3cr3t")
    try:
        make(url).connect().close()
    except DBAPIError:
        pass
    else:
        pytest.skip("this server lets everybody in without asking for a password")
    with pytest.raises(DatabaseUnreachableError) as raised:
        connect(make(url))
    assert str(raised.value) == (
        f'cannot connect to {masked(url)}: password authentication failed for user "{url.username}". '
        "Check user and password."
    )
    assert not caplog.records


def test_a_database_that_is_not_there(server_url: URL, caplog: pytest.LogCaptureFixture) -> None:
    url = server_url.set(database="no such %s database").update_query_dict({"application_name": "S3cr3t"})
    with pytest.raises(DatabaseUnreachableError) as raised:
        connect(make(url))
    assert str(raised.value) == (
        f"cannot connect to {masked(server_url.set(database='no such %s database'))}: "
        'database "no such %s database" does not exist. '
        "Create it, or check the name after the last '/' of the URL."
    )
    assert not caplog.records


def test_a_full_server_is_tried_again_until_there_is_room(pooled_url: URL, caplog: pytest.LogCaptureFixture) -> None:
    with pgbouncer.running(pooled_url, max_client_conn=1) as narrow:
        first = make(narrow).connect()
        threading.Timer(0.7, first.close).start()
        with connect(make(narrow)) as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    assert {record.getMessage().partition(";")[0] for record in caplog.records} == {
        "no more connections allowed (max_client_conn) (pool-exhausted)"
    }


def test_start_up_options_through_a_pooler_name_the_way_out(pooled_url: URL) -> None:
    url = pooled_url.update_query_dict({"options": "-c search_path=app"})
    with pytest.raises(DatabaseUnreachableError) as raised:
        connect(make(url))
    assert re.fullmatch(
        re.escape(f"cannot connect to {masked(pooled_url)}: ")
        + r"unsupported startup parameter(: options|( in options)?: search_path)\. The pooler does not take start-up "
        r"options: use the direct host \(DATABASE_URL_UNPOOLED\), or remove the parameter\.",
        str(raised.value),
    )


def test_ctrl_c_ends_the_waiting(caplog: pytest.LogCaptureFixture) -> None:
    engine = make(parse("postgres://u@127.0.0.1/d"))

    @event.listens_for(engine, "do_connect")
    def interrupt(*_: object) -> None:
        try:
            raise OSError("Connection refused")  # noqa: TRY301 - what is being handled when the user loses patience
        except OSError:
            raise KeyboardInterrupt  # noqa: B904 - as it comes, with that error for its context

    with pytest.raises(KeyboardInterrupt):
        connect(engine)
    assert not caplog.records


def test_a_socket_that_is_not_there_is_named() -> None:
    url = parse("postgres://u@/d?host=/nowhere&sslmode=disable")
    with pytest.raises(DatabaseUnreachableError) as raised:
        connect(make(url), patience=0)
    assert str(raised.value) == (
        "cannot connect to postgresql+psycopg://u@/d?host=%2Fnowhere: No such file or directory. "
        "Is the server running, and are host and port right?"
    )


def test_what_is_not_the_connection_s_fault_is_not_hidden(engine: Engine) -> None:
    with connect(engine) as connection, pytest.raises(DBAPIError):
        connection.exec_driver_sql("SELECT * FROM nowhere")


def test_unreachable_without_words() -> None:
    error = unreachable(parse("postgres://u:p@h/d"), OSError())
    assert str(error) == "cannot connect to postgresql+psycopg://u:***@h/d: OSError."
