"""The proof of one revision: up, down, up again, with the catalogs compared in between."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, replace
from enum import StrEnum
from inspect import signature
from typing import TYPE_CHECKING

from alembic_assay import catalog
from alembic_assay.catalog.columns import Column
from alembic_assay.errors import IrreversibleError, ProofError, first_line, sqlstate

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic_assay.proof.rehearsal import Rehearsal

CIRCUMSTANCES = {
    "55P04": "an enum value is added and used; one transaction cannot hold both.",
    "55P03": "another session holds a lock that it needs; try again.",
    "40P01": "it met another session in a deadlock; try again.",
    "57014": "it took longer than statement_timeout.",
    "42501": "the role that is connected may not do that.",
}
"""What the server says, by SQLSTATE, when the trial failed and the revision may still be right."""


class Verdict(StrEnum):
    """What came of a proof."""

    EXACT = "exact"
    ORDER_ONLY = "order only"
    DIFFERS = "schema differs"
    IRREVERSIBLE = "irreversible"
    FAILS = "does not run"
    NOT_PROVED = "not proved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Functions:
    """A revision as far as it can be run.

    Args:
        revision: Its identifier.
        path: Its file: errors are located in it.
        upgrade: Its ``upgrade()``.
        downgrade: Its ``downgrade()``.
    """

    revision: str
    path: str
    upgrade: Callable[[], object]
    downgrade: Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The result for one revision.

    Args:
        revision: Its identifier.
        verdict: See :class:`Verdict`.
        changes: What is not as before the upgrade, after upgrade and downgrade.
        repeated: What the second upgrade leaves different from the first.
        reason: Why it does not run, is irreversible, or was not proved, and where.
        notes: What was done otherwise than a real migration would do it.
        objects: How many catalog records were compared.
        seconds: How long it took.
    """

    revision: str
    verdict: Verdict
    changes: tuple[catalog.Change, ...] = ()
    repeated: tuple[catalog.Change, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    objects: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the revision is reversible as far as the schema goes."""
        return self.verdict in {Verdict.EXACT, Verdict.ORDER_ONLY}


def prove(rehearsal: Rehearsal, functions: Functions) -> Proof:
    """Run a revision up, down and up again.

    Args:
        rehearsal: On a database that is at the revision before.
        functions: The revision.

    Returns:
        The proof; the database is then at the revision, unless the proof failed on the way.
    """
    started = time.monotonic()
    rehearsal.notes.clear()
    proof = _round_trip(rehearsal, functions)
    return replace(proof, notes=tuple(dict.fromkeys(rehearsal.notes)), seconds=time.monotonic() - started)


def _round_trip(rehearsal: Rehearsal, functions: Functions) -> Proof:
    if any(_required(function) for function in (functions.upgrade, functions.downgrade)):
        reason = "upgrade() and downgrade() take arguments, as in a project of several databases."
        return Proof(revision=functions.revision, verdict=Verdict.NOT_PROVED, reason=reason)
    connection = rehearsal.connection
    assert connection is not None  # noqa: S101 - a rehearsal is online
    revision = functions.revision
    before = catalog.read(connection)
    snapshots = []
    for name, function in (
        ("upgrade", functions.upgrade),
        ("downgrade", functions.downgrade),
        ("upgrade again", functions.upgrade),
    ):
        try:
            rehearsal.call(function)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a migration raises is a result
            return _failed(revision, f"{name}{_line(error, functions.path)}", error)
        snapshots.append(catalog.read(connection))
    upgraded, downgraded, again = snapshots
    changes, repeated = catalog.diff(before, downgraded), catalog.diff(upgraded, again)
    return Proof(
        revision=revision,
        verdict=_verdict([*changes, *repeated]),
        changes=tuple(changes),
        repeated=tuple(repeated),
        objects=len(before),
    )


def _required(function: Callable[..., object]) -> list[str]:
    return [name for name, each in signature(function).parameters.items() if each.default is each.empty]


def _verdict(changes: list[catalog.Change]) -> Verdict:
    if not changes:
        return Verdict.EXACT
    moved = all(isinstance(change.record, Column) and change.fields == ("position",) for change in changes)
    return Verdict.ORDER_ONLY if moved else Verdict.DIFFERS


def _failed(revision: str, where: str, error: BaseException) -> Proof:
    circumstance = CIRCUMSTANCES.get(sqlstate(error) or "")
    if circumstance is not None:
        verdict, reason = Verdict.NOT_PROVED, circumstance
    elif isinstance(error, ProofError):
        verdict, reason = Verdict.NOT_PROVED, str(error)
    elif isinstance(error, IrreversibleError | NotImplementedError):
        verdict, reason = Verdict.IRREVERSIBLE, str(error) or type(error).__name__
    else:
        verdict, reason = Verdict.FAILS, first_line(error)
    return Proof(revision=revision, verdict=verdict, reason=f"{where}: {reason}")


def _line(error: BaseException, path: str) -> str:
    """The line of the script that raised: ``(), line 31``."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f"(), line {lines[-1]}" if lines else "()"
