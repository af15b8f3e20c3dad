"""``assay diagram``: a schema as a diagram, alone or in a marked block of a Markdown file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_assay.cli import models
from alembic_assay.cli import snapshot as reading
from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config

STALE_EXIT = 1
"""The block is not what would be written."""

BEGIN, END = "<!-- assay: diagram -->", "<!-- assay: end -->"
_BLOCK = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
FORMATS = ("mermaid", "dot", "dbml", "report", "markdown")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "side", nargs="?", default="database", metavar="A", help="as for assay diff (default: database)"
    )
    parser.add_argument("--format", dest="output_format", choices=FORMATS, default="mermaid")
    parser.add_argument("--inject", metavar="FILE", help=f"replace what stands between {BEGIN} and {END}")
    parser.add_argument(
        "--check", action="store_true", help="with --inject: write nothing; exit with 1 if it would change"
    )


def diagram(config: Config, side: str, output_format: str, inject: str | None, *, check: bool) -> None:
    """Draw a schema: Mermaid, Graphviz DOT, DBML; or report on it.

    Args:
        config: Alembic's.
        side: As for ``assay diff``.
        output_format: ``mermaid``, ``dot``, ``dbml``, ``report`` or ``markdown``.
        inject: A Markdown file with a marked block.
        check: Only say whether the block is what would be written.

    Raises:
        SystemExit: With :data:`STALE_EXIT`.
        AssayError: The schema cannot be had, or the file has no such block.
    """
    text, losses = _drawn(models.document_of(config, side), output_format)
    for loss in losses:
        print(f"Not said: {loss}", file=sys.stderr)  # noqa: T201 - beside a diagram on standard output
    if inject is None:
        reading.print_utf8(config, text)
        return
    path = Path(inject)
    before = _read(path)
    fence = text if output_format == "markdown" else f"```{output_format}\n{text}```\n"
    after = _BLOCK.sub(lambda _: f"{BEGIN}\n{fence}{END}", before, count=1)
    if after != before and not check:
        reading.write(path, after)
    config.print_stdout("%s: %s", inject, "as it is." if after == before else "stale." if check else "updated.")
    if after != before and check:
        sys.exit(STALE_EXIT)


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AssayError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'expected UTF-8'}.") from None
    if not _BLOCK.search(text):
        raise AssayError(f"{path} has no block for the diagram.", hint=f"Write two lines: {BEGIN} and {END}.")
    return text


def _drawn(schema: dict[str, Any], output_format: str) -> tuple[str, list[str]]:
    from alembic_assay.emit import dbml, dot, mermaid, report  # noqa: PLC0415 - only this command needs them

    if output_format == "dbml":
        return dbml.dbml(schema)
    write = {
        "mermaid": mermaid.mermaid,
        "dot": dot.dot,
        "report": report.box_report,
        "markdown": report.markdown,
    }
    return write[output_format](schema), []
