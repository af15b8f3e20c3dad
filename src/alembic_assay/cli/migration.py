"""``assay migration``: a revision from two documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic_assay import options as assay_options
from alembic_assay.cli import models
from alembic_assay.cli import snapshot as reading

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config

EMPTY = "empty"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("before", metavar="OLD", help=f"the document before, or '{EMPTY}' for the first migration")
    parser.add_argument("after", metavar="NEW", help="the document now")
    parser.add_argument("-o", "--output", metavar="FILE", help="the script to write (default: standard output)")
    parser.add_argument("--down-revision", metavar="REVISION", help="the revision before (default: none)")
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="WHAT",
        help="a change that is refused else: its code, its object as the error names it, or 'all'; repeatable",
    )


def migration(
    config: Config, before: str, after: str, output: str | None, *, down_revision: str | None, allow: list[str]
) -> None:
    """Write the migration between two documents, without a database.

    Args:
        config: Alembic's.
        before: The document before.
        after: The document now.
        output: The script's file; left out, standard output.
        down_revision: The revision before.
        allow: Changes that are refused else.

    Raises:
        SchemaComparisonError: The documents are not valid, or lose data.
        AssayError: A file cannot be read or written.
    """
    from alembic_assay.emit.migration import NOTHING, generate_migration  # noqa: PLC0415 - only this command needs it

    old = NOTHING if before == EMPTY else models.document_of(config, before)
    new = models.document_of(config, after)
    options = assay_options.load(config)
    script = generate_migration(old, new, allow=allow, down_revision=down_revision, options=options)
    if output is None:
        reading.print_utf8(config, script)
        return
    reading.write(Path(output), script)
    config.print_stdout("Wrote %s.", output)
