"""A column that gets another type by way of an expression, on the way up and on the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import render_op, renderers
from alembic.operations.ops import AlterColumnOp

from alembic_assay.ops.layout import laid_out

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class CastColumnOp(AlterColumnOp):
    """``op.alter_column(..., postgresql_using=...)``; Alembic's own operation forgets the expression.

    Args:
        table_name: Its table.
        column_name: The column.
        using: SQL of the new value.
        using_back: SQL of the old value, for the way back.
        kw: What :class:`~alembic.operations.ops.AlterColumnOp` takes.
    """

    def __init__(self, table_name: str, column_name: str, *, using: str, using_back: str, **kw: Any) -> None:
        kw.pop("postgresql_using", None)
        super().__init__(table_name, column_name, **kw, postgresql_using=using)
        self.using = using
        self.using_back = using_back

    def reverse(self) -> CastColumnOp:
        """Change the type back."""
        return CastColumnOp(
            self.table_name,
            self.column_name,
            schema=self.schema,
            using=self.using_back,
            using_back=self.using,
            existing_type=self.modify_type,
            modify_type=self.existing_type,
            existing_nullable=self.existing_nullable,
        )


@renderers.dispatch_for(CastColumnOp)
def _render(autogen_context: AutogenContext, operation: CastColumnOp) -> str:
    plain = AlterColumnOp(
        operation.table_name,
        operation.column_name,
        schema=operation.schema,
        existing_type=operation.existing_type,
        modify_type=operation.modify_type,
        existing_nullable=operation.existing_nullable,
    )
    (text,) = render_op(autogen_context, plain)
    return laid_out(f"{text.removesuffix(')')}, postgresql_using={operation.using!r})")
