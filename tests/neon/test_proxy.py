"""Neon's URLs as the console prints them, on the bench: who gets in, where to, and what ``alembic`` makes of them."""

from __future__ import annotations

import logging
import re
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from tests.support.neon_bench import ENDPOINT, PASSWORD, REGION
from tests.support.project import Project
from tests.support.servers import libpq_url

from alembic_assay.errors import DatabaseUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import URL
    from tests.support.neon_bench import Bench

ENV = "from alembic import context\nfrom sqlalchemy import MetaData\n\nfrom alembic_assay.env import run\n\nrun(context, MetaData())\n"
POOLED = f"{ENDPOINT}-pooler"
CONCURRENTLY = "with op.get_context().autocommit_block():\n    op.execute('CREATE INDEX CONCURRENTLY i ON t (a)')"
PLUS = "SCRAM-SHA-256-PLUS"


@pytest.fixture
def neon_project(bench: Bench, tmp_path: Path) -> Project:
    """A table, and an index that is built concurrently; ``DATABASE_URL`` is Neon's pooled one."""
    project = Project(
        tmp_path / "project", bench.server_url, {**bench.environment, "DATABASE_URL": text(bench.pooled_url)}
    )
    project.write_env(ENV)
    project.add_revision("op.execute('CREATE TABLE t (a int)')", "op.execute('DROP TABLE t')")
    project.add_revision(CONCURRENTLY, "op.execute('DROP INDEX i')")
    return project


