"""What a change does to a version, for whom, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

READER, WRITER, DATA = "reader", "writer", "data"
READER_RISK, WRITE_EFFECT = "reader_risk", "write_effect"


class Bump(IntEnum):
    """The part of a version that is raised."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one change means.

    Args:
        bump: See :class:`Bump`.
        why: In one line.
        parties: Whose contract is broken or touched: ``reader``, ``writer``, ``data``.
        flags: ``reader_risk``: an old reader may meet what it does not know. ``write_effect``: an old write does
            something else than before. Neither makes a statement fail.
    """

    bump: Bump
    why: str
    parties: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def major(why: str, *parties: str) -> Verdict:
    """Return a verdict that an old client can fail."""
    return Verdict(Bump.MAJOR, why, parties or (READER, WRITER))


def minor(why: str, *flags: str) -> Verdict:
    """Return a verdict that something is new."""
    return Verdict(Bump.MINOR, why, _touched(flags), flags)


def patch(why: str, *flags: str) -> Verdict:
    """Return a verdict that no client sees it."""
    return Verdict(Bump.PATCH, why, _touched(flags), flags)


def worst(verdicts: list[Verdict]) -> Verdict:
    """Return the verdict that counts, with the flags of all."""
    found = max(verdicts, key=lambda verdict: verdict.bump)
    flags = tuple(sorted({flag for verdict in verdicts for flag in verdict.flags}))
    parties = tuple(sorted({party for verdict in verdicts for party in verdict.parties}))
    why = "; ".join(dict.fromkeys(verdict.why for verdict in verdicts if verdict.bump is found.bump))
    return Verdict(found.bump, why, parties, flags)


def _touched(flags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(party for flag, party in ((READER_RISK, READER), (WRITE_EFFECT, WRITER)) if flag in flags)
