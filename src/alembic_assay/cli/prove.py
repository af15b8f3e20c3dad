"""``assay prove``: are revisions reversible?"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from alembic.script import ScriptDirectory

from alembic_assay.cli import _environment
from alembic_assay.proof import history, report

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

    from alembic_assay.proof.roundtrip import Proof

ERROR_EXIT = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "rev_range",
        nargs="?",
        default="head",
        metavar="range",
        help="a revision, or from:to without the first one; the last two: -- -2: (default: head)",
    )
    parser.add_argument("--format", dest="output_format", choices=["text", "json"], default="text")


def prove(config: Config, rev_range: str, output_format: str) -> None:
    """Run revisions up, down and up again in one rolled-back transaction, and compare the catalogs.

    Exits with 0 if all are reversible, with 1 if one is not, and with 2 if one could not be proved.

    Args:
        config: Alembic's.
        rev_range: A revision, or two with a colon; the first one of ``from:to`` is not proved itself.
        output_format: ``text`` or ``json``.
    """
    script = ScriptDirectory.from_config(config)
    proofs: list[Proof] = []

    def look(heads: tuple[str, ...], context: MigrationContext) -> None:
        proofs.extend(history.prove_range(script, context, heads, rev_range))

    _environment.look(config, script, look)
    if output_format == "json":
        print(json.dumps({"version": 1, "proofs": [report.as_json(proof) for proof in proofs]}, indent=2))  # noqa: T201
    else:
        for proof in proofs:
            print(f"{proof.revision}: {report.text(proof)}")  # noqa: T201 - this is the command's output
    sys.exit(report.exit_code(proofs))