@pytest.fixture
def upgrade(neon_project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[[URL | str], None]:
    """``alembic upgrade head`` in this process."""

    def upgrade(url: URL | str) -> None:
        monkeypatch.setenv("DATABASE_URL", url if isinstance(url, str) else text(url))
        command.upgrade(Config(neon_project.root / "alembic.ini"), "head")

    return upgrade


def text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def ask(url: URL, question: str = "SELECT current_user", **parameters: Any) -> object:
    with psycopg.connect(libpq_url(url), **parameters) as connection:
        row = connection.execute(question.encode()).fetchone()
        return row and row[0]


def refusal(url: URL) -> str:
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect(libpq_url(url))
    assert raised.value.sqlstate is None  # libpq has only the text
    return str(re.findall(r"port \d+ failed: (.*)", str(raised.value))[-1])


def test_the_bench_lets_in_by_tls_and_channel_binding(bench: Bench) -> None:
    assert ask(bench.url) == ask(bench.pooled_url) == bench.role
    assert [(visit.endpoint, visit.mechanism) for visit in bench.proxy.visits] == [(ENDPOINT, PLUS), (POOLED, PLUS)]
    assert ask(bench.url, sslnegotiation="direct") == bench.role
    ask(bench.url, channel_binding="disable")
    assert bench.proxy.visits[-1].mechanism == "SCRAM-SHA-256"


def test_the_bench_checks_what_neon_checks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = f"ERROR:  password authentication failed for user '{bench.role}'"
    assert refusal(bench.url.set(password="wrong")) == wrong
    assert refusal(bench.of("ep-other-1")) == "ERROR:  Control plane request failed: endpoint cannot be found"
    insecure = bench.url.set(query={"sslmode": "disable"})
    assert refusal(insecure) == "ERROR:  connection is insecure (try using `sslmode=require`)"
    assert refusal(bench.url.set(database="none")) == 'ERROR:  database "none" does not exist'
    monkeypatch.delenv("PGSSLROOTCERT")
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        psycopg.connect(libpq_url(bench.url))


def test_the_bench_finds_the_endpoint_where_neon_does(bench: Bench) -> None:
    option = {"options": f"endpoint={POOLED}"}
    assert refusal(bench.url.update_query_dict(option)) == (
        f"ERROR:  Inconsistent project name inferred from SNI ('{ENDPOINT}') and project option ('{POOLED}')."
    )
    without_sni = bench.url.update_query_dict({"sslsni": "0", "channel_binding": "prefer"})
    assert refusal(without_sni).startswith("ERROR:  Endpoint ID is not specified.")
    ask(without_sni.update_query_dict(option))
    ask(without_sni.set(password=f"endpoint={POOLED};{PASSWORD}"))
    assert bench.endpoints() == [POOLED]


def test_a_suspended_compute_ends_sessions_and_wakes_up(bench: Bench) -> None:
    with psycopg.connect(libpq_url(bench.url), autocommit=True) as connection:
        bench.suspend(wake_up=0.3)
        with pytest.raises(psycopg.errors.AdminShutdown, match="terminating connection due to administrator command"):
            connection.execute("SELECT 1")
    assert ask(bench.pooled_url) == bench.role


def test_queries_are_canceled_by_the_proxy_s_own_keys(bench: Bench) -> None:
    with psycopg.connect(libpq_url(bench.url)) as connection:
        threading.Timer(0.2, connection.cancel_safe).start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(20)")


WAYS: dict[str, dict[str, Any]] = {
    "pooled": {},
    "direct": {"host": f"{ENDPOINT}.{REGION}"},
    "postgres": {"drivername": "postgres"},
    "psycopg_async": {"drivername": "postgresql+psycopg_async"},
    "asyncpg": {"drivername": "postgresql+asyncpg"},
    "asyncpg's ssl": {"drivername": "postgresql+asyncpg", "query": {"ssl": "verify-full"}},
    "endpoint option": {"query": {"sslmode": "verify-full", "options": f"endpoint={POOLED}"}},
    "endpoint before the password": {
        "password": f"endpoint={POOLED};{PASSWORD}",
        "query": {"sslmode": "verify-full", "sslsni": "0"},
    },
    "a setting of the session": {"query": {"sslmode": "verify-full", "options": "-csearch_path=public"}},
    "Prisma's parameters": {"query": {"sslmode": "verify-full", "pgbouncer": "true", "connection_limit": "1"}},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_url_of_neon_migrates_over_the_direct_host(
    bench: Bench, upgrade: Callable[[Any], None], way: str
) -> None:
    upgrade(bench.pooled_url.set(**WAYS[way]))
    assert bench.sql("SELECT version_num FROM alembic_version") == [("0002",)]
    assert bench.endpoints() == [ENDPOINT]
    expected = "password" if "password" in way else PLUS
    assert {visit.mechanism for visit in bench.proxy.visits} == {expected}


def test_a_cold_start_with_two_faults(
    bench: Bench, upgrade: Callable[[Any], None], caplog: pytest.LogCaptureFixture
) -> None:
    bench.suspend(wake_up=1)
    bench.proxy.faults += ["Couldn't connect to compute node", "Control plane request failed"]
    upgrade(bench.pooled_url)
    assert bench.sql("SELECT version_num FROM alembic_version") == [("0002",)]
    said = [record.getMessage().partition(";")[0] for record in caplog.records if record.levelno == logging.WARNING]
    assert said == [
        "Couldn't connect to compute node (cold-start)",
        "Control plane request failed (control-plane)",
    ]


def test_a_quota_is_not_tried_again(bench: Bench, upgrade: Callable[[Any], None]) -> None:
    words = "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits."
    bench.proxy.faults += [words, words]
    with pytest.raises(DatabaseUnreachableError) as raised:
        upgrade(bench.pooled_url)
    assert str(raised.value) == (
        f"cannot connect to {bench.url.set(drivername='postgresql+psycopg', query={})}: {words}"
        " Raise the plan's limit in the Neon console, or wait for the next billing period."
    )
    assert len(bench.proxy.faults) == 1


def test_four_replicas_at_once(bench: Bench, neon_project: Project) -> None:
    with ExitStack() as stack:
        replicas = [stack.enter_context(neon_project.start("alembic", "upgrade", "head")) for _ in range(4)]
        said = [replica.communicate(timeout=120)[1] for replica in replicas]
    assert [replica.returncode for replica in replicas] == [0] * 4, "\n".join(said)
    assert bench.endpoints() == [ENDPOINT]
    assert bench.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [(True,)]
    assert all(PASSWORD not in line for line in said)
