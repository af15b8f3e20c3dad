"""Plain SQL that knows its way back: what Alembic has no operation for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import MigrateOperation, Operations

from alembic_assay.ops.execute import rendered
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic.autogenerate.api import AutogenContext


class SqlOp(MigrateOperation):
    """Statements, and those that undo them. Scripts hold them as ``op.execute("…")``.

    Args:
        statements: Run in order; ``%`` and ``:x`` in them mean themselves.
        undo: Run in order by the reverse.
        title: What they change, for messages: ``sequence public.tasks_id_seq``.

    Example:
        >>> SqlOp(["CREATE SEQUENCE s"], ["DROP SEQUENCE s"]).reverse().statements
        ('DROP SEQUENCE s',)
    """

    def __init__(self, statements: Iterable[str], undo: Iterable[str] = (), *, title: str = "") -> None:
        self.statements = tuple(statements)
        self.undo = tuple(undo)
        self.title = title

    def reverse(self) -> SqlOp:
        """Swap both directions."""
        return type(self)(self.undo, self.statements, title=self.title)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("execute", title, statements)``."""
        return ("execute", self.title, self.statements)


class CreateSchemaOp(SqlOp):
    """A schema: comes before everything else, and goes after it."""


@renderers.dispatch_for(SqlOp)
def _render(autogen_context: AutogenContext, operation: SqlOp) -> list[str]:
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    sa = autogen_context.opts["sqlalchemy_module_prefix"] or ""
    return [rendered(statement, prefix, sa) for statement in operation.statements]


@Operations.implementation_for(SqlOp)
def _run(operations: Operations, operation: SqlOp) -> None:
    for statement in operation.statements:
        operations.execute(Statement(statement))
