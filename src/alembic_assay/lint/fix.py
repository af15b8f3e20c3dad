"""Writes the safe form that rules know into a revision that autogenerate made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from alembic_assay.errors import IrreversibleError
from alembic_assay.lint.collect import from_operations
from alembic_assay.ops.transactions import AutocommitOp
from alembic_assay.rules import select_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alembic.operations import MigrateOperation

    from alembic_assay.findings import Finding
    from alembic_assay.lint.check import Knowledge
    from alembic_assay.rules import Rule, RuleContext
    from alembic_assay.rules.base import Direction

Replacements = dict[int, list["MigrateOperation"]]
"""What to put in the place of an operation, by its ``id()``."""


def fix(script: ops.MigrationScript, knowledge: Knowledge) -> list[Finding]:
    """Apply the fixes of the rules that ``options.fix`` names, to both directions.

    A fix of the upgrade is undone at the same place of the downgrade, where that mirrors the upgrade; else what was
    added is undone first. Models are only read.

    Args:
        script: Is changed.
        knowledge: What is known of tables and models before the upgrade, and the settings.

    Returns:
        What was fixed.

    Raises:
        OptionsError: ``options.fix`` names a rule that does not exist.
    """
    found: list[Finding] = []
    rules = select_rules(knowledge.options.fix, "option 'fix'")
    for upgrade, downgrade in zip(script.upgrade_ops_list, script.downgrade_ops_list, strict=True):
        for rule in rules:
            found += _fix_upgrade(rule, upgrade.ops, downgrade.ops, knowledge)
        after = knowledge.context(from_operations(upgrade.ops, "upgrade")).after
        for rule in rules:
            found += _fix_downgrade(rule, downgrade.ops, replace(knowledge, before=after))
        for container in (upgrade, downgrade):
            container.ops[:] = _merged(container.ops)
    return [replace(finding, location=replace(finding.location, revision=script.rev_id)) for finding in found]


def _fix_upgrade(
    rule: Rule[Any],
    upgrade: list[MigrateOperation],
    downgrade: list[MigrateOperation],
    knowledge: Knowledge,
) -> list[Finding]:
    found, forth = _fixes(rule, upgrade, "upgrade", knowledge)
    twins = _twins(upgrade, downgrade) if forth else {}
    back: Replacements = {}
    for identity, operations in forth.items():
        twin = twins.get(identity)
        undone = list(_undone(operations, identity, twin))
        if twin is not None:
            back[id(twin)] = undone
        elif any(id(operation) == identity for operation in operations):
            downgrade[:0] = undone
    upgrade[:] = _substituted(upgrade, forth)
    downgrade[:] = _substituted(downgrade, back)
    return found


def _fix_downgrade(rule: Rule[Any], downgrade: list[MigrateOperation], knowledge: Knowledge) -> list[Finding]:
    found, replacements = _fixes(rule, downgrade, "downgrade", knowledge)
    downgrade[:] = _substituted(downgrade, replacements)
    return found


def _fixes(
    rule: Rule[Any], operations: Sequence[MigrateOperation], direction: Direction, knowledge: Knowledge
) -> tuple[list[Finding], Replacements]:
    found: list[Finding] = []
    replacements: Replacements = {}
    if direction not in rule.directions:
        return found, replacements
    context: RuleContext = knowledge.context(from_operations(operations, direction))
    for step in context.steps:
        if step.implied or step.statement or not isinstance(step.operation, rule.looks_at):
            continue
        findings = list(rule.check(step.operation, context))
        fixed = rule.fix(step.operation, context) if findings else None
        if fixed is not None:
            replacements[id(step.operation)] = fixed
            found += [_fixed(finding, direction) for finding in findings]
    return found, replacements


def _fixed(finding: Finding, direction: Direction) -> Finding:
    return replace(finding, fixed=True, location=replace(finding.location, direction=direction))


def _undone(
    operations: Sequence[MigrateOperation], kept: int, twin: MigrateOperation | None
) -> Iterator[MigrateOperation]:
    """Yield the way back. The operation that is kept has one already: its twin, which a user may have changed."""
    for operation in reversed(operations):
        back = twin if id(operation) == kept else _reverse(operation)
        if back is not None:
            yield back


def _twins(upgrade: Sequence[MigrateOperation], downgrade: Sequence[MigrateOperation]) -> dict[int, MigrateOperation]:
    """Return for each operation what undoes it; nothing where one direction does not mirror the other."""
    twins: dict[int, MigrateOperation] = {}
    if len(upgrade) != len(downgrade):
        return twins
    for forth, back in zip(upgrade, reversed(downgrade), strict=True):
        if type(_reverse(forth)) is not type(back):
            return {}
        twins[id(forth)] = back
        if isinstance(forth, ops.OpContainer) and isinstance(back, ops.OpContainer):
            twins |= _twins(forth.ops, back.ops)
    return twins


def _reverse(operation: MigrateOperation) -> MigrateOperation | None:
    try:
        return operation.reverse()
    except (NotImplementedError, ValueError, IrreversibleError):  # the first two are Alembic's
        return None


def _substituted(operations: Iterable[MigrateOperation], replacements: Replacements) -> list[MigrateOperation]:
    result: list[MigrateOperation] = []
    for operation in operations:
        if id(operation) in replacements:
            result += replacements[id(operation)]
        elif isinstance(operation, ops.ModifyTableOps):
            result += _split(operation, _substituted(operation.ops, replacements))
        else:
            result.append(operation)
    return result


def _split(container: ops.ModifyTableOps, operations: Iterable[MigrateOperation]) -> list[MigrateOperation]:
    """Lift autocommit blocks out of the operations of one table: there they would be rendered as a batch."""
    parts: list[MigrateOperation] = []
    part = container
    for operation in operations:
        if isinstance(operation, AutocommitOp):
            parts.append(operation)
            continue
        if not parts or isinstance(parts[-1], AutocommitOp):
            part = ops.ModifyTableOps(container.table_name, [], schema=container.schema)
            parts.append(part)
        part.ops.append(operation)
    return parts


def _merged(operations: Iterable[MigrateOperation]) -> list[MigrateOperation]:
    """Join autocommit blocks that follow each other."""
    merged: list[MigrateOperation] = []
    for operation in operations:
        if isinstance(operation, AutocommitOp) and merged and isinstance(merged[-1], AutocommitOp):
            merged[-1] = AutocommitOp([*merged[-1].ops, *operation.ops])
        else:
            merged.append(operation)
    return merged
