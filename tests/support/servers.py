"""The server that the tests run on, databases on it, and PostgreSQL's own programs for a second opinion."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import psycopg
import pytest
from sqlalchemy import URL, make_url

from alembic_assay.errors import AssayError
from alembic_assay.proof.binaries import Source
from alembic_assay.proof.server import Binaries, find_binaries, running

if TYPE_CHECKING:
    from collections.abc import Iterator

CHOICE = "ASSAY_TEST_POSTGRES"
"""Environment variable: ``embedded`` or ``system`` allows only that one."""

MEMORY = Path("/dev/shm")  # noqa: S108 - the directories in it have names that cannot be guessed
ROOM = 2**31
"""Bytes; a container has 64 MiB there by default, of which a server takes more."""

GIVEN = pytest.StashKey[URL | None]()
"""The server that the tester named."""

_DRIVER = "postgresql+psycopg"
_numbers = itertools.count(1)


def chosen_binaries() -> Binaries:
    """Return the PostgreSQL to test with, by default the system's."""
    choice = os.environ.get(CHOICE)
    if not choice:
        return find_binaries()
    if choice not in get_args(Source):
        pytest.exit(f"{CHOICE}: expected {' or '.join(get_args(Source))}, got {choice!r}.", returncode=4)
    return find_binaries(cast("Source", choice))


def given_url(config: pytest.Config) -> URL | None:
    """Return the server that the tester names: DATABASE_URL, else pytest-postgresql's options."""
    if environment := os.environ.get("DATABASE_URL"):
        return make_url(environment).set(drivername=_DRIVER)
    host = config.getoption("postgresql_host", None)
    if host is None:
        return None
    option = {
        name: config.getoption(f"postgresql_{name}", None) or config.getini(f"postgresql_{name}")
        for name in ("user", "password", "port")
    }
    port = int(option["port"] or 5432)
    return URL.create(_DRIVER, option["user"], option["password"] or None, host, port, "postgres")


@contextmanager
def server(config: pytest.Config) -> Iterator[URL]:
    """Give the server of a test session: the given one, else one of our own."""
    given = config.stash[GIVEN]
    if given is not None:
        yield given
        return
    with running(chosen_binaries(), parent=memory()) as url:
        yield url


def memory() -> Path | None:
    """Return a directory in memory if there is one with room: a database is made there in a tenth of the time."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free >= ROOM else None


@contextmanager
def database(server_url: URL) -> Iterator[URL]:
    """Create an empty database; drop it afterwards, whoever is still connected."""
    name = f"assay_test_{os.getpid()}_{next(_numbers)}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield server_url.set(database=name)
    finally:
        _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def pg_dump(url: URL, *options: str) -> str:
    """Return ``pg_dump --schema-only``: what another program reads in the catalogs."""
    command = [client("pg_dump"), "--schema-only", *options, libpq_url(url)]
    dump = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    # Since August 2025 each dump holds a random key (CVE-2025-8714).
    return re.sub(r"^\\(un)?restrict .*\n", "", dump, flags=re.MULTILINE)


def client(name: str) -> str:
    """Return the newest psql, pg_dump, … there is: pg_dump refuses a server that is newer than itself."""
    found = {}
    for source in get_args(Source):
        with suppress(AssayError):  # not installed, or without this program
            binaries = find_binaries(source)
            found[binaries.major] = binaries.program(name)
    if not found:
        pytest.skip(f"there is no {name}")
    return str(found[max(found)])


def libpq_url(url: URL) -> str:
    """Write a URL for libpq's programs: psql, pg_dump, pgbench."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _administer(server_url: URL, statement: str) -> None:
    with psycopg.connect(libpq_url(server_url), autocommit=True) as connection:
        connection.execute(statement)
