"""What the rule says is what PostgreSQL does: the locks are looked at, the writers are real."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic.operations.ops import CreateIndexOp
from psycopg.errors import LockNotAvailable
from tests.support.servers import libpq_url

from alembic_assay.rules import RuleContext, find_rule
from alembic_assay.rules.render import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

LOCKS = """
    SELECT DISTINCT mode FROM pg_locks
    WHERE relation = 'tasks'::regclass AND pid = %s AND granted AND locktype = 'relation'
"""
WRITES = [
    "INSERT INTO tasks VALUES (2, 'b')",
    "UPDATE tasks SET title = 'c' WHERE id = 1",
    "DELETE FROM tasks WHERE id = 1",
]
SECONDS = 30


@contextmanager
def connected(url: URL) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        yield connection


@pytest.fixture
def observer(database_url: URL) -> Iterator[psycopg.Connection]:
    with connected(database_url) as connection:
        connection.execute("CREATE TABLE tasks (id int PRIMARY KEY, title text); INSERT INTO tasks VALUES (1, 'a')")
        connection.execute("SET lock_timeout = '100ms'")
        yield connection


def test_writers_wait_until_the_transaction_of_create_index_ends(
    database_url: URL, observer: psycopg.Connection
) -> None:
    with connected(database_url) as migration:
        migration.execute("BEGIN")
        migration.execute("CREATE INDEX idx_tasks_title ON tasks (title)")
        assert observer.execute(LOCKS, [migration.info.backend_pid]).fetchall() == [("ShareLock",)]
        assert observer.execute("SELECT count(*) FROM tasks").fetchall() == [(1,)]
        for write in WRITES:
            with pytest.raises(LockNotAvailable):
                observer.execute(write.encode())
        migration.execute("COMMIT")
        for write in WRITES:
            observer.execute(write.encode())


def test_writers_do_not_wait_for_the_form_that_the_rule_recommends(
    database_url: URL, observer: psycopg.Connection
) -> None:
    with connected(database_url) as migration, connected(database_url) as older:
        older.execute("BEGIN")
        older.execute("INSERT INTO tasks VALUES (9, 'older')")  # keeps the build waiting, so that it can be looked at
        sql = "CREATE INDEX CONCURRENTLY idx_tasks_title ON tasks (title)"
        build = threading.Thread(target=migration.execute, args=[sql])
        build.start()
        wait_for_lock(observer, migration.info.backend_pid, "ShareUpdateExclusiveLock")
        for write in WRITES:
            observer.execute(write.encode())
        assert build.is_alive()
        older.execute("COMMIT")
        build.join(SECONDS)
    valid = observer.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'idx_tasks_title'::regclass")
    assert valid.fetchall() == [(True,)]


def wait_for_lock(observer: psycopg.Connection, pid: int, mode: str) -> None:
    deadline = time.monotonic() + SECONDS
    while (mode,) not in observer.execute(LOCKS, [pid]).fetchall():
        assert time.monotonic() < deadline, f"never saw {mode}"
        time.sleep(0.01)


def test_the_recommendation_leaves_the_operation_as_it_was() -> None:
    rule = find_rule("index-not-concurrent")
    operation = CreateIndexOp("i", "tasks", ["title"], if_not_exists=True)
    assert rule is not None
    fixed = rule.fix(operation, RuleContext(steps=()))
    assert fixed is not None
    assert render(fixed) == (
        "with op.get_context().autocommit_block():\n"
        "    op.create_index('i', 'tasks', ['title'], unique=False, postgresql_concurrently=True, if_not_exists=True)"
    )
    assert operation.kw == {}
