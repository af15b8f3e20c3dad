"""Findings as text for people and as JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from alembic_assay.findings import Severity
from alembic_assay.rules import find_rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_assay.findings import Finding

WIDTH = 100
"""Columns of prose where the output is no terminal. Code is never broken: it is there to be pasted."""
JSON_VERSION = 1
"""Counted up when a key is renamed or removed; keys may be added."""

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
_INDENT = " " * 4
_DONE = ("fixed", "ignored")


def text(findings: Sequence[Finding], width: int = WIDTH) -> str:
    """Write findings for people, plain, with a summary as last line.

    Args:
        findings: In the order to show them.
        width: Columns of a line of prose.

    Example:
        >>> text([])
        'No findings.'
    """
    return styled(findings, width).plain


def styled(findings: Sequence[Finding], width: int = WIDTH) -> Text:
    """Write findings for a terminal; see :func:`text`."""
    result = Text()
    for finding in findings:
        for line, style in _lines(finding, width):
            result.append(f"{line}\n", style)
        result.append("\n")
    return result.append(summary(findings))


def summary(findings: Sequence[Finding]) -> str:
    """Say how many findings there are of each severity, and how many are fixed or ignored.

    >>> summary([])
    'No findings.'
    """
    counts = _counts(findings)
    *most, last = [_number(counts[word], word) for word in Severity if counts[word]] or [""]
    left = f"{', '.join(most)} and {last}" if most else last
    done = ", ".join(f"{counts[word]} {word}" for word in _DONE if counts[word])
    if not left and not done:
        return "No findings."
    return f"{f'Found {left}' if left else 'Nothing left to do'}{f'; {done}' if done else ''}."


def to_json(findings: Sequence[Finding]) -> str:
    """Write findings for programs.

    Keys are stable: ``version``, ``findings`` (each with all fields of :class:`.Finding`), and ``summary``, the
    number of each severity that is neither fixed nor ignored, of the fixed and of the ignored.

    >>> to_json([]).splitlines()[1:3]
    ['  "version": 1,', '  "findings": [],']
    """
    counts = _counts(findings)
    document: dict[str, Any] = {
        "version": JSON_VERSION,
        "findings": [asdict(finding) for finding in findings],
        "summary": {str(key): counts[key] for key in (*Severity, *_DONE)},
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _counts(findings: Sequence[Finding]) -> Counter[str]:
    return Counter(_state(finding) for finding in findings)


def _state(finding: Finding) -> str:
    if finding.fixed:
        return "fixed"
    return "ignored" if finding.suppressed is not None else finding.severity.value


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 or word == Severity.INFO.value else f"{count} {word}s"


def _lines(finding: Finding, width: int) -> Iterator[tuple[str, str]]:
    style = _STYLES[finding.severity] if finding.counts else "dim"
    place = f"{finding.location}: " if str(finding.location) else ""
    yield f"{place}{_state(finding)} {finding.rule} ({finding.code})", style
    if finding.suppressed is not None:
        yield from _prose(finding.suppressed, width, "dim")
        return
    yield from _prose(finding.message, width)
    if finding.instead:
        yield "", ""
        yield f"{_INDENT}{_advice(finding)}", "bold"
        yield "", ""
        yield textwrap.indent(finding.instead, _INDENT * 2), "green"
    if finding.note:
        sentence, _, code = finding.note.partition("\n")
        yield "", ""
        yield from _prose(sentence, width)
        if code:
            yield "", ""
            yield textwrap.indent(code, _INDENT * 2), "green"


def _prose(sentence: str, width: int, style: str = "") -> Iterator[tuple[str, str]]:
    for line in textwrap.wrap(
        sentence,
        max(width, 40),
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    ):
        yield line, style


def _advice(finding: Finding) -> str:
    if finding.fixed:
        return "The script now has:"
    rule = find_rule(finding.rule)
    return "Instead, use:" if rule is None else rule.advice
