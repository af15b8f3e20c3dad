"""Read and canonical form on the benchmark schema, with ``pg_dump --schema-only`` in the same run."""  # noqa: INP001 - scripts are no package

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from sqlalchemy import NullPool, create_engine

from alembic_assay import catalog
from alembic_assay.catalog.canonical import canonical
from alembic_assay.proof.server import find_binaries, running
from models import models  # type: ignore[import-not-found] # beside this script

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Engine

_TABLES_AT_ONCE = 500
"""How many tables are created in one transaction: the server holds a lock on each of their relations."""


def seconds(action: Callable[[], object], runs: int) -> float:
    """Return the median duration of an action."""
    durations = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def create(engine: Engine, tables: int) -> None:
    """Create the benchmark schema, in several transactions."""
    metadata = models(tables)
    ordered = metadata.sorted_tables
    for start in range(0, len(ordered), _TABLES_AT_ONCE):
        metadata.create_all(engine, tables=ordered[start : start + _TABLES_AT_ONCE])


def measured(url: URL, tables: int, runs: int) -> dict[str, float]:
    """Measure everything at one size."""
    engine = create_engine(url, poolclass=NullPool)
    create(engine, tables)
    program = str(find_binaries().program("pg_dump"))
    dump: list[str] = [program, "--schema-only", url.set(drivername="postgresql").render_as_string(hide_password=False)]
    wanted = models(tables)
    with engine.connect() as connection, tempfile.TemporaryDirectory() as directory:
        cache = Path(directory)
        return {
            "pg_dump": seconds(lambda: subprocess.run(dump, check=True, capture_output=True), runs),  # noqa: S603 - PostgreSQL's own program
            "read": seconds(lambda: catalog.read(connection), runs),
            "canonical": seconds(lambda: canonical(connection, wanted), runs),
            "canonical, first with cache": seconds(lambda: canonical(connection, wanted, cache=cache), 1),
            "canonical, known": seconds(lambda: canonical(connection, wanted, cache=cache), runs),
        }


def main() -> None:
    """Print durations in seconds and as a multiple of pg_dump's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", type=int, default=[100, 1000])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with running(find_binaries()) as url:
        for tables in arguments.tables:
            found = measured(_database(url, tables), tables, arguments.runs)
            print(f"{tables} tables")  # noqa: T201 - the result
            for name, duration in found.items():
                print(f"  {name:28} {duration:7.3f} s  {duration / found['pg_dump']:5.2f} x pg_dump")  # noqa: T201
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most")  # noqa: T201


def _database(server: URL, tables: int) -> URL:
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE bench_{tables} TEMPLATE template0")
    return server.set(database=f"bench_{tables}")


if __name__ == "__main__":
    main()
