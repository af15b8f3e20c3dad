"""The operations of a revision, one after the other: from its script, or from autogenerate."""

from __future__ import annotations

import inspect
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

from alembic_assay.errors import UnparsedSQLError
from alembic_assay.lint.notices import NOT_REPLAYABLE, UNPARSED_SQL
from alembic_assay.lint.raw_sql import sql_text, translate
from alembic_assay.lint.suppressions import Suppression, read
from alembic_assay.ops.transactions import AutocommitOp
from alembic_assay.rules import Step
from alembic_assay.rules.tables import table_of
from alembic_assay.statements import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from alembic.operations import MigrateOperation
    from alembic.script import Script
    from sqlalchemy import Table

    from alembic_assay.findings import Finding
    from alembic_assay.lint.record import Call, Recorder
    from alembic_assay.rules.base import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """One direction of a revision.

    Args:
        direction: ``"upgrade"`` or ``"downgrade"``.
        steps: Its operations, in order.
        findings: What could not be read.
        whole: Whether the function ran to its end.
    """

    direction: Direction
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a revision does.

    Args:
        identifier: ``None`` for one that has no number yet.
        path: Its script as the user would type it, ``None`` for one that is not written yet.
        halves: Upgrade, then downgrade; several of each in a project of several databases.
        suppressions: The ignoring comments of its script.
    """

    identifier: str | None
    path: str | None = None
    halves: tuple[Half, ...] = ()
    suppressions: tuple[Suppression, ...] = ()


def from_script(script: Script, recorder: Recorder) -> Revision:
    """Run the functions of a script without a database, and return what they ask for.

    Args:
        script: One revision.
        recorder: What ``op`` leads to meanwhile.
    """
    filename = script.module.__file__ or script.path
    halves: list[Half] = []
    directions: tuple[Direction, ...] = ("upgrade", "downgrade")
    for direction in directions:
        functions = _functions(script.module, direction)
        halves += [_record(function, direction, recorder, filename) for function in functions]
    return Revision(
        identifier=script.revision,
        path=as_typed(script.path),
        halves=tuple(halves),
        suppressions=_comments(Path(script.path)),
    )


def from_directives(script: ops.MigrationScript) -> Revision:
    """Return what a revision that autogenerate made will do."""
    halves = []
    for upgrade, downgrade in zip(script.upgrade_ops_list, script.downgrade_ops_list, strict=True):
        halves += [from_operations(upgrade.ops, "upgrade"), from_operations(downgrade.ops, "downgrade")]
    return Revision(identifier=script.rev_id, halves=tuple(halves))


def from_operations(operations: Iterable[MigrateOperation], direction: Direction) -> Half:
    """Return the operations of one direction, those in containers too."""
    findings: list[Finding] = []
    steps = [step for step in _flat(operations) for step in _expand(step, findings)]
    return Half(direction=direction, steps=tuple(steps), findings=tuple(findings))


def as_typed(filename: str) -> str:
    """Return a file's name as the user would type it: from the current directory, if it is below that."""
    path = Path(filename)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _functions(module: Any, direction: Direction) -> list[Callable[[], object]]:
    """Return ``upgrade``; in a project of several databases what it would call for each of them."""
    function = getattr(module, direction, None)
    if function is None:
        return []
    if not inspect.signature(function).parameters:
        return [function]
    return [value for name, value in vars(module).items() if name.startswith(f"{direction}_") and callable(value)]


def _record(function: Callable[[], object], direction: Direction, recorder: Recorder, filename: str) -> Half:
    recording = recorder.run(function, filename)
    findings: list[Finding] = []
    steps = [step for call in recording.calls for step in _expand(_step(call), findings)]
    if recording.failure:
        message = (
            f"{direction}() cannot be replayed without a database: {recording.failure}."
            " What follows there was not linted."
        )
        findings.append(NOT_REPLAYABLE.finding(message.replace("..", "."), recording.line))
    return Half(direction=direction, steps=tuple(steps), findings=tuple(findings), whole=not recording.failure)


def _step(call: Call) -> Step:
    return Step(operation=call.operation, autocommit=call.autocommit, lines=call.lines)


def _flat(operations: Iterable[MigrateOperation], *, autocommit: bool = False) -> Iterator[Step]:
    for operation in operations:
        if isinstance(operation, ops.OpContainer):
            yield from _flat(operation.ops, autocommit=autocommit or isinstance(operation, AutocommitOp))
        else:
            yield Step(operation=operation, autocommit=autocommit)


def _expand(step: Step, findings: list[Finding]) -> list[Step]:
    if isinstance(step.operation, ops.ExecuteSQLOp):
        try:
            return _read_sql(step, step.operation)
        except UnparsedSQLError as error:
            message = f"{error.message} Rules did not see this SQL."
            findings.append(UNPARSED_SQL.finding(message, step.lines and step.lines[0]))
            return [step]
    return [step, *(_like(step, operation, implied=True) for operation in _implied(step.operation))]


def _read_sql(step: Step, operation: ops.ExecuteSQLOp) -> list[Step]:
    steps = []
    for statement in parse(sql_text(operation.sqltext)):
        same = translate(statement) or [ops.ExecuteSQLOp(statement.text)]
        steps += [_like(step, one, statement=statement) for one in same]
    return steps


def _like(step: Step, operation: MigrateOperation, **changes: Any) -> Step:
    return Step(operation=operation, autocommit=step.autocommit, lines=step.lines, **changes)


def _implied(operation: MigrateOperation) -> Iterator[MigrateOperation]:
    """Yield what Alembic does besides: keys and indexes of an added column, indexes of a created table."""
    if isinstance(operation, ops.CreateTableOp):
        # One that autogenerate made of a whole table has its indexes beside it.
        yield from () if operation._constraints_included else _indexes(table_of(operation))  # noqa: SLF001 - no other way
    elif isinstance(operation, ops.AddColumnOp) and operation.column.table is None:
        # The column of a model is in a table; for that, autogenerate has operations of their own.
        alone = ops.CreateTableOp(operation.table_name, [operation.column], schema=operation.schema)
        table = table_of(alone)
        for constraint in sorted(table.constraints, key=lambda constraint: type(constraint).__name__):
            if isinstance(constraint, ForeignKeyConstraint | UniqueConstraint):
                yield ops.AddConstraintOp.from_constraint(constraint)
        yield from _indexes(table)


def _indexes(table: Table) -> Iterator[MigrateOperation]:
    return map(ops.CreateIndexOp.from_index, sorted(table.indexes, key=lambda index: str(index.name)))


def _comments(path: Path) -> tuple[Suppression, ...]:
    if path.suffix != ".py":  # a project may ship bytecode only
        return ()
    with tokenize.open(path) as file:
        return read(file.read())
