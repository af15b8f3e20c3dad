"""Operations outside of the migration's transaction: ``with op.get_context().autocommit_block():``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import render_op, renderers
from alembic.operations import Operations
from alembic.operations.ops import OpContainer

from alembic_assay.ops.layout import in_block

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class AutocommitOp(OpContainer):
    """Operations of which each commits by itself, such as ``CREATE INDEX CONCURRENTLY``.

    The block commits what came before it in the revision; what comes after it is in a new transaction.

    Args:
        ops: The operations, in order.

    Example:
        >>> from alembic.operations.ops import CreateIndexOp
        >>> index = CreateIndexOp("idx_tasks_title", "tasks", ["title"], postgresql_concurrently=True)
        >>> AutocommitOp([index]).reverse().to_diff_tuple()[1][0][0]
        'remove_index'
    """

    def reverse(self) -> AutocommitOp:
        """Reverse each operation, the last one first, in a block again."""
        return AutocommitOp([operation.reverse() for operation in reversed(self.ops)])

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("autocommit", [what each operation changes])``."""
        return ("autocommit", self.as_diffs())


@renderers.dispatch_for(AutocommitOp)
def _render(autogen_context: AutogenContext, operation: AutocommitOp) -> list[str]:
    lines = [line for inner in operation.ops for line in render_op(autogen_context, inner)]
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    # An empty line ends the block: Alembic prints through Mako, which indents after a colon.
    return [f"with {prefix}get_context().autocommit_block():", *map(in_block, lines), ""] if lines else []


@Operations.implementation_for(AutocommitOp)
def _run(operations: Operations, operation: AutocommitOp) -> None:
    with operations.get_context().autocommit_block():
        for inner in operation.ops:
            operations.invoke(inner)
