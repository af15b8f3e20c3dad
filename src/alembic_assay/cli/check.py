"""``assay check``: do the models and the database say the same?"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import produce_migrations
from alembic.script import ScriptDirectory

from alembic_assay.cli import _environment
from alembic_assay.errors import AssayError, MetadataError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from alembic.config import Config
    from alembic.operations.ops import MigrateOperation
    from alembic.runtime.migration import MigrationContext

DIFFERENT_EXIT = 1
"""A new revision would have something to do."""
ERROR_EXIT = 2
"""Nothing was compared, or not all."""

_LOGGERS = ("alembic.assay.compare", "alembic.autogenerate.compare")
_FOUND = "Detected "
_UNCLEAR = "cannot compare "


class NotAtHeadError(AssayError):
    """The database is not at the newest revision, so what differs may be in a script already."""

    code = "not-at-head"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--format", dest="output_format", choices=["text", "json"], default="text")


def check(config: Config, output_format: str = "text") -> None:
    """Say what a new revision would have to do: what differs between the models and the database.

    Exits with 0 if they are equal, with 1 if they differ, and with 2 if that could not be found out, or not of all.

    Args:
        config: Alembic's.
        output_format: ``text`` or ``json``.

    Raises:
        AssayError: The database is not at head, or ``env.py`` has no models.
    """
    script = ScriptDirectory.from_config(config)
    told: list[str] = []

    def look(heads: tuple[str, ...], context: MigrationContext) -> None:
        _refuse_old(script, heads)
        told.extend(_told(context))

    _environment.look(config, script, look)
    found = [each.removeprefix(_FOUND) for each in told if not each.startswith(_UNCLEAR)]
    unclear = [each for each in told if each.startswith(_UNCLEAR)]
    if output_format == "json":
        result = {"version": 1, "equal": not told, "differences": found, "not_compared": unclear}
        print(json.dumps(result, indent=2, ensure_ascii=False))  # noqa: T201 - this is the command's output
    else:
        print(_text(found, unclear))  # noqa: T201 - this is the command's output
    sys.exit(ERROR_EXIT if unclear else DIFFERENT_EXIT if found else 0)


def _text(found: list[str], unclear: list[str]) -> str:
    if not found and not unclear:
        return "The models and the database are equal."
    count = f"{len(found)} difference{'s' if len(found) != 1 else ''}"
    lines = [*found, *unclear, f"Found {count}; alembic revision --autogenerate writes what is to do." if found else ""]
    return "\n".join(line for line in lines if line)


def _refuse_old(script: ScriptDirectory, heads: tuple[str, ...]) -> None:
    newest = set(script.get_heads())
    if set(heads) != newest:
        here, there = ", ".join(sorted(heads)) or "no revision", ", ".join(sorted(newest)) or "none"
        raise NotAtHeadError(f"the database is at {here}, and head is {there}.", hint="Run alembic upgrade heads.")


def _told(context: MigrationContext) -> list[str]:
    """Compare; return what the comparators said, and else which operations there are."""
    metadata = context.opts.get("target_metadata")
    if metadata is None:
        raise MetadataError("env.py gives no target_metadata to compare with.", hint="Pass it to context.configure().")
    with _listening() as told:
        operations = produce_migrations(context, metadata).upgrade_ops
    if operations is None or operations.is_empty():
        return [each for each in told if each.startswith(_UNCLEAR)]
    return told or [_named(operation) for operation in operations.ops]


def _named(operation: MigrateOperation) -> str:
    """Name an operation of a comparator that said nothing."""
    parts: Any = operation.to_diff_tuple() if not hasattr(operation, "ops") else ("changes",)
    return f"{str(parts[0]).replace('_', ' ')} ({type(operation).__name__})"


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Collect what comparators log, whatever the level that the user has set."""
    told: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            message = record.getMessage()
            if message.startswith((_FOUND, _UNCLEAR)):
                told.append(message)

    listener = Listener(logging.INFO)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(listener)
        logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
    try:
        yield told
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(listener)
            logger.setLevel(level)
