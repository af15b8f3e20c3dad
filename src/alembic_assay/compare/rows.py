"""Rows that a change meets: NOT NULL where there are NULLs, and what is lost with a table or column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from alembic_assay.catalog.diff import Action
from alembic_assay.errors import ModelError
from alembic_assay.ops.columns import AddColumn, AlterColumn, DropColumn
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.ops.table_operations import DropTable
from alembic_assay.sql import Statement, display, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from alembic_assay.catalog.diff import Change
    from alembic_assay.compare.table_renames import Rename
    from alembic_assay.ops.planning import Side

BACKFILL = "backfill"
"""The key of a column's ``info`` that holds the SQL expression for rows without a value."""


class Rows:
    """Counts rows in the database, whose tables and columns still have their names of before.

    Args:
        connection: To it.
        renames: What is renamed in this revision.
        default_schema: Stands for a schema that is not given.
    """

    def __init__(self, connection: Connection, renames: Iterable[Rename], default_schema: str) -> None:
        self._connection = connection
        self._default_schema = default_schema
        self._tables = {(each.table[0], each.new): each.old for each in renames if not each.column}
        self._columns = {(*each.table, each.new): each.old for each in renames if each.column}

    def total(self, schema: str | None, table: str) -> int:
        """Return how many rows a table has."""
        return self._count("*", schema, table)

    def with_value(self, schema: str | None, table: str, column: str) -> int:
        """Return how many rows have a value in a column."""
        name = self._columns.get((schema or self._default_schema, table, column), column)
        return self._count(identifier(name), schema, table)

    def _count(self, what: str, schema: str | None, table: str) -> int:
        schema = schema or self._default_schema
        name = qualified(self._tables.get((schema, table), table), schema)
        return int(self._connection.execute(Statement(f"SELECT count({what}) FROM {name}")).scalar_one())  # noqa: S608 - quoted

    def count(self, operations: Iterable[ops.MigrateOperation]) -> None:
        """Note in each drop how many rows it loses: of a column, those that hold a value."""
        for operation in operations:
            if isinstance(operation, ops.OpContainer):
                self.count(operation.ops)
            elif isinstance(operation, DropTable):
                operation.rows = self.total(operation.schema, operation.table_name)
            elif isinstance(operation, DropColumn):
                operation.rows = self.with_value(operation.schema, operation.table_name, operation.column_name)


def prepare(planned: list[Planned], changes: Sequence[Change], rows: Rows, after: Side) -> list[Planned]:
    """Fill columns that become NOT NULL before they do.

    Raises:
        ModelError: There are rows without a value, and nothing says which one they get.
    """
    made = {c.record.key for c in changes if c.record.kind == "table" and c.action is Action.ADD}
    columns = [c for c in changes if c.record.kind == "column" and c.record.key[:2] not in made]
    found = [each for change in columns for each in _filled(change, planned, rows, after)]
    return sorted([*planned, *found], key=lambda each: (each.stage, each.place))


def _filled(change: Change, planned: list[Planned], rows: Rows, after: Side) -> Iterable[Planned]:
    old: Any = change.before
    new: Any = change.after
    if not _becomes_not_null(old, new):
        return
    without = rows.total(new.schema, new.table)
    if old is not None:
        without -= rows.with_value(new.schema, new.table, new.name)
    if not without:
        return
    expression = _expression(new, after)
    if expression is None:
        raise _refusal(old, new, without)
    name, column = qualified(new.table, new.schema), identifier(new.name)
    place = (after.place["table", (new.schema, new.table)], new.position)
    update = f"UPDATE {name} SET {column} = {expression} WHERE {column} IS NULL"  # noqa: S608 - quoted; the rest is the user's
    yield Planned(SqlOp([update], title=new.title), Stage.COLUMN, (*place, 2))
    if old is None:
        yield Planned(_not_null_later(new, planned, after), Stage.COLUMN, (*place, 3))


def _becomes_not_null(old: Any, new: Any) -> bool:
    if new is None or not new.not_null or new.generated or new.identity:
        return False
    return new.default is None if old is None else not old.not_null


def _expression(new: Any, after: Side) -> str | None:
    model = after.model(new)
    said: str | None = None if model is None else model.info.get(BACKFILL)
    default: str | None = new.default
    return default if said is None else said


def _not_null_later(new: Any, planned: list[Planned], after: Side) -> SqlOp | AlterColumn:
    """Add a column that takes NULL for now; return what refuses NULL when it is filled."""
    schema = after.schema(new.schema)
    for each in planned:
        op = each.op
        if isinstance(op, AddColumn) and (op.schema, op.table_name, op.column.name) == (schema, new.table, new.name):
            op.column.nullable = True
            options: dict[str, Any] = {"existing_type": op.column.type, "existing_nullable": True}
            return AlterColumn(new.table, new.name, schema=schema, modify_nullable=False, **options)
    raise _refusal(None, new, 0)


def _refusal(old: Any, new: Any, rows: int) -> ModelError:
    title = f"{display(new.table, new.schema)}.{display(new.name)}"
    count = f"{rows} row{'s' if rows != 1 else ''}"
    if old is None:
        problem = f"column {title} is new and NOT NULL, but its table has {count}."
    else:
        problem = f"column {title} becomes NOT NULL, but {count} {'hold' if rows != 1 else 'holds'} NULL."
    hint = "Give it a server_default, or say what such rows get: info={'backfill': \"'an SQL expression'\"}."
    return ModelError(problem, hint=hint)
