"""Renamed tables and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from alembic_assay.ops.enums import render_call

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class RenameTable(ops.RenameTableOp):
    """A table under another name, and back."""

    def reverse(self) -> RenameTable:
        """Give it its name back."""
        return RenameTable(self.new_table_name, self.table_name, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("rename_table", schema, old, new)``."""
        return ("rename_table", self.schema, self.table_name, self.new_table_name)


class RenameColumn(ops.AlterColumnOp):
    """A column under another name, and back.

    Args:
        table_name: Its table.
        column_name: Its name before.
        new: Its name then.
        schema: The schema of its table.
    """

    def __init__(self, table_name: str, column_name: str, new: str, *, schema: str | None = None) -> None:
        super().__init__(table_name, column_name, schema=schema, modify_name=new)

    def reverse(self) -> RenameColumn:
        """Give it its name back."""
        return RenameColumn(self.table_name, str(self.modify_name), self.column_name, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("rename_column", schema, table, old, new)``."""
        return ("rename_column", self.schema, self.table_name, self.column_name, self.modify_name)


@renderers.dispatch_for(RenameTable)
def _render_table(autogen_context: AutogenContext, operation: RenameTable) -> str:
    names = [operation.table_name, operation.new_table_name]
    return render_call(autogen_context, "rename_table", names, schema=operation.schema)


@renderers.dispatch_for(RenameColumn)
def _render_column(autogen_context: AutogenContext, operation: RenameColumn) -> str:
    return render_call(
        autogen_context,
        "alter_column",
        [operation.table_name, operation.column_name],
        new_column_name=operation.modify_name,
        schema=operation.schema,
    )
