"""A real server for the session, a fresh database for a test, PgBouncer in front of it, a real project in it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import coverage
import pytest
from sqlalchemy import NullPool, create_engine
from tests.support import neon_bench, pgbouncer, servers
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection

SAMPLED = frozenset({"catalog", "compare", "emit", "ops"})
FIXTURES = frozenset({"server_url", "database_url", "connection", "project"})
LONG = 16
EVERY = 8


def pytest_configure(config: pytest.Config) -> None:
    """Note which server the tester's shell names, then hide it: it must reach no test."""
    _measure(config)
    # Who runs us in the background may have switched them off, for us and for what we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    config.stash[servers.GIVEN] = servers.given_url(config)
    for name in [name for name in os.environ if name == "DATABASE_URL" or name.startswith("PG")]:
        del os.environ[name]


def _measure(config: pytest.Config) -> None:
    """Measure coverage in a worker of xdist too, where the whole run is measured."""
    if not hasattr(config, "workerinput") or not os.environ.get("COVERAGE_RUN"):
        return
    measured = coverage.Coverage(data_suffix=True)
    measured.start()

    def save() -> None:
        measured.stop()
        measured.save()

    config.add_cleanup(save)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-cases", action="store_true", help="run every case of the long tables, not one in eight")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take one case in eight of the long tables of cases that need a server; ``nox -s matrix`` takes all."""
    if config.getoption("all_cases") or any("::" in argument for argument in config.args):
        return
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        if SAMPLED.intersection(item.path.parts) and FIXTURES.intersection(getattr(item, "fixturenames", ())):
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    long = [sorted(table, key=lambda item: item.nodeid) for table in tables.values() if len(table) > LONG]
    left_out = {id(item) for table in long for place, item in enumerate(table) if place % EVERY}
    config.hook.pytest_deselected(items=[item for item in items if id(item) in left_out])
    items[:] = [item for item in items if id(item) not in left_out]


@pytest.fixture(scope="session")
def server_url(pytestconfig: pytest.Config) -> Iterator[URL]:
    """URL of a server's database ``postgres``, as superuser; shared, so tests leave nothing in it."""
    with servers.server(pytestconfig) as url:
        yield url


@pytest.fixture
def database_url(server_url: URL) -> Iterator[URL]:
    """URL of an empty database of the test's own."""
    with servers.database(server_url) as url:
        yield url


@pytest.fixture
def connection(database_url: URL) -> Iterator[Connection]:
    """A SQLAlchemy connection to :func:`database_url`; what is not committed is gone."""
    with create_engine(database_url, poolclass=NullPool).connect() as connection:
        yield connection


@pytest.fixture
def project(tmp_path: Path, database_url: URL) -> Project:
    """An Alembic project without tables or revisions, in :func:`database_url`."""
    return Project(tmp_path / "project", database_url)


@pytest.fixture(scope="session")
def _pgbouncer_found() -> None:
    if pgbouncer.find() is None:
        pytest.skip("no program 'pgbouncer' was found: install the package pgbouncer")


@pytest.fixture
def pooled_url(_pgbouncer_found: None, database_url: URL) -> Iterator[URL]:
    """URL of the test's database through PgBouncer in transaction mode."""
    with pgbouncer.running(database_url) as url:
        yield url


@pytest.fixture
def bench(
    _pgbouncer_found: None, database_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[neon_bench.Bench]:
    """The test's database as Neon serves it; Neon's host names lead there, in this process too."""
    with neon_bench.running(database_url, tmp_path) as bench:
        neon_bench.arrive(bench, monkeypatch)
        yield bench


@pytest.fixture
def late_pooler(_pgbouncer_found: None) -> int:
    """A port where nobody listens yet, for a PgBouncer to be started there."""
    return pgbouncer.free_port()
