"""Operations that belong together, in this order: written and run one after the other, reversed from the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import render_op, renderers
from alembic.operations import Operations
from alembic.operations.ops import OpContainer

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class StepsOp(OpContainer):
    """Operations that no ordering may take apart.

    Args:
        ops: The operations, in order.
    """

    def reverse(self) -> StepsOp:
        """Reverse each operation, the last one first; the kind of the container stays."""
        return type(self)([operation.reverse() for operation in reversed(self.ops)])

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("steps", [what each operation changes])``."""
        return ("steps", self.as_diffs())


class BeforeRebuildOp(StepsOp):
    """What must be out of the way before an enumerated type is built anew, because it names a label that goes."""


@renderers.dispatch_for(StepsOp)
def _render(autogen_context: AutogenContext, operation: StepsOp) -> list[str]:
    return [line for inner in operation.ops for line in render_op(autogen_context, inner)]


@Operations.implementation_for(StepsOp)
def _run(operations: Operations, operation: StepsOp) -> None:
    for inner in operation.ops:
        operations.invoke(inner)
