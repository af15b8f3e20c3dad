"""``assay lint``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from alembic_assay import options
from alembic_assay.findings import Severity
from alembic_assay.lint import check_revisions, report

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config

    from alembic_assay.findings import Finding

FINDINGS_EXIT = 1
"""There is a finding of severity ``error`` that is neither fixed nor ignored."""
ERROR_EXIT = 2
"""Nothing was linted: no such revision, a script that cannot be loaded, a setting that does not exist."""


def lint(config: Config, rev_range: str | None = None, output_format: str = "text") -> None:
    """Say what is unsafe or unwise in revisions; needs no database.

    Args:
        config: Alembic's configuration; ``env.py`` is not run.
        rev_range: A revision, or two with a colon; the first one of ``from:to`` is not linted itself. Left out, every
            revision, as continuous integration wants it.
        output_format: ``text`` or ``json``.

    Raises:
        SystemExit: With :data:`FINDINGS_EXIT`.
        AssayError: For :data:`ERROR_EXIT`.
    """
    findings = check_revisions(config, rev_range, options.load(config))
    if output_format == "json":
        config.print_stdout("%s", report.to_json(findings))
    else:
        _print_text(config, findings)
    if any(finding.counts and finding.severity is Severity.ERROR for finding in findings):
        raise SystemExit(FINDINGS_EXIT)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "rev_range",
        nargs="?",
        metavar="range",
        help="a revision, or from:to without the first one; the last two: -- -2: (default: every revision)",
    )
    parser.add_argument(
        "--format", dest="output_format", choices=("text", "json"), default="text", help="default: text"
    )


def _print_text(config: Config, findings: list[Finding]) -> None:
    console = Console(file=config.stdout)
    if console.is_terminal:
        console.print(report.styled(findings, console.width), soft_wrap=True)
    else:
        config.print_stdout("%s", report.text(findings))
