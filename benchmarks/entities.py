"""Functions and views that did not change: alembic-utils' comparator and ours, in the same run."""  # noqa: INP001 - scripts are no package

from __future__ import annotations

import argparse
import gc
import logging
import statistics
import time
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import produce_migrations
from alembic.runtime.migration import MigrationContext
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities
from sqlalchemy import MetaData, NullPool, create_engine

from alembic_assay.proof.server import find_binaries, running

if TYPE_CHECKING:
    from sqlalchemy import Connection

_EACH = ("function", "function", "function", "view", "view on it")
_PLUGINS = {
    "alembic-utils": ["alembic.autogenerate.*"],
    "assay.entities": ["alembic.autogenerate.*", "assay.entities"],
}


def entities(number: int) -> list[Any]:
    """Return so many functions and views, three of five functions; each view reads the one before it."""
    found: list[Any] = []
    for position in range(number):
        kind = _EACH[position % len(_EACH)]
        if kind == "function":
            body = f"RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN a + {position}; END $$"
            found.append(PGFunction("public", f"f{position:04}(a integer, b text DEFAULT 'x')", body))
        else:
            below = f"v{position - 1:04}" if kind == "view on it" else "base"
            query = f"SELECT id, title FROM {below} WHERE id > {position}"  # noqa: S608 - made of numbers
            found.append(PGView("public", f"v{position:04}", query))
    return found


def seconds(connection: Connection, plugins: list[str], runs: int) -> float:
    """Return the median duration of a comparison that finds nothing."""
    durations = []
    for _ in range(runs):
        opts = {"autogenerate_plugins": plugins, "include_schemas": False}
        context = MigrationContext.configure(connection, opts=opts)
        gc.collect()
        start = time.perf_counter()
        script = produce_migrations(context, MetaData())
        durations.append(time.perf_counter() - start)
        assert script.upgrade_ops is not None  # noqa: S101 - Alembic's type says it may be
        assert [type(each).__name__ for each in script.upgrade_ops.ops] == ["DropTableOp"]  # noqa: S101 - that of base
    return statistics.median(durations)


def main() -> None:
    """Print durations, and how many times faster than alembic-utils."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("entities", nargs="*", type=int, default=[200])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    for number in arguments.entities:
        with running(find_binaries()) as url, create_engine(url, poolclass=NullPool).connect() as connection:
            connection.exec_driver_sql("CREATE TABLE base (id integer, title text)")
            declared = entities(number)
            for entity in declared:
                connection.execute(entity.to_sql_statement_create())
            connection.commit()
            register_entities(declared)
            print(f"{number} entities")  # noqa: T201 - the result
            peer = seconds(connection, _PLUGINS["alembic-utils"], 1)
            ours = seconds(connection, _PLUGINS["assay.entities"], arguments.runs)
            print(f"  alembic-utils   {peer:7.3f} s")  # noqa: T201
            print(f"  assay.entities  {ours:7.3f} s  {peer / ours:5.1f} times faster")  # noqa: T201


if __name__ == "__main__":
    main()
