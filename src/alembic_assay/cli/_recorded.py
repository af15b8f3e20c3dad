"""The version of a schema, kept in its document and as a comment on Alembic's version table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from alembic.script import ScriptDirectory
from sqlalchemy import text

from alembic_assay.catalog import document
from alembic_assay.cli import _environment
from alembic_assay.cli import snapshot as reading
from alembic_assay.errors import AssayError
from alembic_assay.sql import Statement, literal, qualified

if TYPE_CHECKING:
    from pathlib import Path

    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

_COMMENT = re.compile(r"schema version (\d+\.\d+\.\d+)")
_FIND = "SELECT obj_description(to_regclass(:name), 'pg_class'), to_regclass(:name) IS NOT NULL"


def in_document(path: Path, version: str) -> None:
    """Write a version into a document's file; all else in it stays.

    Args:
        path: ``.yaml`` and ``.yml`` are YAML, anything else is JSON.
        version: ``MAJOR.MINOR.PATCH``.

    Raises:
        AssayError: It is no file, or cannot be read or written.
    """
    if not path.is_file():
        raise AssayError(
            f"a version is written into a document's file, and {str(path)!r} is none.", hint="Or --comment."
        )
    is_yaml = path.suffix.lower() in {".yaml", ".yml"}
    found = document.loads(path.read_text("utf-8-sig"), "yaml" if is_yaml else "json", where=str(path))
    head: dict[str, object] = {name: found[name] for name in ("format", "name") if name in found}
    rest = {name: value for name, value in found.items() if name not in {*head, "version"}}
    reading.write(path, document.dumps({**head, "version": version, **rest}, "yaml" if is_yaml else "json"))


def in_database(config: Config, version: str) -> None:
    """Write a version as a comment on the version table of the database of ``env.py``.

    Args:
        config: Alembic's.
        version: ``MAJOR.MINOR.PATCH``.

    Raises:
        AssayError: There is no version table yet.
    """

    def comment(_heads: tuple[str, ...], context: MigrationContext) -> None:
        name = qualified(context.version_table, context.version_table_schema)
        with cast("Connection", context.connection).engine.begin() as connection:
            if not connection.execute(text(_FIND), {"name": name}).one()[1]:
                raise AssayError(
                    f"there is no table {name} yet.", hint="Migrate the database before: assay upgrade head."
                )
            connection.execute(Statement(f"SET LOCAL lock_timeout = {literal(reading.lock_timeout(context))}"))
            connection.execute(Statement(f"COMMENT ON TABLE {name} IS {literal(f'schema version {version}')}"))

    _environment.look(config, ScriptDirectory.from_config(config), comment)


def of_database(config: Config) -> str | None:
    """Return the version that :func:`in_database` wrote, if it did."""
    found: list[str | None] = []

    def look(_heads: tuple[str, ...], context: MigrationContext) -> None:
        name = qualified(context.version_table, context.version_table_schema)
        with cast("Connection", context.connection).engine.connect() as connection:
            found.append(connection.execute(text(_FIND), {"name": name}).one()[0])

    _environment.look(config, ScriptDirectory.from_config(config), look)
    said = _COMMENT.fullmatch(reading.only(found) or "")
    return said[1] if said else None
