"""Ranges of revisions as users write them: ``head-2:head``, ``ae1027a:``, ``-1:``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic.script.revision import RevisionError
from alembic.util import CommandError

from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory

_RELATIVE = re.compile(r"(?P<name>.*?)(?P<sign>[+-])(?P<steps>\d+)", re.DOTALL)


def scripts_in(directory: ScriptDirectory, rev_range: str) -> list[Script]:
    """Return the revisions of a range, newest first.

    Args:
        directory: Where the scripts are.
        rev_range: ``from:to``, of which the first one is not in it, as in ``alembic upgrade from:to --sql``; either may
            be left out. Without a colon that revision only. ``base``, ``head``, ``heads``, branch labels and
            beginnings of identifiers are understood, and steps from one: ``head-2``, ``ae1027a+1``; of ``-2`` from
            ``head``, of ``+2`` from ``base``.

    Raises:
        AssayError: No such revision, or none in the range.

    Example:
        >>> [script.revision for script in scripts_in(directory, "head-2:")]  # doctest: +SKIP
        ['ae1027a', '27c6a30']
    """
    first, colon, last = rev_range.partition(":")
    try:
        if colon:
            upper, lower = _absolute(directory, last or "heads"), _absolute(directory, first or "base")
            found = list(directory.iterate_revisions(upper, lower))
        else:
            found = [each for each in directory.get_revisions(_absolute(directory, first)) if each is not None]
    except (CommandError, RevisionError) as error:
        raise AssayError(f"range {rev_range!r}: {str(error).rstrip('.')}.") from None
    if not found:
        raise AssayError(f"no revisions in the range {rev_range!r}.")
    return found


def _absolute(directory: ScriptDirectory, symbol: str) -> str:
    """Take the steps that a symbol tells from another revision."""
    relative = _RELATIVE.fullmatch(symbol)
    if relative is None or _is_known(directory, symbol):
        return symbol
    down, steps = relative["sign"] == "-", int(relative["steps"])
    name = relative["name"] or ("head" if down else "base")
    here: str | None = None
    if name != "base":
        here = directory.get_revision(name).revision
    for step in range(steps):
        nexts = _below(directory, here) if down else _above(directory, here)
        if len(nexts) != 1:
            raise RevisionError(_no_way(name, step, nexts, "below" if down else "above"))
        (here,) = nexts
    return here or "base"


def _is_known(directory: ScriptDirectory, symbol: str) -> bool:
    """Tell whether it is a name as it stands: a branch may be called ``release-2``."""
    try:
        return symbol[:1] not in "+-" and directory.get_revision(symbol) is not None
    except (CommandError, RevisionError):
        return False


def _below(directory: ScriptDirectory, revision: str | None) -> tuple[str | None, ...]:
    if revision is None:
        return ()
    down = directory.get_revision(revision).down_revision
    return tuple(down) if isinstance(down, (tuple, list)) else (down,)


def _above(directory: ScriptDirectory, revision: str | None) -> tuple[str | None, ...]:
    if revision is None:
        return tuple(directory.get_bases())
    return tuple(sorted(directory.get_revision(revision).nextrev))


def _no_way(name: str, step: int, nexts: tuple[str | None, ...], where: str) -> str:
    at = f"{step} step{'' if step == 1 else 's'} {where} {name}" if step else name
    if nexts:
        return f"{at} there are several revisions: {', '.join(map(str, nexts))}"
    return f"{where} {at} there is none" if not step else f"{at} there is no further one"
