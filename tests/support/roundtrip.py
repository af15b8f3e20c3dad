"""A schema made twice: by the text it comes from, and by what we made of reading that. Are they the same?"""

from __future__ import annotations

import difflib
import functools
import itertools
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine
from tests.support import servers

from alembic_assay import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlalchemy import URL

_REQUIRES = re.compile(r"^-- requires: (?:(?P<major>\d+)|(?P<icu>icu)|extension (?P<extension>\w+))$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Differences:
    """What is not the same in two databases.

    Args:
        changes: By ``catalog.diff``.
        dump: By ``pg_dump``: the lines of a unified diff, without context.
    """

    changes: tuple[str, ...]
    dump: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Database:
    """A database as two programs read it.

    Args:
        url: Where it is.
        snapshot: As we read it.
        dump: As ``pg_dump --schema-only`` does.
    """

    url: URL
    snapshot: catalog.Snapshot
    dump: str

    def against(self, other: Database) -> Differences:
        """Compare by both."""
        changes = [str(change) for change in catalog.diff(self.snapshot, other.snapshot)]
        lines = difflib.unified_diff(comparable(self.dump), comparable(other.dump), lineterm="", n=0)
        return Differences(tuple(changes), tuple(line for line in lines if not line.startswith(("---", "+++", "@@"))))


def required(path: Path, server_url: URL) -> str:
    """Return a file's SQL; skip the test if the server is too old for it, or lacks an extension."""
    sql = path.read_text("utf-8")
    _, available, icu = _server(server_url)
    for found in _REQUIRES.finditer(sql):
        if found["major"]:
            at_least(server_url, int(found["major"]))
        if found["extension"] and found["extension"] not in available:
            pytest.skip(f"the server has no extension {found['extension']}")
        if found["icu"] and not icu:
            pytest.skip("the server is built without ICU")
    return sql


def at_least(server_url: URL, major: int) -> None:
    """Skip the test on an older server."""
    if _server(server_url)[0] < major:
        pytest.skip(f"needs PostgreSQL {major}")


def has_extension(server_url: URL, name: str) -> None:
    """Skip the test on a server that lacks an extension."""
    if name not in _server(server_url)[1]:
        pytest.skip(f"the server has no extension {name}")


@functools.cache
def _server(url: URL) -> tuple[int, frozenset[str], bool]:
    with psycopg.connect(servers.libpq_url(url)) as connection:
        rows = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
        icu = (
            connection.execute(
                "SELECT FROM pg_collation WHERE collprovider = 'i' AND collversion <> '' LIMIT 1"
            ).fetchone()
            is not None
        )
        return connection.info.server_version // 10000, frozenset(name for (name,) in rows), icu


@contextmanager
def round_trip(
    server_url: URL, sql: str, remake: Callable[[catalog.Snapshot], Iterable[str]]
) -> Iterator[tuple[Database, Database]]:
    """Make a schema from its text, and again from its snapshot, each in a database of its own.

    Args:
        server_url: The server.
        sql: The text.
        remake: Turns the snapshot into statements.
    """
    with servers.database(server_url) as first, servers.database(server_url) as second, ThreadPoolExecutor(2) as pool:
        load(first, [sql])
        dumped = pool.submit(servers.pg_dump, first)
        snapshot = snapshot_of(first)
        load(second, remake(snapshot))
        dumped_again = pool.submit(servers.pg_dump, second)
        again = snapshot_of(second)
        yield Database(first, snapshot, dumped.result()), Database(second, again, dumped_again.result())


def by_pg_dump(server_url: URL, original: Database) -> Differences:
    """Return what ``pg_dump | psql`` does not bring back of a database."""
    with servers.database(server_url) as url:
        restore(url, original.dump)
        return original.against(Database(url, snapshot_of(url), servers.pg_dump(url)))


def restore(url: URL, dump: str) -> None:
    """Give a dump to psql."""
    command = [servers.client("psql"), "--no-psqlrc", "--quiet", servers.libpq_url(url)]
    subprocess.run(command, input=dump, check=True, capture_output=True, text=True, encoding="utf-8")


def load(url: URL, statements: Iterable[str]) -> None:
    """Run statements as they are, in one transaction."""
    with psycopg.connect(servers.libpq_url(url)) as connection:
        for statement in statements:
            try:
                connection.execute(statement.encode())
            except psycopg.Error as error:
                pytest.fail(f"{error}\n{statement}")


def snapshot_of(url: URL) -> catalog.Snapshot:
    """Read a database."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return catalog.read(connection)


def comparable(dump: str) -> list[str]:
    """Return the lines of a dump without what is chance.

    Neighbouring grants are sorted: their order is that in which they were given. The names of foreign keys' triggers
    end in their OIDs.
    """
    lines: list[str] = []
    dump = re.sub(r"(RI_ConstraintTrigger_[ac]_)\d+", r"\1", dump)
    for are_grants, group in itertools.groupby(dump.splitlines(), lambda line: line.startswith("GRANT ")):
        neighbours = list(group)
        lines += sorted(neighbours) if are_grants else neighbours
    return lines
