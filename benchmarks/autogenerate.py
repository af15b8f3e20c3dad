"""Autogenerate with nothing to detect: Alembic, alembic-postgresql-enum and alembic-assay, in the same run."""  # noqa: INP001 - scripts are no package

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from alembic.autogenerate import produce_migrations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import NullPool, create_engine

from alembic_assay.options import Options
from alembic_assay.proof.server import find_binaries, running
from catalog import create  # type: ignore[import-not-found] # beside this script
from models import models  # type: ignore[import-not-found] # beside this script

VARIANTS = ("Alembic", "alembic-postgresql-enum", "alembic-assay, first", "alembic-assay, known")
STOCK = "alembic.autogenerate.*"


def measure(variant: str, url: str, tables: int, runs: int) -> tuple[float, float]:
    """Return the lowest wall time and processor time of several comparisons, in seconds."""
    logging.disable()
    opts: dict[str, Any] = {"compare_type": True}
    if variant == "alembic-postgresql-enum":
        import alembic_postgresql_enum  # type: ignore[import-not-found] # noqa: F401, PLC0415 - importing it switches it on
    with tempfile.TemporaryDirectory() as directory:
        if variant.startswith("alembic-assay"):
            cache = directory if variant.endswith("known") else None
            opts |= {"autogenerate_plugins": [STOCK, "assay.*"], "assay": Options(), "assay_cache": cache}
        metadata = models(tables)
        engine = create_engine(url, poolclass=NullPool)
        if variant.endswith("known"):
            compare(engine, metadata, opts)
        times = [compare(engine, metadata, opts) for _ in range(runs)]
    return min(wall for wall, _ in times), min(own for _, own in times)


def compare(engine: Any, metadata: Any, opts: dict[str, Any]) -> tuple[float, float]:
    """Compare once; return wall and processor time."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={**opts, "target_metadata": metadata})
        wall, own = time.perf_counter(), time.process_time()
        script = produce_migrations(context, metadata)
        found = time.perf_counter() - wall, time.process_time() - own
    if script.upgrade_ops is None or not script.upgrade_ops.is_empty():
        sys.exit(f"proposed: {script.upgrade_ops}")
    return found


def main() -> None:
    """Print seconds, and multiples of Alembic's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", type=int, default=[100, 1000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--variant", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.variant:
        print(json.dumps(measure(arguments.variant, arguments.url, arguments.tables[0], arguments.runs)))  # noqa: T201 - this is a command
        return
    with running(find_binaries()) as url:
        for tables in arguments.tables:
            compared(url, tables, arguments.runs)


def compared(server: Any, tables: int, runs: int) -> None:
    """Measure each in a process of its own."""
    name = f"bench_{tables}"
    with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = server.set(database=name)
    create(create_engine(url), tables)
    own = url.render_as_string(hide_password=False)
    print(f"{tables} tables")  # noqa: T201 - this is a command
    first = None
    for variant in VARIANTS:
        command = [sys.executable, __file__, str(tables), "--runs", str(runs), "--variant", variant, "--url", own]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this file
        wall, processor = json.loads(done.stdout)
        first = first or (wall, processor)
        times = f"{wall:7.2f} s {wall / first[0]:5.2f} x  client {processor:6.2f} s {processor / first[1]:5.2f} x"
        print(f"{variant:28} {times}")  # noqa: T201 - this is a command


if __name__ == "__main__":
    main()
