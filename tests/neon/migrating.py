"""A process that holds the migration lock: ``migrating.py URL direct|pooled WAIT NAME``.

It says ``holding`` when it has the lock, or the error, then obeys one command a line: ``index`` builds an index
concurrently, ``journal`` writes that it came and went, ``leave`` ends the block.
"""

from __future__ import annotations

import sys
import time

from sqlalchemy import Engine, text

from alembic_assay.errors import AssayError
from alembic_assay.neon.engine import create
from alembic_assay.neon.lock import migration_lock
from alembic_assay.neon.url import parse


def say(what: object) -> None:
    print(what, flush=True)  # noqa: T201 - the test reads it


def obey(engine: Engine) -> None:
    for command in map(str.strip, sys.stdin):
        if command == "leave":
            return
        if command == "index":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a)")
        if command == "journal":
            journal(engine)
        say(f"{command} done")


def journal(engine: Engine) -> None:
    for what in ("came", "went"):
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO journal (what) VALUES (:what)"), {"what": what})
        time.sleep(0.02)


def main(url: str, mode: str, wait: str, name: str) -> None:
    engine = create(parse(url), lock_timeout="2s", application_name=name)
    try:
        with migration_lock(
            engine,
            wait=float(wait),
            pooled=mode == "pooled",
            database="app",
            version_table_schema=None,
            version_table="alembic_version",
        ):
            say("holding")
            obey(engine)
    except AssayError as error:
        say(f"{type(error).__name__}: {error}")
    else:
        say("left")


if __name__ == "__main__":
    main(*sys.argv[1:])
