"""Rows that a change meets: NOT NULL where there are NULLs, and what is lost with a table or column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from alembic_assay.catalog.diff import Action
from alembic_assay.errors import ModelError
from alembic_assay.ops.columns import DropColumn
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.ops.tables import DropTable
from alembic_assay.sql import Statement, display, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from alembic_assay.catalog.diff import Change
    from alembic_assay.ops.planning import Side

BACKFILL = "backfill"
"""The key of a column's ``info`` that holds the SQL expression for rows without a value."""


def prepare(planned: list[Planned], changes: Sequence[Change], connection: Connection, after: Side) -> list[Planned]:
    """Fill columns that become NOT NULL before they do.

    Raises:
        ModelError: There are rows without a value, and nothing says which one they get.
    """
    found = [each for change in changes for each in _filled(change, changes, connection, after)]
    return sorted([*planned, *found], key=lambda each: (each.stage, each.place))


def _filled(change: Change, changes: Sequence[Change], connection: Connection, after: Side) -> Iterable[Planned]:
    old: Any = change.before
    new: Any = change.after
    if change.record.kind != "column" or new is None or not new.not_null or _of_new_table(new, changes):
        return
    if new.generated or new.identity or (old is None and new.default is not None) or (old is not None and old.not_null):
        return
    rows = _without_value(old, new, connection)
    if not rows:
        return
    model = after.model(new)
    expression = None if model is None else model.info.get(BACKFILL)
    if expression is None and new.default is not None:
        expression = "DEFAULT"
    if expression is None or old is None:
        raise _refusal(old, new, rows)
    name, column = qualified(new.table, new.schema), identifier(new.name)
    place = (after.place["table", (new.schema, new.table)], new.position, 2)
    update = f"UPDATE {name} SET {column} = {expression} WHERE {column} IS NULL"  # noqa: S608 - quoted; the rest is the user's
    yield Planned(SqlOp([update], title=new.title), Stage.COLUMN, place)


def _of_new_table(record: Any, changes: Sequence[Change]) -> bool:
    key = (record.schema, record.table)
    return any(c.record.kind == "table" and c.action is Action.ADD and c.record.key == key for c in changes)


def _without_value(old: Any, new: Any, connection: Connection) -> int:
    where = "" if old is None else f" WHERE {identifier(new.name)} IS NULL"
    return _count(connection, f"SELECT count(*) FROM {qualified(new.table, new.schema)}{where}")  # noqa: S608 - quoted


def _count(connection: Connection, query: str) -> int:
    return int(connection.execute(Statement(query)).scalar_one())


def _refusal(old: Any, new: Any, rows: int) -> ModelError:
    title = f"{display(new.table, new.schema)}.{display(new.name)}"
    count = f"{rows} row{'s' if rows != 1 else ''}"
    problem = f"{count} {'hold' if rows != 1 else 'holds'} NULL" if old is not None else f"the table has {count}"
    return ModelError(
        f"column {title} {'becomes' if old is not None else 'is new and'} NOT NULL, but {problem}.",
        hint="Give it a server_default, or say what such rows get: info={'backfill': \"'an SQL expression'\"}.",
    )


def count_rows(operations: Iterable[ops.MigrateOperation], connection: Connection, default_schema: str) -> None:
    """Note in each drop how many rows it loses: of a column, those that hold a value."""
    for operation in operations:
        if isinstance(operation, ops.OpContainer):
            count_rows(operation.ops, connection, default_schema)
        elif isinstance(operation, DropTable):
            name = qualified(operation.table_name, operation.schema or default_schema)
            operation.rows = _count(connection, f"SELECT count(*) FROM {name}")  # noqa: S608 - quoted
        elif isinstance(operation, DropColumn):
            name = qualified(operation.table_name, operation.schema or default_schema)
            column = identifier(operation.column_name)
            operation.rows = _count(connection, f"SELECT count({column}) FROM {name}")  # noqa: S608 - quoted
