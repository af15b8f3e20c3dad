"""``assay doctor``: what is installed, what is switched on, what the database says."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, cast

from alembic.script import ScriptDirectory
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from alembic_assay.catalog import constraints, indexes
from alembic_assay.catalog.reading import Scope, fixed_settings
from alembic_assay.cli import _environment
from alembic_assay.neon.poolers import is_pooled
from alembic_assay.neon.url import masked
from alembic_assay.sql import display

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

PACKAGES = ("alembic-assay", "alembic", "SQLAlchemy", "psycopg", "alembic-utils", "sqlmodel")

RIGHTS_SQL = """
SELECT current_user AS role, r.rolsuper, r.rolcreatedb, r.rolcreaterole,
       has_database_privilege(current_database(), 'CREATE') AS may_create_schemas,
       COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create_tables,
       current_schema() AS schema, current_setting('server_version') AS version
FROM pg_roles AS r WHERE r.rolname = current_user
"""

Row = tuple[str, str]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options: there are none."""


def doctor(config: Config) -> None:
    """Say what is installed, which plugins are on, and what the database allows and has left unfinished.

    Exits with 0 if there is nothing to do, and with 1 if there is.

    Args:
        config: Alembic's.
    """
    console = Console(highlight=False)
    _print(console, _installed())
    rows: list[Row] = []
    todo: list[Row] = []

    def look(_heads: tuple[str, ...], context: MigrationContext) -> None:
        connection = cast("Connection", context.connection)
        rows.extend(_database(connection))
        todo.extend([*_switched_off(context), *_unfinished(connection)])

    _environment.look(config, ScriptDirectory.from_config(config), look)
    _print(console, rows)
    _print(console, todo or [("to do", "nothing")])
    if todo:
        sys.exit(1)


def _print(console: Console, rows: list[Row]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)


def _installed() -> list[Row]:
    versions = [f"{name} {version(name)}" for name in PACKAGES]
    return [
        ("installed", ", ".join([*versions, f"Python {platform.python_version()}"])),
        ("plugins found", ", ".join(_plugins()) or "none: run pip install alembic-assay"),
    ]


def _plugins() -> list[str]:
    return sorted(point.name for point in entry_points(group="alembic.plugins") if point.name.startswith("assay."))


def _database(connection: Connection) -> list[Row]:
    found = connection.execute(text(RIGHTS_SQL)).mappings().one()
    may = {
        "create schemas and extensions": found["may_create_schemas"],
        f"create tables in {found['schema'] or 'any schema of the search_path'}": found["may_create_tables"],
        "create databases": found["rolcreatedb"] or found["rolsuper"],
    }
    url = connection.engine.url
    return [
        ("database", f"{masked(url)} ({'over a pooler' if is_pooled(url) else 'direct'})"),
        ("server", f"PostgreSQL {found['version']}"),
        ("role", f"{found['role']}{', superuser' if found['rolsuper'] else ''}"),
        ("may", ", ".join(what for what, allowed in may.items() if allowed) or "nothing"),
        *[("may not", ", ".join(what for what, allowed in may.items() if not allowed))][: not all(may.values())],
    ]


def _switched_off(context: MigrationContext) -> list[Row]:
    if "assay.*" in context.opts.get("autogenerate_plugins", ()):
        return []
    return [("to do", "env.py does not switch the plugins on: use run() or **configure_options()")]


def _unfinished(connection: Connection) -> list[Row]:
    """What a failed CREATE INDEX CONCURRENTLY or a forgotten VALIDATE left behind."""
    with fixed_settings(connection):
        broken = [index for index in indexes.read(connection, Scope()) if not (index.valid and index.ready)]
        open_constraints = [each for each in constraints.read(connection, Scope()) if not each.validated]
    return [("to do", _rebuild(index)) for index in broken] + [("to do", _validate(each)) for each in open_constraints]


def _rebuild(index: indexes.Index) -> str:
    name = display(index.name, index.schema)
    return f"index {name} is invalid: drop it and build it again, DROP INDEX CONCURRENTLY {name}"


def _validate(constraint: constraints.Constraint) -> str:
    name, table = display(constraint.name), display(constraint.table, constraint.schema)
    return f"constraint {name} of {table} is NOT VALID: ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
