"""One revision over many schemas and databases, with a plain loop of ``alembic upgrade`` in the same run."""  # noqa: INP001 - scripts are no package

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine

from alembic_assay.proof.server import running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import URL

ENV = """\
from alembic import context
from sqlalchemy import MetaData

from alembic_assay.env import run

run(context, MetaData())
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {down!r}


def upgrade():
    op.create_table("t{number}", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("a", sa.Text()))
    op.create_index("i{number}", "t{number}", ["a"])
"""
JOURNAL = """\
from alembic import op

revision = "3"
down_revision = "2"


def upgrade():
    op.execute("INSERT INTO public.journal SELECT current_schema()")
"""
LOOP = 20
"""Tenants of the plain loop: each costs a second."""


def project(directory: Path) -> None:
    """Write a project of two revisions."""
    versions = directory / "migrations" / "versions"
    versions.mkdir(parents=True)
    (directory / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n", "utf-8")
    (directory / "migrations" / "env.py").write_text(ENV, "utf-8")
    for number in (1, 2):
        down = None if number == 1 else str(number - 1)
        (versions / f"{number}.py").write_text(REVISION.format(number=number, down=down), "utf-8")


def run(directory: Path, url: URL, *arguments: str) -> tuple[float, str]:
    """Run ``assay``; return seconds and the last line."""
    started = time.perf_counter()
    with start(directory, url, *arguments) as process:
        said = process.communicate()[0].strip().splitlines()
    if process.returncode:
        raise SystemExit("\n".join(said))
    return time.perf_counter() - started, said[-1] if said else ""


def start(directory: Path, url: URL, *arguments: str) -> subprocess.Popen[str]:
    """Start ``assay``."""
    environment = {**os.environ, "DATABASE_URL": url.render_as_string(hide_password=False)}
    command = [sys.executable, "-m", "alembic_assay.cli", *arguments]
    return subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own


def interrupt(directory: Path, url: URL, schemas: int) -> None:
    """Stop the third revision by Ctrl-C when a third of the tenants have it; go on, and count who has it how often."""
    (directory / "migrations" / "versions" / "3.py").write_text(JOURNAL, "utf-8")
    command = ("upgrade", "head", "--tenants", "schemas:tenant_%")
    with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql("CREATE TABLE journal (tenant text)")
        started = time.perf_counter()
        with start(directory, url, *command) as process:
            while connection.exec_driver_sql("SELECT count(*) FROM journal").scalar_one() < schemas / 3:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            stopped = process.communicate()[0].strip().splitlines()[-1]
        show(f"{schemas} schemas, interrupted", time.perf_counter() - started, schemas, stopped)
        seconds, summary = run(directory, url, *command)
        each = connection.exec_driver_sql("SELECT count(*), count(DISTINCT tenant) FROM journal").one()
    show(f"{schemas} schemas, resumed", seconds, schemas, f"{summary}; rows, tenants: {tuple(each)}")


def execute(url: URL, statements: Sequence[str]) -> None:
    """Run statements one by one."""
    with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def main() -> None:
    """Print milliseconds a tenant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schemas", type=int, default=1000)
    parser.add_argument("--databases", type=int, default=100)
    given = parser.parse_args()
    settings = {"max_locks_per_transaction": "256"}
    with running(settings=settings) as url, tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        project(directory)
        execute(url, [f"CREATE SCHEMA tenant_{number:05}" for number in range(given.schemas)])
        execute(url, [f"CREATE DATABASE tenant_{number:05}" for number in range(given.databases)])
        execute(url, [f"CREATE SCHEMA loop_{number:05}" for number in range(LOOP)])
        started = time.perf_counter()
        for number in range(LOOP):
            run(directory, url, "-x", f"schema=loop_{number:05}", "upgrade", "head")
        show("plain loop of alembic upgrade", time.perf_counter() - started, LOOP)
        for kind, count in (("schemas", given.schemas), ("databases", given.databases)):
            for title, *arguments in (
                ("first revision", "upgrade", "1"),
                ("second revision", "upgrade", "head"),
                ("already there", "upgrade", "head"),
            ):
                seconds, summary = run(directory, url, *arguments, "--tenants", f"{kind}:tenant_%")
                show(f"{count} {kind}, {title}", seconds, count, summary)
        interrupt(directory, url, given.schemas)
        seconds, summary = run(directory, url, "upgrade", "head", "--no-compile", "--tenants", "schemas:loop_%")
        show(f"{LOOP} schemas, already there", seconds, LOOP, summary)
        execute(url, [f"CREATE SCHEMA pool_{number:05}" for number in range(5 * LOOP)])
        seconds, summary = run(directory, url, "upgrade", "head", "--no-compile", "--tenants", "schemas:pool_%")
        show(f"{5 * LOOP} schemas, env.py in processes", seconds, 5 * LOOP, summary)


def show(title: str, seconds: float, count: int, summary: str = "") -> None:
    """Print one line."""
    print(f"{title:40} {seconds:7.1f} s {seconds / count * 1000:8.1f} ms a tenant   {summary}", flush=True)  # noqa: T201 - the result


if __name__ == "__main__":
    main()
