"""Runs the rules over a revision, and honours what is ignored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from alembic_assay.errors import OptionsError
from alembic_assay.lint.notices import UNUSED_IGNORE
from alembic_assay.lint.suppressions import is_known, notice_names, problems
from alembic_assay.options import Options
from alembic_assay.rules import RuleContext, all_rules, nearest
from alembic_assay.rules.tables import KnownTables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import MetaData

    from alembic_assay.findings import Finding
    from alembic_assay.lint.collect import Half, Revision
    from alembic_assay.lint.suppressions import Suppression


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known besides the revision; see :class:`.RuleContext` for each."""

    before: KnownTables = field(default_factory=KnownTables)
    metadata: Sequence[MetaData] = ()
    declared: KnownTables = field(default_factory=KnownTables)
    complete: bool = False
    server_version: int | None = None
    options: Options = field(default_factory=Options)

    def context(self, half: Half) -> RuleContext:
        """Return what rules are told of one direction."""
        return RuleContext(
            steps=half.steps,
            direction=half.direction,
            before=self.before,
            metadata=self.metadata,
            declared=self.declared,
            complete=self.complete,
            server_version=self.server_version,
            options=self.options,
        )


def check(revision: Revision, knowledge: Knowledge) -> list[Finding]:
    """Return what is wrong with a revision, in the order of its operations.

    Args:
        revision: What it does.
        knowledge: What is known of tables and models before its upgrade; and the settings, of which
            ``ignore`` names rules that are not run.

    Raises:
        OptionsError: ``ignore`` names a rule that does not exist.
    """
    ignored = ignored_rules(knowledge.options)
    used: set[Suppression] = set()
    found: list[Finding] = []
    for half in revision.halves:
        context = knowledge.context(half)
        found += [
            _place(finding, lines, revision, half, used)
            for finding, lines in _findings(half, context)
            if finding.rule not in ignored
        ]
        if half.direction == "upgrade":
            knowledge = replace(knowledge, before=context.after)
    comments = [
        _at(finding, revision, None)
        for finding in _comment_findings(revision, used, ignored)
        if finding.rule not in ignored
    ]
    return found + comments


def ignored_rules(options: Options) -> set[str]:
    """Return the names that ``options.ignore`` means.

    Raises:
        OptionsError: There is no such rule; names the nearest.
    """
    for name in options.ignore:
        if not is_known(name):
            hint = nearest(name, notice_names())
            raise OptionsError(f"unknown rule {name!r} in option 'ignore'.", hint=hint)
    return {rule.name for rule in all_rules() if {rule.name, rule.code} & set(options.ignore)} | {*options.ignore}


def _findings(half: Half, context: RuleContext) -> Iterator[tuple[Finding, tuple[int, int] | None]]:
    rules = [rule for rule in all_rules() if half.direction in rule.directions]
    for step in half.steps:
        for rule in rules:
            if isinstance(step.operation, rule.looks_at):
                yield from ((finding, step.lines) for finding in rule.check(step.operation, context))
    for finding in half.findings:
        line = finding.location.line
        yield finding, None if line is None else (line, line)


def _place(
    finding: Finding,
    lines: tuple[int, int] | None,
    revision: Revision,
    half: Half,
    used: set[Suppression],
) -> Finding:
    placed = _at(finding, revision, half.direction)
    for suppression in revision.suppressions:
        if suppression.covers(finding.rule, lines):
            used.add(suppression)
            return replace(placed, suppressed=suppression.reason) if suppression.reason else placed
    return placed


def _at(finding: Finding, revision: Revision, direction: str | None) -> Finding:
    location = replace(finding.location, revision=revision.identifier, direction=direction, path=revision.path)
    return replace(finding, location=location)


def _comment_findings(revision: Revision, used: set[Suppression], ignored: set[str]) -> Iterator[Finding]:
    whole = all(half.whole for half in revision.halves)
    for suppression in revision.suppressions:
        found = list(problems(suppression))
        yield from found
        runs = not ignored & set(suppression.names)
        if not found and whole and runs and suppression not in used:
            names = ", ".join(suppression.names)
            yield UNUSED_IGNORE.finding(f"nothing to ignore here for {names}: remove the comment.", suppression.line)
