from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.support import neon_bench, pgbouncer
from tests.support.project import Project
from tests.support.servers import libpq_url

from alembic_assay.neon.engine import create
from alembic_assay.neon.recycle import recycle_pooler
from alembic_assay.neon.url import parse
from alembic_assay.session import Settings, create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection

CALLS = 7
"""More than psycopg's five, after which it prepares."""
CHANGED = "cached plan must not change result type"


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


@pytest.fixture
def prepared(_pgbouncer_found: None) -> dict[str, int]:
    """PgBouncer's settings at Neon, with one server connection for all."""
    if pgbouncer.version() < pgbouncer.SHARES_PREPARED_STATEMENTS:
        here = ".".join(map(str, pgbouncer.version()))
        pytest.skip(f"PgBouncer {here} shares no prepared statements, 1.21 is the first: .ci/pgbouncer builds one")
    return {"max_prepared_statements": 1000, "default_pool_size": 1}


def test_no_client_meets_a_plan_from_before(database_url: URL, direct: Connection, prepared: dict[str, int]) -> None:
    with direct.begin():
        direct.exec_driver_sql("CREATE TABLE t (a int)")
    with (
        pgbouncer.running(database_url, **prepared) as url,
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


@pytest.mark.parametrize("recycle", ["off", "on"])
def test_at_neon_where_even_new_clients_would(
    database_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepared: dict[str, int], recycle: str
) -> None:
    project = Project(tmp_path / "project", database_url)
    project.add_revision("op.execute('CREATE TABLE t (a int)')")
    project.add_revision("op.execute('ALTER TABLE t ADD b int')")
    with neon_bench.running(database_url, tmp_path, **prepared) as bench:
        neon_bench.arrive(bench, monkeypatch)
        url = bench.pooled_url.render_as_string(hide_password=False)
        project.env.update(bench.environment, DATABASE_URL=url)
        project.alembic("upgrade", "0001")
        with psycopg.connect(url, autocommit=True) as old:
            for _ in range(CALLS):
                old.execute("SELECT * FROM t")
            project.alembic("-x", f"assay.recycle_pooler={recycle}", "upgrade", "head")
            time.sleep(0.1)
            with psycopg.connect(url, autocommit=True) as new:
                for client in (old, new):
                    assert met(client) is (recycle == "off")
        ours = create_engine(Settings(url=parse(url), pool_size=1))
        for _ in range(CALLS):  # it prepares nothing
            with ours.connect() as connection:
                assert len(connection.exec_driver_sql("SELECT * FROM t").keys()) == 2
        ours.dispose()


def met(client: psycopg.Connection[Any]) -> bool:
    """Whether a client meets the plan from before; a new one at the sixth time, when it prepares."""
    try:
        for _ in range(CALLS):
            client.execute("SELECT * FROM t")
    except psycopg.errors.FeatureNotSupported as error:
        assert CHANGED in str(error)  # noqa: PT017 - either way is right
        return True
    return False
