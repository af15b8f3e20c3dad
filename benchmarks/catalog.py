"""Read and canonical form on the benchmark schema, with ``pg_dump --schema-only`` in the same run."""  # noqa: INP001 - scripts are no package

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from sqlalchemy import NullPool, create_engine

from alembic_assay import catalog
from alembic_assay.catalog.canonical import canonical
from alembic_assay.proof.server import find_binaries, running
from models import models  # type: ignore[import-not-found] # beside this script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection, Engine, MetaData

_TABLES_AT_ONCE = 500
"""How many tables are created in one transaction: the server holds a lock on each of their relations."""

# Fields of /proc/PID/stat, counted from behind the name of the program: proc(5).
_PARENT, _USER_AND_SYSTEM, _OF_CHILDREN = 1, slice(11, 13), slice(13, 15)
_TICKS = os.sysconf("SC_CLK_TCK")
_UNTIL_COUNTED = 0.2
"""Seconds until the server has noticed that a backend ended."""


@dataclass(frozen=True, order=True)
class Cost:
    """What an action took, in seconds.

    Args:
        wall: On the clock.
        client: Processor time of this process and its children.
        server: Processor time of the server's backends, in steps of 0.01; 0 where the system does not tell.
    """

    wall: float
    client: float
    server: float


def best(action: Callable[[], object], backend: int, runs: int) -> Cost:
    """Return the lowest wall, client and server time of several runs: what others do only adds to it."""
    found = []
    for _ in range(runs):
        wall, client, server = time.perf_counter(), _own_time(), _server_time(backend)
        action()
        wall, client = time.perf_counter() - wall, _own_time() - client
        time.sleep(_UNTIL_COUNTED)
        found.append((wall, client, _server_time(backend) - server))
    return Cost(*map(min, zip(*found, strict=True)))


def create(engine: Engine, tables: int) -> None:
    """Create the benchmark schema, in several transactions."""
    metadata = models(tables)
    ordered = metadata.sorted_tables
    for start in range(0, len(ordered), _TABLES_AT_ONCE):
        metadata.create_all(engine, tables=ordered[start : start + _TABLES_AT_ONCE])


def actions(
    connection: Connection, url: URL, wanted: MetaData, cache: Path
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what is measured."""
    program = str(find_binaries().program("pg_dump"))
    dump = [program, "--schema-only", url.set(drivername="postgresql").render_as_string(hide_password=False)]
    yield "pg_dump", lambda: subprocess.run(dump, check=True, capture_output=True)  # noqa: S603 - PostgreSQL's own program
    yield "read", lambda: catalog.read(connection)
    yield "read, records only", lambda: catalog.read(connection, depends=False)
    yield "canonical", lambda: canonical(connection, wanted)
    canonical(connection, wanted, cache=cache)
    yield "canonical, known", lambda: canonical(connection, wanted, cache=cache)


def main() -> None:
    """Print seconds, and multiples of pg_dump's wall time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", type=int, default=[100, 1000])
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with running(find_binaries()) as url:
        for tables in arguments.tables:
            _measure(_database(url, tables), tables, arguments.runs)
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most")  # noqa: T201 - the result


def _measure(url: URL, tables: int, runs: int) -> None:
    engine = create_engine(url, poolclass=NullPool)
    create(engine, tables)
    print(f"{tables} tables{'wall':>27} {'client':>8} {'server':>8}")  # noqa: T201 - the result
    with engine.connect() as connection, tempfile.TemporaryDirectory() as directory:
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        connection.rollback()
        peer = 0.0
        for name, action in actions(connection, url, models(tables), Path(directory)):
            cost = best(action, backend, runs)
            peer = peer or cost.wall
            costs = f"{cost.wall:7.3f} {cost.client:8.3f} {cost.server:8.2f}"
            print(f"  {name:25} {costs}  {cost.wall / peer:5.2f} x pg_dump")  # noqa: T201 - the result


def _own_time() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _server_time(backend: int) -> float:
    """Return the processor time of a backend, and of all backends that have ended: pg_dump's is one."""
    try:
        own = _stat(backend)
        return sum(map(int, [*own[_USER_AND_SYSTEM], *_stat(int(own[_PARENT]))[_OF_CHILDREN]])) / _TICKS
    except OSError:
        return 0.0


def _stat(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()


def _database(server: URL, tables: int) -> URL:
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE bench_{tables} TEMPLATE template0")
    return server.set(database=f"bench_{tables}")


if __name__ == "__main__":
    main()
