"""``assay fingerprint``: one hash of a whole schema."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from alembic_assay.catalog import fingerprint as fingerprints
from alembic_assay.cli import diff

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("side", nargs="?", default="database", metavar="A", help=f"{diff.SIDES} (default: database)")
    parser.add_argument("--objects", action="store_true", help="one fingerprint an object, of tables with their parts")
    diff.add_leave_out(parser)


def fingerprint(config: Config, side: str, *, objects: bool, leave_out: list[tuple[str, ...]]) -> None:
    """Print the fingerprint of a schema: equal schemas have equal ones.

    Args:
        config: Alembic's.
        side: As for ``assay diff``.
        objects: Print one an object.
        leave_out: Fields that do not count.

    Raises:
        AssayError: The schema cannot be had.
    """
    found = fingerprints.without(diff.side(config, side).snapshot, chain(*leave_out))
    if not objects:
        config.print_stdout("%s", fingerprints.fingerprint(found))
        return
    for title, value in fingerprints.fingerprints(found).items():
        config.print_stdout("%s  %s", value, title)
