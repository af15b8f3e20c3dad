"""``assay models``: models of a schema, as a package."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import document
from alembic_assay.cli import diff
from alembic_assay.cli import snapshot as reading
from alembic_assay.emit import package
from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from alembic.config import Config

    from alembic_assay.emit.classes import Style

STALE_EXIT = 1
"""The package is not what would be generated."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--from", dest="side", default="database", metavar="A", help=f"{diff.SIDES} (default: database)"
    )
    parser.add_argument("-o", "--output", required=True, metavar="DIRECTORY", help="the package to write")
    parser.add_argument("--style", choices=["sqlmodel", "declarative"], default="sqlmodel")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if files would change")
    parser.add_argument("--overwrite", action="store_true", help="replace files that were edited by hand")


def models(config: Config, side: str, output: str, style: Style, *, check: bool, overwrite: bool) -> None:
    """Generate SQLModel or SQLAlchemy models of a schema, exact to the last constraint.

    A generated file that was edited by hand is not replaced without --overwrite.

    Args:
        config: Alembic's.
        side: As for ``assay diff``.
        output: The directory of the package.
        style: ``sqlmodel`` or ``declarative``.
        check: Only say whether the files are what would be written.
        overwrite: Replace edited files.

    Raises:
        SystemExit: With :data:`STALE_EXIT`.
        AssayError: The schema cannot be had, or a file was edited or cannot be written.
    """
    files = package.package(document_of(config, side), style)
    directory = Path(output)
    changed = {name: text for name, text in files.items() if _text(directory / name) != text}
    if check:
        for name, text in changed.items():
            config.print_stdout("%s", _difference(directory / name, text))
        config.print_stdout("%d of %d files would change.", len(changed), len(files))
        if changed:
            sys.exit(STALE_EXIT)
        return
    if not overwrite:
        refuse_edited(directory, changed)
    write_files(directory, changed)
    config.print_stdout("Wrote %d files to %s; %d were as they are.", len(changed), output, len(files) - len(changed))


def refuse_edited(directory: Path, files: Mapping[str, str]) -> None:
    """Raise if one of the files that would be replaced was edited.

    Args:
        directory: Of a generated package.
        files: Name to what would be written.
    """
    changed = [name for name, text in files.items() if _text(directory / name) != text]
    edited = [name for name in changed if package.is_edited(_text(directory / name))]
    if edited:
        hint = "Move the edits to modules of your own, or replace them by --overwrite."
        raise AssayError(f"edited by hand: {', '.join(str(directory / name) for name in edited)}.", hint=hint)


def document_of(config: Config, side: str) -> dict[str, Any]:
    """Return the document as it stands, so that what it says beyond the objects is not lost."""
    path = Path(side)
    if path.is_file():
        text = path.read_text("utf-8-sig")
        is_yaml = path.suffix.lower() in {".yaml", ".yml"}
        return document.loads(text, "yaml" if is_yaml else "json", where=side)
    return document.to_document(diff.side(config, side).snapshot)


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _difference(path: Path, text: str) -> str:
    lines = difflib.unified_diff(_text(path).splitlines(), text.splitlines(), str(path), "generated", lineterm="", n=0)
    return "\n".join(lines)


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    """Write files into a directory, which is made if need be.

    Args:
        directory: Where.
        files: Name to text.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AssayError(f"cannot make {directory}: {error.strerror}.") from None
    for name, text in files.items():
        reading.write(directory / name, text)
