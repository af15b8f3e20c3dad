"""Many processes at once, and processes that are killed; ``nox -s races`` runs twenty rounds of each."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sqlalchemy import URL
    from tests.support.project import Project

ROUNDS = int(os.environ.get("ASSAY_RACE_ROUNDS", "1"))
PROCESSES = 8
SECONDS = 240
UPGRADE = ("-x", "assay.allow_pooled=on", "upgrade", "head")

JOURNAL = "op.execute(\"INSERT INTO journal VALUES ('{}')\")"
CONCURRENTLY = """\
with op.get_context().autocommit_block():
    op.execute("DROP INDEX CONCURRENTLY IF EXISTS t_a")
    op.execute("CREATE INDEX CONCURRENTLY t_a ON t (a)")
"""


@pytest.fixture
def history(project: Project) -> Project:
    """Plain DDL, an index built concurrently, and plain DDL again; each leaves a row in a journal."""
    project.add_revision("op.execute('CREATE TABLE journal (revision text)')\n" + JOURNAL.format("0001"))
    project.add_revision("op.execute('CREATE TABLE t (a int)')\n" + JOURNAL.format("0002"))
    project.add_revision(CONCURRENTLY + JOURNAL.format("0003"))
    project.add_revision("op.execute('ALTER TABLE t ADD b int')\n" + JOURNAL.format("0004"))
    return project


@pytest.fixture(params=["direct", "pooled"])
def way(request: pytest.FixtureRequest, database_url: URL) -> URL:
    """The project's database, or the way through PgBouncer whose direct host is not known."""
    if request.param == "direct":
        return database_url
    pooled: URL = request.getfixturevalue("pooled_url")
    return pooled.update_query_dict({"pgbouncer": "true"})


def begin_again(project: Project) -> None:
    project.sql("DROP TABLE IF EXISTS t, journal, alembic_version")


def all_is_there_once(project: Project) -> None:
    assert project.sql("SELECT revision, count(*) FROM journal GROUP BY 1 ORDER BY 1") == [
        ("0001", 1),
        ("0002", 1),
        ("0003", 1),
        ("0004", 1),
    ]
    assert project.sql("SELECT version_num FROM alembic_version") == [("0004",)]
    assert project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass") == [(True,)]
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    assert project.sql(f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND {here}") == []


@pytest.mark.timeout(SECONDS * (ROUNDS + 1))
def test_eight_processes_at_once_migrate_once(history: Project, way: URL) -> None:
    environment = {"DATABASE_URL": way.render_as_string(hide_password=False)}
    for _ in range(ROUNDS):
        begin_again(history)
        with ExitStack() as stack:
            processes = [
                stack.enter_context(history.start("alembic", *UPGRADE, env=environment)) for _ in range(PROCESSES)
            ]
            said = [process.communicate(timeout=SECONDS)[1] for process in processes]
        assert [process.returncode for process in processes] == [0] * PROCESSES, "\n".join(said)
        all_is_there_once(history)


@pytest.mark.timeout(SECONDS * (ROUNDS + 1))
def test_after_a_kill_the_next_one_finishes(history: Project, way: URL) -> None:
    environment = {"DATABASE_URL": way.render_as_string(hide_password=False)}
    begin_again(history)
    started = time.monotonic()
    history.alembic(*UPGRADE, env=environment)
    whole = time.monotonic() - started
    for _ in range(ROUNDS):
        begin_again(history)
        with history.start("alembic", *UPGRADE, env=environment) as process:
            # Half of the time is Python's start; the rest is the work.
            time.sleep(random.uniform(whole * 0.4, whole * 1.05))  # noqa: S311 - no secret
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=SECONDS)
        history.alembic(*UPGRADE, env=environment)
        all_is_there_once(history)
