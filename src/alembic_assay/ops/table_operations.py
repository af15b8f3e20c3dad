"""The operations that make and drop a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import render_op, renderers
from alembic.operations import ops

from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.layout import laid_out, lay_out

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

    from alembic_assay.catalog.tables import Table


class CreateTable(ops.CreateTableOp):
    """A table that can be dropped and made again as it was."""

    def reverse(self) -> DropTable:
        """Drop it."""
        return DropTable(self)


class DropTable(ops.DropTableOp):
    """A table that can be made again as it was.

    Args:
        creation: What makes it again.
        rows: How many rows are lost with it, where that is known.
    """

    def __init__(self, creation: CreateTable | CreateTableSql) -> None:
        super().__init__(creation.table_name, schema=creation.schema)
        self.creation = creation
        self.rows: int | None = None

    def reverse(self) -> Any:
        """Make it again."""
        return self.creation

    def to_table(self, migration_context: Any = None) -> Any:
        """Return the table that goes."""
        if isinstance(self.creation, CreateTable):
            return self.creation.to_table(migration_context)
        return super().to_table(migration_context)


class CreateTableSql(SqlOp):
    """A table that only SQL can say.

    Args:
        statements: Which make it.
        table: The record.
        schema: Its schema, as scripts give it.
    """

    def __init__(self, statements: list[str], table: Table, schema: str | None) -> None:
        super().__init__(statements, title=table.title)
        self.table_name = table.name
        self.schema = schema

    def reverse(self) -> Any:
        """Drop it."""
        return DropTable(self)


@renderers.dispatch_for(DropTable)
def _render_drop(autogen_context: AutogenContext, operation: DropTable) -> list[str]:
    plain = ops.DropTableOp(operation.table_name, schema=operation.schema)
    return [*lost(operation.rows, "table"), *map(laid_out, render_op(autogen_context, plain))]


lay_out(CreateTable)


def lost(rows: int | None, what: str) -> list[str]:
    """Return the comment that marks what is lost with a table or column."""
    if not rows:
        return []
    counted = "1 row" if rows == 1 else f"{rows} rows"
    return [f"# {counted} of this {what} when this was generated: lost with it"]
