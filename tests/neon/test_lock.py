from __future__ import annotations

import hashlib
import logging
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError
from tests.support import pgbouncer

from alembic_assay.errors import DatabaseUnreachableError, MigrationLockError
from alembic_assay.neon.engine import create
from alembic_assay.neon.lock import Holder, _SessionLock, lock_key, migration_lock
from alembic_assay.neon.url import masked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from sqlalchemy import URL

SCRIPT = Path(__file__).parent / "migrating.py"
KEY = lock_key("app", None, "alembic_version")
LOST = "the connection that held the migration lock was lost: another migration may have run at the same time"


class Process:
    """``migrating.py``, real and on its own."""

    def __init__(self, url: URL, mode: str, wait: float = 0, name: str = "alembic:head") -> None:
        arguments = [url.render_as_string(hide_password=False), mode, str(wait), name]
        self.popen = subprocess.Popen(
            [sys.executable, str(SCRIPT), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.popen.kill()
        self.popen.communicate()

    def hear(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().strip()

    def tell(self, *commands: str) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.writelines(f"{command}\n" for command in commands)
        self.popen.stdin.flush()


@pytest.fixture(params=["direct", "pooled"])
def way(request: pytest.FixtureRequest, database_url: URL) -> tuple[URL, str]:
    """How to reach the test's database, and the word for it."""
    url = request.getfixturevalue("pooled_url") if request.param == "pooled" else database_url
    return url, request.param


@pytest.fixture
def sql(database_url: URL) -> Iterator[Sql]:
    sql = Sql(database_url)
    yield sql
    sql.engine.dispose()


class Sql:
    """A bystander, always by the direct way."""

    def __init__(self, url: URL) -> None:
        self.engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def __call__(self, statement: str, **parameters: object) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            result = connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    def wait_for(self, name: str, query: str = "") -> None:
        """Wait until somebody of that application_name is connected, and sends something like ``query``."""
        sought = "SELECT FROM pg_stat_activity WHERE application_name = :name AND query ~ :query"
        while not self(sought, name=name, query=query):
            time.sleep(0.02)

    def locks(self) -> int:
        """How many advisory locks there are in the database."""
        return len(self.holders("pid"))

    def holders(self, columns: str) -> list[tuple[object, ...]]:
        return self(
            f"SELECT {columns} FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND granted AND datname = current_database()"
        )

    def end_holder(self) -> None:
        [(ended,)] = self.holders("pg_terminate_backend(pid)")
        assert ended
        while self.locks():
            time.sleep(0.02)


def lock(
    url: URL, mode: str, wait: float = 0, *, table: str = "alembic_version", name: str = "alembic:head"
) -> AbstractContextManager[None]:
    return migration_lock(
        create(url, lock_timeout="2s", application_name=name),
        wait=wait,
        pooled=mode == "pooled",
        database="app",
        version_table_schema=None,
        version_table=table,
    )


def test_the_key_is_what_the_documentation_says() -> None:
    digest = hashlib.sha256(b"alembic-assay\0app\0public\0alembic_version").hexdigest()
    assert KEY == int(digest, 16) >> 193 == 3096798092378218772


def test_keys_differ_and_fit_a_bigint() -> None:
    parts = [("app", "a", "v"), ("app", "b", "v"), ("app", "a", "w"), ("ap", "pa", "v"), ("Ä", None, "v"), ("", "", "")]
    keys = {lock_key(*part) for part in parts}
    assert len(keys) == len(parts)
    assert all(0 <= key < 2**63 for key in keys)
    assert lock_key("app", None, "v") == lock_key("app", "public", "v")


def test_held_inside_the_block_and_only_there(way: tuple[URL, str], sql: Sql) -> None:
    assert sql.locks() == 0
    with lock(*way):
        assert sql.locks() == 1
        assert sql("SELECT ((classid::bigint << 32) | objid::bigint) FROM pg_locks WHERE locktype = 'advisory'") == [
            (KEY,)
        ]
    assert sql.locks() == 0


def test_the_holder_keeps_no_snapshot_and_no_timeout_ends_it(way: tuple[URL, str], sql: Sql) -> None:
    for timeout in ("idle_in_transaction_session_timeout", "idle_session_timeout"):
        sql(f"ALTER DATABASE {way[0].database} SET {timeout} = '100ms'")
    with lock(*way):
        time.sleep(0.3)
        state = {"direct": "idle", "pooled": "idle in transaction"}[way[1]]
        assert sql.holders("state, backend_xmin, backend_xid") == [(state, None, None)]
    assert sql.locks() == 0


def test_create_index_concurrently_of_the_holder_ends_though_others_wait(way: tuple[URL, str], sql: Sql) -> None:
    sql("CREATE TABLE t (a int)")
    with Process(*way) as holder:
        assert holder.hear() == "holding"
        with Process(*way, wait=60, name="waiter") as waiter:
            sql.wait_for("waiter")
            holder.tell("index", "leave")
            assert [holder.hear(), holder.hear()] == ["index done", "left"]
            assert waiter.hear() == "holding"
            waiter.tell("index", "leave")
            assert [waiter.hear(), waiter.hear()] == ["index done", "left"]
    assert sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass") == [(True,)]
    assert sql.locks() == 0


def test_three_processes_go_one_after_the_other(way: tuple[URL, str], sql: Sql) -> None:
    sql("CREATE TABLE journal (id int GENERATED ALWAYS AS IDENTITY, what text)")
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(*way, wait=60)) for _ in range(3)]
        for process in processes:
            process.tell("journal", "journal", "leave")
        for process in processes:
            assert [process.hear() for _ in range(4)] == ["holding", "journal done", "journal done", "left"]
    assert sql("SELECT what FROM journal ORDER BY id") == [("came",), ("went",)] * 6
    assert sql.locks() == 0


def test_the_error_names_the_holder(way: tuple[URL, str], sql: Sql) -> None:
    with lock(*way, name="alembic:a1b2c3"):
        [(pid, user, since)] = sql.holders("pid, usename, state_change")
        began = time.monotonic()
        with pytest.raises(MigrationLockError) as raised, lock(*way, wait=0.3):
            pytest.fail("two hold the lock")
        assert 0.3 <= time.monotonic() - began < 2
    assert isinstance(since, datetime)
    assert str(raised.value) == (
        f"another process is migrating database 'app': pid {pid} (alembic:a1b2c3, user '{user}') since "
        f"{since.astimezone(UTC).isoformat(timespec='seconds')}; waited 0.3 s. "
        f"Try again when it is done, raise lock_wait, or end it: SELECT pg_terminate_backend({pid})."
    )


def test_who_waits_says_for_whom(way: tuple[URL, str], sql: Sql, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "alembic.assay.lock")
    with Process(*way) as holder:
        assert holder.hear() == "holding"
        [(pid, user)] = sql.holders("pid, usename")
        holder.popen.send_signal(signal.SIGSTOP)
        holder.tell("leave")
        with pytest.raises(MigrationLockError), lock(*way, wait=0.5):
            pytest.fail("two hold the lock")
        holder.popen.send_signal(signal.SIGCONT)
        with lock(*way, wait=10):
            pass
    lines = [record.getMessage() for record in caplog.records if record.name == "alembic.assay.lock"]
    assert re.fullmatch(
        rf"waiting for another migration: pid {pid} \(alembic:head, user '{user}'\) since \S+\+00:00", lines[0]
    )
    assert lines[-1] == f"holding the migration lock, key {KEY}"
    assert len(lines) in {2, 3}  # one for each of the two waits, if the second had to wait at all


def test_other_version_tables_do_not_wait(way: tuple[URL, str], sql: Sql) -> None:
    with lock(*way), lock(*way, table="other"):
        assert sql.locks() == 2


def test_kill_9_frees_the_lock(way: tuple[URL, str], sql: Sql) -> None:
    with Process(*way) as holder:
        assert holder.hear() == "holding"
        os.kill(holder.popen.pid, signal.SIGKILL)
        with lock(*way, wait=10):
            assert sql.locks() == 1
    assert sql.locks() == 0


def test_released_whatever_ends_the_block(way: tuple[URL, str], sql: Sql) -> None:
    for error in (RuntimeError("migration"), KeyboardInterrupt(), SystemExit(3)):
        with pytest.raises(type(error)) as raised, lock(*way):
            raise error
        assert raised.value is error
        assert sql.locks() == 0


def test_ctrl_c_while_waiting(way: tuple[URL, str], sql: Sql) -> None:
    with lock(*way):
        with Process(*way, wait=60, name="waiter") as waiter:
            sql.wait_for("waiter")
            waiter.popen.send_signal(signal.SIGINT)
            assert waiter.popen.wait(10) != 0
        assert sql.locks() == 1
    assert sql.locks() == 0


def test_a_lost_lock_does_not_hide_the_migration_s_error(
    way: tuple[URL, str], sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    error = RuntimeError("the migration's own error")

    def migrate() -> None:
        with lock(*way):
            sql.end_holder()
            raise error

    with pytest.raises(RuntimeError) as raised:
        migrate()
    assert raised.value is error
    assert [record.getMessage() for record in caplog.records if record.name == "alembic.assay.lock"] == [LOST]


def test_a_lost_lock_is_told_when_nothing_else_went_wrong(
    way: tuple[URL, str], sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    with lock(*way):
        sql.end_holder()
    warnings = [record.getMessage() for record in caplog.records if record.name == "alembic.assay.lock"]
    assert warnings == [LOST]


def test_a_session_lock_that_is_not_ours_any_more_is_told(
    database_url: URL, sql: Sql, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock(database_url, "direct"):
        monkeypatch.setattr("alembic_assay.neon.lock._SessionLock.release", lambda _: False)
    assert [record.getMessage() for record in caplog.records] == [LOST]
    assert sql.locks() == 0


def test_a_connection_that_is_lost_while_it_waits(database_url: URL, sql: Sql) -> None:
    with lock(database_url, "direct"), Process(database_url, "direct", wait=60, name="waiter") as waiter:
        sql.wait_for("waiter", query="advisory")  # before that, it would connect again
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'waiter'")
        assert waiter.hear() == (
            f"DatabaseUnreachableError: cannot connect to {masked(database_url)}: "
            "terminating connection due to administrator command."
        )


def test_a_database_that_is_not_there(database_url: URL) -> None:
    with pytest.raises(DatabaseUnreachableError), lock(database_url.set(database="none"), "direct"):
        pytest.fail("no such database")


@pytest.mark.usefixtures("_pgbouncer_found")
def test_who_waits_leaves_the_pool_to_others(database_url: URL, sql: Sql) -> None:
    with (
        pgbouncer.running(database_url, default_pool_size=2, query_wait_timeout=3) as url,
        lock(url, "pooled"),
        Process(url, "pooled", wait=60, name="waiter"),
    ):
        sql.wait_for("waiter")
        for _ in range(5):
            time.sleep(0.1)  # it tries again in between
            with create_engine(url, poolclass=NullPool).connect() as connection:
                assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1


@pytest.mark.usefixtures("_pgbouncer_found")
def test_the_pool_must_give_two_connections(database_url: URL, sql: Sql) -> None:
    with (
        pgbouncer.running(database_url, default_pool_size=1, query_wait_timeout=1) as url,
        pytest.raises(DBAPIError, match="query_wait_timeout"),
        lock(url, "pooled"),
        create_engine(url, poolclass=NullPool).connect() as connection,
    ):
        connection.exec_driver_sql("SELECT 1")
    assert sql.locks() == 0


@pytest.mark.parametrize(
    ("holder", "shown"),
    [
        (Holder(1, "", "", None), "pid 1"),
        (Holder(1, "alembic:head", "", None), "pid 1 (alembic:head)"),
        (Holder(1, "", "o'neil", None), 'pid 1 (user "o\'neil")'),
        (
            Holder(1, "", "", datetime(2026, 1, 31, 1, 0, 0, 999, timezone(timedelta(hours=2)))),
            "pid 1 since 2026-01-30T23:00:00+00:00",
        ),
    ],
)
def test_as_much_of_the_holder_as_is_known(holder: Holder, shown: str) -> None:
    assert str(holder) == shown


def test_a_holder_of_another_role_is_named_by_its_pid(database_url: URL, sql: Sql) -> None:
    role = f"assay_test_{os.getpid()}"
    sql(f"CREATE ROLE {role} LOGIN PASSWORD 'p'")
    try:
        with lock(database_url, "direct"):
            [(pid,)] = sql.holders("pid")
            stranger = database_url.set(username=role, password="p")
            with pytest.raises(MigrationLockError) as raised, lock(stranger, "direct"):
                pytest.fail("two hold the lock")
    finally:
        sql(f"DROP ROLE {role}")
    assert str(raised.value).startswith(f"another process is migrating database 'app': pid {pid}")
    assert str(raised.value).endswith(
        f"; waited 0 s. Try again when it is done, raise lock_wait, or end it: SELECT pg_terminate_backend({pid})."
    )


def test_a_holder_that_has_just_ended(database_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    with create(database_url, lock_timeout="2s", application_name="x").connect() as connection:
        assert _SessionLock(connection, KEY).holder() is None
    monkeypatch.setattr("alembic_assay.neon.lock._SessionLock.holder", lambda _: None)
    with lock(database_url, "direct"), pytest.raises(MigrationLockError) as raised, lock(database_url, "direct"):
        pytest.fail("two hold the lock")
    assert str(raised.value) == (
        "another process is migrating database 'app': a process that has just ended; waited 0 s. "
        "Try again when it is done, raise lock_wait."
    )
