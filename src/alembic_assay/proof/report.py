"""What a person reads of a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.proof.roundtrip import Proof, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic_assay.catalog import Change

LONGEST_LIST = 20
"""Changes that are listed; what matters is among the first, the rest is counted."""


def text(proof: Proof) -> str:
    """Render a proof, without its revision.

    Returns:
        One line when all is well, else the reason or the differences below it.
    """
    lines = [_headline(proof)]
    lines += _section("Changed by upgrade() and not restored by downgrade():", proof.changes)
    lines += _section("Different when upgrade() runs a second time:", proof.repeated)
    return "\n".join(lines)


def _headline(proof: Proof) -> str:
    match proof.verdict:
        case Verdict.EXACT:
            return f"Reversible: up, down and up again gave equal catalogs ({_effort(proof)})."
        case Verdict.ORDER_ONLY:
            return f"Reversible but for the order of columns, which PostgreSQL cannot restore ({_effort(proof)})."
        case Verdict.DIFFERS:
            return f"NOT reversible: up and down again does not give the schema from before ({_effort(proof)})."
        case Verdict.IRREVERSIBLE:
            return f"NOT reversible: {proof.reason}"
        case Verdict.FAILS:
            return f"DOES NOT RUN: {proof.reason}"
        case Verdict.NOT_PROVED:
            return f"Not proved: {proof.reason}"


def _effort(proof: Proof) -> str:
    return "; ".join([f"{proof.objects} objects, {proof.seconds:.2f} s, rolled back", *proof.notes])


def _section(title: str, changes: Iterable[Change]) -> list[str]:
    lines = [f"  - {change}" for change in changes]
    if not lines:
        return []
    rest = len(lines) - LONGEST_LIST
    return [title, *lines[:LONGEST_LIST], *([f"  … and {rest} more"] if rest > 0 else [])]


def as_json(proof: Proof) -> dict[str, object]:
    """Return a proof as JSON values."""
    return {
        "revision": proof.revision,
        "verdict": str(proof.verdict),
        "holds": proof.holds,
        "reason": proof.reason,
        "changes": [str(change) for change in proof.changes],
        "repeated": [str(change) for change in proof.repeated],
        "notes": list(proof.notes),
        "objects": proof.objects,
        "seconds": round(proof.seconds, 3),
    }


def exit_code(proofs: Iterable[Proof]) -> int:
    """Return 0 if all hold, 1 if one is not reversible or does not run, else 2."""
    open_verdicts = {proof.verdict for proof in proofs if not proof.holds}
    if not open_verdicts:
        return 0
    return 2 if open_verdicts == {Verdict.NOT_PROVED} else 1
