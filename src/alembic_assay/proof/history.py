"""Proof of revisions that exist already, on a database that may be at any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from alembic.script.revision import RevisionError

from alembic_assay.errors import ProofError, first_line
from alembic_assay.lint.ranges import scripts_in
from alembic_assay.options import Options
from alembic_assay.proof.rehearsal import Rehearsal, rehearse
from alembic_assay.proof.roundtrip import Functions, Proof, Verdict, prove

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script, ScriptDirectory
    from sqlalchemy import Connection

Revisions = str | tuple[str, ...] | None


def prove_range(
    directory: ScriptDirectory, context: MigrationContext, heads: tuple[str, ...], rev_range: str
) -> list[Proof]:
    """Prove a range of revisions in one transaction that is rolled back.

    The database is first taken to where the range begins, by the scripts' own functions.

    Args:
        directory: Where the scripts are.
        context: With a connection.
        heads: The revisions that the database is at.
        rev_range: See :func:`~alembic_assay.lint.ranges.scripts_in`.

    Returns:
        One proof a revision, in the order of upgrades.

    Raises:
        AssayError: No such revision, or none in the range.
        ProofError: The way there does not exist, or cannot be gone.
    """
    runs = _runs(directory, rev_range)
    options: Options = context.opts.get("assay") or Options()
    connection = cast("Connection", context.connection)
    proofs: list[Proof] = []
    for scripts in runs:
        first = scripts[0].down_revision
        with rehearse(connection, context.opts, options.lock_timeout) as rehearsal:
            go_to(directory, rehearsal, heads, first if isinstance(first, str | None) else tuple(first))
            proofs += _prove_each(rehearsal, scripts)
    return proofs


def _runs(directory: ScriptDirectory, rev_range: str) -> list[list[Script]]:
    """The revisions that are proved one after the other; those of separate branches are in separate runs."""
    scripts = scripts_in(directory, rev_range or "heads")
    return [scripts[::-1]] if ":" in rev_range else [[script] for script in scripts]


def _prove_each(rehearsal: Rehearsal, scripts: list[Script]) -> list[Proof]:
    proofs: list[Proof] = []
    failed: str | None = None
    for script in scripts:
        if failed is not None:
            reason = f"it comes after {failed}, which could not be run."
            proofs.append(Proof(revision=script.revision, verdict=Verdict.NOT_PROVED, reason=reason))
            continue
        proofs.append(prove(rehearsal, _functions(script)))
        if proofs[-1].reason:
            failed = script.revision
    return proofs


def _functions(script: Script) -> Functions:
    module = script.module
    return Functions(revision=script.revision, path=script.path, upgrade=module.upgrade, downgrade=module.downgrade)


def go_to(directory: ScriptDirectory, rehearsal: Rehearsal, heads: tuple[str, ...], target: Revisions) -> None:
    """Take a rehearsal's database to a revision: down where that is an ancestor, otherwise up.

    Args:
        directory: Where the scripts are.
        rehearsal: On the database.
        heads: The revisions that it is at.
        target: The revision, or several, that it shall be at; ``None`` for the base.

    Raises:
        ProofError: There is no way, or a script fails on it.
    """
    for script, step in _way(directory, heads, target):
        try:
            rehearsal.call(getattr(script.module, step))
        except (Exception, SystemExit) as error:
            way = f"from {_name(heads)} to {_name(target)}"
            raise ProofError(f"on the way {way}, {step}() of {script.revision} failed: {first_line(error)}") from error


def _way(directory: ScriptDirectory, heads: tuple[str, ...], target: Revisions) -> list[tuple[Script, str]]:
    try:
        if _wanted(target) <= _ancestors(directory, heads):
            down = directory.iterate_revisions(heads, target or "base") if heads else ()
            return [(script, "downgrade") for script in down]
        up = directory.iterate_revisions(target, heads or "base")
        return [(script, "upgrade") for script in list(up)[::-1]]
    except RevisionError as error:
        raise ProofError(f"there is no way from {_name(heads)} to {_name(target)}: {error}.") from None


def _wanted(target: Revisions) -> set[str]:
    return {target} if isinstance(target, str) else set(target or ())


def _ancestors(directory: ScriptDirectory, heads: tuple[str, ...]) -> set[str]:
    return {script.revision for script in directory.iterate_revisions(heads, "base")} if heads else set()


def _name(revisions: Revisions) -> str:
    if not revisions:
        return "base"
    return revisions if isinstance(revisions, str) else ", ".join(revisions)
