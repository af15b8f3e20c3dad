"""``assay version``: the semantic version of a schema that was another one before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic_assay.catalog import document
from alembic_assay.cli import _recorded, diff
from alembic_assay.cli import snapshot as reading
from alembic_assay.versioning import Strictness, next_version

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config

FIRST = "1.0.0"
"""The version of a schema that says none."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("before", metavar="A", help=f"the schema before: {diff.SIDES}")
    parser.add_argument("after", metavar="B", help="the schema now")
    parser.add_argument(
        "--from",
        dest="given",
        metavar="VERSION",
        help="the version of A (default: as its document, or the comment of --comment, says)",
    )
    parser.add_argument("--write", action="store_true", help="write the version into B, a document's file")
    parser.add_argument(
        "--comment", action="store_true", help="write it as a comment on the version table of env.py's database"
    )
    parser.add_argument("--strict", action="store_true", help="what is a risk is breaking")
    parser.add_argument("--format", dest="output_format", choices=["text", "json"], default="text")


def version(  # noqa: PLR0913 - each is an option
    config: Config,
    before: str,
    after: str,
    given: str | None,
    *,
    strict: bool,
    output_format: str,
    write: bool,
    comment: bool,
) -> None:
    """Say which version a schema has now, and why: major, minor or patch, for readers, writers and data.

    Args:
        config: Alembic's.
        before: The schema before, as for ``assay diff``.
        after: The schema now.
        given: The version before.
        strict: Whether a change that is a risk counts as breaking.
        output_format: ``text`` or ``json``.
        write: Whether to write the version into the document of ``after``.
        comment: Whether to write it into the database of ``env.py``.

    Raises:
        AssayError: A schema cannot be had, the version is none, or cannot be written.
    """
    sides = diff.comparable(*(diff.side(config, each) for each in (before, after)))
    policy: Strictness = "strict" if strict else "usual"
    found = next_version(sides[0], sides[1], given or _said(config, before), policy)
    if write:
        _recorded.in_document(Path(after), found["to"])
    if comment:
        _recorded.in_database(config, found["to"])
    if output_format == "json":
        reading.print_utf8(config, document.dumps(found))
        return
    for each in found["changes"]:
        flags = f" ({', '.join(each['flags'])})" if each["flags"] else ""
        config.print_stdout("%-5s  %s: %s%s", each["bump"], each["path"], each["why"], flags)
    config.print_stdout("%s → %s", found["from"], found["to"])


def _said(config: Config, side: str) -> str:
    path = Path(side)
    if side == "database":
        return _recorded.of_database(config) or FIRST
    if not path.is_file():
        return FIRST
    is_yaml = path.suffix.lower() in {".yaml", ".yml"}
    return str(document.loads(path.read_text("utf-8-sig"), "yaml" if is_yaml else "json").get("version") or FIRST)
