"""One page a rule, from its docstring, its attributes and its case file."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from typing import TYPE_CHECKING, Any

from alembic_assay.lint import notices
from alembic_assay.rules import all_rules
from alembic_assay.rules.base import Rule
from assay_reference.docstrings import markdown, parse

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = ("Effect", "Instead", "When it is safe")
NO_FINDINGS = "\nNo findings.\n"


def index() -> str:
    """Return the table of all rules."""
    rows = [
        f"| {rule.code} | [`{rule.name}`](/reference/rules/{rule.name}.md) | {rule.severity} |"
        f" {'yes' if _has_fix(rule) else 'no'} | {parse(type(rule)).summary} |"
        for rule in all_rules()
    ]
    own = [f"| {notice.code} | `{notice.name}` | {notice.severity} | {_said(notice)} |" for notice in notices.NOTICES]
    return "\n".join(
        [
            *("| code | rule | severity | fix | |", "|---|---|---|---|---|"),
            *rows,
            *("", "What the linter says of its own reading, and can be ignored like a rule:", ""),
            *("| code | name | severity | |", "|---|---|---|---|"),
            *own,
            "",
        ]
    )


def pages(repository: Path) -> dict[str, str]:
    """Return the text of each rule's page by its name.

    Args:
        repository: Its ``tests/rules/cases`` holds the examples: ``<family>/<what it shows>.md``.
    """
    cases = repository / "tests" / "rules" / "cases"
    return {
        rule.name: _page(rule, [path.read_text("utf-8") for path in sorted((cases / rule.family).glob("*.md"))])
        for rule in all_rules()
    }


def _page(rule: Rule[Any], cases: list[str]) -> str:
    doc = parse(type(rule))
    family, fix = rule.family.replace("_", " "), "yes" if _has_fix(rule) else "no"
    found = [case for case in cases if f"({rule.code})" in case]
    nothing = [case for case in cases if NO_FINDINGS in case]
    parts = [
        f"# {rule.name} ({rule.code})",
        doc.summary,
        f"Severity: {rule.severity}. Family: {family}. Fix: {fix}.",
        *(f"## {title}\n\n{markdown(doc.sections[title])}" for title in SECTIONS),
        doc.body,
        *(["## What it reports", "These are its tests.", *map(_example, found)] if found else []),
        *(["## Where it finds nothing", *map(_example, nothing)] if nothing else []),
    ]
    return "\n\n".join(parts) + "\n"


def _example(case: str) -> str:
    """Fit a case into a page: its title goes down, its sections are no headings."""
    titled = re.sub(r"^# (.+)$", r"### \1", case, count=1, flags=re.MULTILINE)
    return re.sub(r"^## (.+)$", r"**\1**", titled, flags=re.MULTILINE).strip()


def _said(notice: notices.Notice) -> str:
    """Return the string below the constant, which Python itself does not keep."""
    body = ast.parse(inspect.getsource(notices)).body
    constant = next(name for name, value in vars(notices).items() if value is notice)
    for statement, following in itertools.pairwise(body):
        is_it = isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == constant
        if is_it and isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            return markdown(str(following.value.value))
    return ""


def _has_fix(rule: Rule[Any]) -> bool:
    return type(rule).fix is not Rule.fix
