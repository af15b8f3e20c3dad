"""``assay rehearse``: the pending revisions on a branch of the real data."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from alembic_assay.neon.url import direct, resolve

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config

    from alembic_assay.proof.branch import BranchReport, Step

ERROR_EXIT = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("revision", nargs="?", default="head", help="where to (default: head)")
    parser.add_argument("--format", dest="output_format", choices=["text", "json"], default="text")


def rehearse(config: Config, revision: str, output_format: str) -> None:
    """Run all pending revisions on a branch of the Neon database: up, down and up again; then delete the branch.

    NEON_API_KEY and NEON_PROJECT_ID say which project. It reports for each revision how long it took, which tables
    it locked and rewrote, and where rows did not fit. Exits with 0 if all went well, with 1 if not, and with 2 if
    it could not be tried.

    Args:
        config: Alembic's.
        revision: Where to.
        output_format: ``text`` or ``json``.
    """
    from alembic_assay.neon.api import NeonAPI  # noqa: PLC0415 - other commands do not pay for it
    from alembic_assay.neon.branches import temporary_branch  # noqa: PLC0415
    from alembic_assay.proof.branch import rehearse_on  # noqa: PLC0415

    pairs = (argument.partition("=") for argument in getattr(config.cmd_opts, "x", None) or ())
    x = next((value for name, _, value in pairs if name == "url"), None)
    url = resolve(x=x, argument=None, environ=os.environ, ini=config.get_main_option("sqlalchemy.url")).url
    with NeonAPI.from_environment() as api, temporary_branch(api, direct(url) or url) as branch:
        report = rehearse_on(config, branch, revision)
    text = json.dumps({"version": 1, "ok": report.ok, **asdict(report)}, indent=2) if output_format == "json" else ""
    print(text or "\n".join(lines(report)))  # noqa: T201 - this is the command's output
    sys.exit(0 if report.ok else 1)


def lines(report: BranchReport) -> list[str]:
    """Return what a person reads.

    Args:
        report: Of the rehearsal.
    """
    found = [line for step in report.steps for line in _step(step)]
    if report.changes:
        found += ["Changes:", *(f"  {change}" for change in report.changes)]
    if any(step.error for step in report.steps):
        return [*found, "NOT ready: a revision fails on the data as they are now."]
    if not report.steps:
        return ["Nothing is pending."]
    if report.downgrade:
        return [*found, f"NOT reversible: {report.downgrade}"]
    if report.lost:
        return [*found, *(f"  {change}" for change in report.lost), "NOT reversible: the schema is not as before."]
    return [*found, "Ready: up, down and up again gave equal schemas. The branch is deleted."]


def _step(step: Step) -> list[str]:
    found = [f"{step.revision}: {step.seconds:.2f} s, {_bytes(step.grown)}"]
    if step.locks:
        found.append(f"  locks: {', '.join(f'{table} {mode}' for table, mode in step.locks.items())}")
    if step.rewritten:
        found.append(f"  rewritten: {', '.join(step.rewritten)}")
    if step.error:
        found.append(f"  FAILED: {step.error}")
    if step.detail:
        found.append(f"  {step.detail}")
    return found


def _bytes(number: int) -> str:
    sign, size = ("-" if number < 0 else "+"), float(abs(number))
    for unit in ("B", "kB", "MB"):
        if size < 1024:  # noqa: PLR2004 - as PostgreSQL's pg_size_pretty()
            return f"{sign}{size:.0f} {unit}"
        size /= 1024
    return f"{sign}{size:.1f} GB"
