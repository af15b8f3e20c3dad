"""The one currency of rules, proof and reports: what was found, how bad it is, where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is. ``error`` fails the command, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst, rising: a key to sort by."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a finding is.

    Args:
        revision: Identifier of the revision, ``None`` outside of one.
        direction: ``"upgrade"`` or ``"downgrade"``.
        path: The file, as the user would type it.
        line: Line in the file, from 1.
        subject: The database object, written as in SQL: ``public.tasks``.
    """

    revision: str | None = None
    direction: str | None = None
    path: str | None = None
    line: int | None = None
    subject: str | None = None

    def __str__(self) -> str:
        """``path:line``, or as much of it as is known."""
        if self.path is None:
            return f"{self.direction}()" if self.direction else (self.subject or "")
        return self.path if self.line is None else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that somebody should know before it reaches production.

    Args:
        code: ``ASY101``: stable, for search engines and configuration.
        rule: ``fk-without-index``: the same, for people.
        severity: See :class:`Severity`.
        message: What happens, to whom, until when.
        instead: What to write instead, ready to paste; empty where there is no single answer.
        note: A sentence that follows ``instead``, such as the line that the models need.
        location: See :class:`Location`.
        fixed: The fix has been applied to the script.
        suppressed: The reason given for ignoring it; ``None`` when it is not ignored.
    """

    code: str
    rule: str
    severity: Severity
    message: str
    instead: str = ""
    note: str = ""
    location: Location = field(default_factory=Location)
    fixed: bool = False
    suppressed: str | None = None

    @property
    def counts(self) -> bool:
        """Whether this finding still asks for something: neither fixed nor suppressed."""
        return not self.fixed and self.suppressed is None
