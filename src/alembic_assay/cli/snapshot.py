"""``assay snapshot``: the schema of a database, as a document."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from alembic_assay import options as assay_options
from alembic_assay.catalog import Snapshot, document
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.moment import locked, read_moment
from alembic_assay.cli import _environment
from alembic_assay.errors import AssayError, sqlstate
from alembic_assay.neon import engine, faults
from alembic_assay.neon.url import parse
from alembic_assay.options import Options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection, Engine

    from alembic_assay.catalog.dependencies import Dependency
    from alembic_assay.catalog.document_text import Format

T = TypeVar("T")

VERSION_TABLE = "alembic_version"
LOCK_NOT_AVAILABLE = "55P03"
_CHANGED_MEANWHILE = ("42P01", "XX000")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--url", metavar="URL", help="the database to read (default: the one of env.py)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    parser.add_argument(
        "--format", dest="output_format", choices=["json", "yaml"], help="default: the ending of FILE, else json"
    )


def snapshot(config: Config, url: str | None, output: str | None, output_format: Format | None) -> None:
    """Write the schema of a database as a document schema/1.

    It is read in one read-only transaction, as of one moment; Alembic's version table is left out.

    Args:
        config: Alembic's.
        url: Left out, the database of ``env.py``.
        output: Replaced as a whole or not at all; left out, standard output.
        output_format: ``json`` or ``yaml``.

    Raises:
        AssayError: The database cannot be reached or read, or the file cannot be written.
    """
    found = of_project(config) if url is None else of_url(config, url)
    by_name: Format = "yaml" if output and Path(output).suffix.lower() in {".yaml", ".yml"} else "json"
    text = document.dumps(document.to_document(found), output_format or by_name)
    if output is None:
        print_utf8(config, text)
    else:
        write(Path(output), text)
        config.print_stdout("Wrote %d objects to %s.", len(found), output)


def of_project(config: Config) -> Snapshot:
    """Read the database that ``env.py`` connects to, over a connection of our own."""
    found: list[Snapshot] = []

    def look(_heads: tuple[str, ...], context: MigrationContext) -> None:
        with cast("Connection", context.connection).engine.connect() as connection:
            snapshot = _read(connection, lock_timeout(context))
        found.append(without_version_table(snapshot, context.version_table, context.version_table_schema))

    _environment.look(config, ScriptDirectory.from_config(config), look)
    return only(found)


def only(found: list[T]) -> T:
    """Return what one run of ``env.py`` found.

    Raises:
        AssayError: It migrates several databases, or none.
    """
    if len(found) != 1:
        raise AssayError(
            f"expected env.py to run migrations once, but it ran them {len(found)} times.",
            hint="Name the database by its URL." if found else "It must call context.run_migrations().",
        )
    return found[0]


def of_url(config: Config, url: str) -> Snapshot:
    """Read a database by its URL; no project is needed."""
    timeout = assay_options.load(config, x=getattr(config.cmd_opts, "x", None) or ()).lock_timeout
    reading = engine.create(parse(url), lock_timeout=timeout, application_name="assay:snapshot")
    with engine.connect(reading) as connection:
        return without_version_table(_read(connection, timeout))


def lock_timeout(context: MigrationContext) -> str:
    """Return the setting of the project."""
    options: Options = context.opts.get("assay") or Options()
    return options.lock_timeout


def without_version_table(snapshot: Snapshot, name: str = VERSION_TABLE, schema: str | None = None) -> Snapshot:
    """Leave out the table in which Alembic keeps its revisions.

    Args:
        snapshot: Of a database.
        name: What it is called. A table of that name with other columns than Alembic's is not left out.
        schema: Where it is; ``None`` for any.
    """
    columns: dict[tuple[str, str], list[str]] = {}
    for column in snapshot.of(Column):
        if column.table == name and schema in {None, column.schema}:
            columns.setdefault((column.schema, column.table), []).append(column.name)
    tables = {key for key, names in columns.items() if names == ["version_num"]}
    kinds = {"table", "column", "constraint", "index"}
    records = tuple(record for record in snapshot if not (record.kind in kinds and record.key[:2] in tables))
    if len(records) == len(snapshot):
        return snapshot
    kept = {(record.kind, record.key) for record in records}
    edges = tuple(edge for edge in snapshot.dependencies if {(edge.kind, edge.key), _needed(edge)} <= kept)
    return replace(snapshot, records=records, dependencies=edges)


@contextmanager
def one_line_errors(timeout: str, engine: Engine) -> Iterator[None]:
    """Say in one line what the server refused to a reader.

    Args:
        timeout: How long it waits for locks.
        engine: Of the same database, to ask who has locked what.
    """
    try:
        yield
    except DBAPIError as error:
        state = sqlstate(error)
        if state == LOCK_NOT_AVAILABLE:
            with engine.connect() as connection:
                raise locked(connection, timeout) from error
        changed = "The schema was changed while it was read: run the same command again."
        raise AssayError(
            f"cannot read the schema: {faults.reason(error).rstrip('.')}.",
            hint=changed if state in _CHANGED_MEANWHILE else "",
        ) from error


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all, whatever happens meanwhile.

    Args:
        path: Replaced if it exists; the target, if it is a symbolic link. A pipe or device is written to.
        text: Written in UTF-8.

    Raises:
        AssayError: It cannot be written; there is no file then, or the one from before.
    """
    target = path.resolve()
    temporary = target.with_name(f".assay-{os.getpid()}.tmp")
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_text(text, "utf-8")
            return
        try:
            with temporary.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if target.is_file():
                temporary.chmod(target.stat().st_mode & 0o7777)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise AssayError(f"cannot write {path}: {error.strerror}.") from None


def print_utf8(config: Config, text: str) -> None:
    """Print a document in UTF-8, whatever the terminal's encoding: it may become a file."""
    stream = config.stdout
    stream.flush()
    if buffer := getattr(stream, "buffer", None):
        buffer.write(text.encode())
        buffer.flush()
    else:
        stream.write(text)


def _read(connection: Connection, timeout: str) -> Snapshot:
    with one_line_errors(timeout, connection.engine):
        return read_moment(connection, timeout)


def _needed(edge: Dependency) -> tuple[str, tuple[str, ...]]:
    return edge.needs_kind, edge.needs_key
