"""Comments that ignore a finding: ``# assay: ignore[index-not-concurrent] the table has ten rows``."""

from __future__ import annotations

import re
import tokenize
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from alembic_assay.lint.notices import INVALID_IGNORE, NOTICES
from alembic_assay.rules import find_rule, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.findings import Finding

_COMMENT = re.compile(r"#\s*assay:\s*ignore\b\s*(?:\[(?P<names>[^]]*)])?\s*(?P<reason>.*)")
_EXPECTED = "expected '# assay: ignore[rule-name] reason'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A comment that ignores findings of some rules at one operation.

    Args:
        line: Where the comment stands, from 1.
        target: The line that it is about: its own, or the first one below a line of its own.
        names: The names of the rules.
        reason: Why.
    """

    line: int
    target: int
    names: tuple[str, ...]
    reason: str

    def covers(self, name: str, lines: tuple[int, int] | None) -> bool:
        """Tell whether it ignores a rule in some lines, first and last."""
        return lines is not None and name in self.names and lines[0] <= self.target <= lines[1]


def read(source: str) -> tuple[Suppression, ...]:
    """Return the ignoring comments of a script, in order.

    Args:
        source: Valid Python. What looks like a comment in a string is none.

    Example:
        >>> read("op.drop_index('i')  # assay: ignore[ASY101] nobody writes at night")[0].names
        ('index-not-concurrent',)
    """
    return tuple(_suppressions(source))


def problems(suppression: Suppression) -> Iterator[Finding]:
    """Yield what is wrong with a comment as it is written."""
    if not suppression.names or not suppression.reason:
        missing = "no reason" if suppression.names else "no rule"
        yield INVALID_IGNORE.finding(f"{_EXPECTED}, got {missing}. Nothing is ignored.", suppression.line)
    for name in suppression.names:
        if not is_known(name):
            message = f"unknown rule {name!r} in a comment. {nearest(name, notice_names())}"
            yield INVALID_IGNORE.finding(message, suppression.line)


def is_known(name: str) -> bool:
    """Tell whether there is a rule, or a finding of the linter itself, of this name."""
    return find_rule(name) is not None or name in notice_names()


def notice_names() -> tuple[str, ...]:
    """Return the names of the linter's own findings."""
    return tuple(notice.name for notice in NOTICES)


def _suppressions(source: str) -> Iterator[Suppression]:
    lines = source.splitlines()
    for token in tokenize.generate_tokens(StringIO(source).readline):
        match = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
        if match is not None:
            line = target = token.start[0]
            while target <= len(lines) and lines[target - 1].lstrip().startswith("#"):
                target += 1
            names = (name.strip() for name in (match["names"] or "").split(","))
            yield Suppression(
                line=line,
                target=target,
                names=tuple(_canonical(name) for name in names if name),
                reason=match["reason"].strip(),
            )


def _canonical(name: str) -> str:
    rule = find_rule(name)
    return name if rule is None else rule.name
