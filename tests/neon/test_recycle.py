from __future__ import annotations

import re
import subprocess
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support import pgbouncer
from tests.support.servers import libpq_url

from alembic_assay.neon.engine import create
from alembic_assay.neon.recycle import recycle_pooler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection
    from tests.support.project import Project

CHANGED = "cached plan must not change result type"
FIRST_WITH_PREPARED_STATEMENTS = (1, 21)


@pytest.fixture
def direct(database_url: URL) -> Iterator[Connection]:
    engine = create(database_url, lock_timeout="2s", application_name="alembic:upgrade")
    with engine.connect() as connection:
        yield connection


def test_idle_connections_of_the_pooler_are_replaced(pooled_url: URL, direct: Connection) -> None:
    with psycopg.connect(libpq_url(pooled_url), autocommit=True) as client:
        before = client.execute("SELECT pg_backend_pid()").fetchone()
        assert recycle_pooler(direct) == 1
        time.sleep(0.1)  # PgBouncer takes notice
        after = client.execute("SELECT pg_backend_pid()").fetchone()
        assert before != after


def test_who_is_busy_or_holds_a_lock_stays(database_url: URL, direct: Connection) -> None:
    url = libpq_url(database_url)
    with (
        psycopg.connect(url) as in_transaction,
        psycopg.connect(url, autocommit=True) as locking,
        psycopg.connect(url, autocommit=True, application_name="alembic:stamp") as migrating,
        psycopg.connect(url, autocommit=True) as idle,
    ):
        in_transaction.execute("SELECT 1")
        locking.execute("SELECT pg_advisory_lock(1)")
        for each in (migrating, idle):
            each.execute("SELECT 1")
        assert recycle_pooler(direct) == 1
        for each in (in_transaction, locking, migrating):
            each.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            idle.execute("SELECT 1")


def test_it_is_done_after_a_migration_where_asked(project: Project) -> None:
    project.add_revision("op.execute('CREATE TABLE t (a int)')")
    project.add_revision("op.execute('ALTER TABLE t ADD b int')")
    with psycopg.connect(libpq_url(project.url), autocommit=True) as client:
        project.alembic("upgrade", "0001")
        client.execute("SELECT * FROM t")  # nobody has asked
        asked = ("-x", "assay.recycle_pooler=on", "upgrade", "head")
        assert "Ended 1 idle connections of the pooler" in project.alembic(*asked).stderr
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            client.execute("SELECT 1")
    assert "Ended" not in project.alembic(*asked).stderr  # nothing was migrated


def version() -> tuple[int, ...]:
    program = pgbouncer.find()
    assert program is not None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"PgBouncer (\d+)\.(\d+)", said)[0]))


@pytest.mark.usefixtures("_pgbouncer_found")
def test_no_client_meets_a_plan_from_before(database_url: URL, direct: Connection) -> None:
    if version() < FIRST_WITH_PREPARED_STATEMENTS:
        pytest.skip(f"PgBouncer {'.'.join(map(str, version()))} shares no prepared statements: 1.21 is the first")
    with direct.begin():
        direct.exec_driver_sql("CREATE TABLE t (a int)")
    with (
        pgbouncer.running(database_url, max_prepared_statements=1000, default_pool_size=1) as url,
        psycopg.connect(libpq_url(url), autocommit=True, prepare_threshold=0) as client,
    ):
        client.execute("SELECT * FROM t")
        with direct.begin():
            direct.exec_driver_sql("ALTER TABLE t ADD b int")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match=CHANGED):
            client.execute("SELECT * FROM t")
        assert recycle_pooler(direct) == 1
        time.sleep(0.1)
        assert len(client.execute("SELECT * FROM t").description or ()) == 2
