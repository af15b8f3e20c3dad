"""A server for the run, a migrated database for each test that asks for one, nothing left afterwards."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic_assay.neon.url import DIRECT_VARIABLES, direct, parse
from alembic_assay.proof.server import running
from sqlalchemy import URL, Engine
from sqlmodel import Session

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # the tests are run from anywhere

Alembic = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def server() -> Iterator[URL]:
    """The server of ``DATABASE_URL``, else one of our own."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield direct(parse(given)) or parse(given)
    else:
        with running() as url:
            yield url


@contextmanager
def database(server: URL, template: str = "template0") -> Iterator[URL]:
    """A database of our own on the server: the one that was named in the URL is never touched."""
    name = f"assay_example_{secrets.token_hex(6)}"
    administration = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with administration.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield server.set(database=name)
    finally:
        with administration.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def alembic() -> Alembic:
    """Run the real ``alembic`` on this project: ``alembic(url, "upgrade", "head")``."""

    def run(url: URL, *arguments: str, program: str = "alembic") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name(program), *arguments],
            cwd=PROJECT,
            env={
                **{name: value for name, value in os.environ.items() if name not in DIRECT_VARIABLES},
                "DATABASE_URL": url.render_as_string(hide_password=False),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def empty(server: URL) -> Iterator[URL]:
    """An empty database."""
    with database(server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated(server: URL, alembic: Alembic) -> Iterator[URL]:
    """A database at the head revision, made once, for others to be copied from."""
    with database(server) as url:
        done = alembic(url, "upgrade", "head")
        assert done.returncode == 0, done.stderr
        yield url


@pytest.fixture
def engine(server: URL, migrated: URL) -> Iterator[Engine]:
    """An engine on a database of its own at the head revision."""
    with database(server, template=str(migrated.database)) as url:
        engine = sa.create_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on that database."""
    with Session(engine) as session:
        yield session
