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

    What was edited by hand is merged with what is generated now; --overwrite replaces it.

    Args:
        config: Alembic's.
        side: As for ``assay diff``.
        output: The directory of the package.
        style: ``sqlmodel`` or ``declarative``.
        check: Only say whether the files are what would be written.
        overwrite: Replace edited files.

    Raises:
        SystemExit: With :data:`STALE_EXIT`.
        AssayError: The schema cannot be had, edits are in conflict or cannot be kept, or a file cannot be written.
    """
    directory = Path(output)
    files, conflicts = generated(directory, document_of(config, side), style, overwrite=overwrite)
    changed = {name: text for name, text in files.items() if _text(directory / name) != text}
    if check:
        for name, text in changed.items():
            config.print_stdout("%s", _difference(directory / name, text))
        config.print_stdout("%d of %d files would change.", len(changed), len(files))
        if changed:
            sys.exit(STALE_EXIT)
        return
    write_files(directory, changed)
    config.print_stdout("Wrote %d files to %s; %d were as they are.", len(changed), output, len(files) - len(changed))
    refuse_conflicts(directory, conflicts)


def generated(
    directory: Path, schema: Mapping[str, Any], style: Style, *, overwrite: bool = False
) -> tuple[dict[str, str], dict[str, int]]:
    """Return the files of a package, with what was edited by hand, and the conflicts in them.

    Args:
        directory: Of the package, which may be there.
        schema: What it is generated from.
        style: ``sqlmodel`` or ``declarative``.
        overwrite: Whether to leave edits out.

    Raises:
        AssayError: A file was edited, and what it was generated from is not known.
    """
    files = package.package(schema, style)
    conflicts: dict[str, int] = {}
    lost = []
    for name, text in files.items():
        there = _text(directory / name)
        if overwrite or not package.is_edited(there):
            continue
        before = _document_before(directory)
        found = package.kept(there, name, before, text) if before is not None else None
        if found is None:
            lost += [str(directory / name)] if there != text else []
        else:
            files[name], conflicts[name] = found
    if lost:
        hint = "Move the edits to modules of your own, or replace them by --overwrite."
        raise AssayError(f"edited by hand, and not known from what: {', '.join(lost)}.", hint=hint)
    return {**files, package.DOCUMENT: document.dumps(schema)}, {name: n for name, n in conflicts.items() if n}


def _document_before(directory: Path) -> dict[str, Any] | None:
    text = _text(directory / package.DOCUMENT)
    return document.loads(text, where=str(directory / package.DOCUMENT)) if text else None


def refuse_conflicts(directory: Path, conflicts: Mapping[str, int]) -> None:
    """Raise if there are conflicts in what was written.

    Args:
        directory: Of the package.
        conflicts: Name of a file to how many there are.
    """
    if conflicts:
        listed = ", ".join(f"{directory / name} ({count})" for name, count in conflicts.items())
        hint = "Edit what stands between <<<<<<< and >>>>>>>."
        raise AssayError(f"edits and what is generated now are in conflict: {listed}.", hint=hint)


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
