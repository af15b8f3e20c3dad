"""What the linter says of itself: findings that no rule makes."""

from __future__ import annotations

from dataclasses import dataclass

from alembic_assay.findings import Finding, Location, Severity


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind of finding about the reading of a script.

    Args:
        code: ``ASY001``.
        name: ``unparsed-sql``.
        severity: See :class:`.Severity`.
    """

    code: str
    name: str
    severity: Severity

    def finding(self, message: str, line: int | None = None) -> Finding:
        """Return a finding of this kind."""
        location = Location(line=line)
        return Finding(code=self.code, rule=self.name, severity=self.severity, message=message, location=location)


UNPARSED_SQL = Notice("ASY001", "unparsed-sql", Severity.INFO)
"""SQL that PostgreSQL's parser refuses: rules did not see it."""
NOT_REPLAYABLE = Notice("ASY002", "not-replayable", Severity.WARNING)
"""A function that needs a database: rules saw what came before."""
INVALID_IGNORE = Notice("ASY003", "invalid-ignore", Severity.WARNING)
"""An ignoring comment without a rule, without a reason, or with a rule that does not exist."""
UNUSED_IGNORE = Notice("ASY004", "unused-ignore", Severity.WARNING)
"""An ignoring comment where there is nothing to ignore."""

NOTICES = (UNPARSED_SQL, NOT_REPLAYABLE, INVALID_IGNORE, UNUSED_IGNORE)
