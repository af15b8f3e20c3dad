"""``created_at`` and ``updated_at``: kept by SQLAlchemy in its statements, or by a trigger whoever writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnDefault, Table, event, func

from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from sqlalchemy import Column, MetaData

CREATED, UPDATED = "created_at", "updated_at"

_CREATE_FUNCTION = (
    "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS"
    " $$BEGIN NEW.{column} := now(); RETURN NEW; END$$"
)
_CREATE_TRIGGER = (
    "CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW"
    " WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION {function}()"
)


def keep_timestamps(metadata: MetaData, *, created: str = CREATED, updated: str = UPDATED) -> None:
    """Let the server's clock fill both columns in every INSERT and UPDATE of SQLAlchemy, of objects and in bulk.

    It serves the tables that are there and those that come. A default that a column has already, and a value that
    is given, stay. Changes by other programs are seen by a trigger only: :func:`trigger_sql`.

    Args:
        metadata: Of the models.
        created: Name of the column that is set once.
        updated: Name of the column that is set with each change.

    Example:
        >>> from sqlalchemy import Column, DateTime, MetaData, Table
        >>> metadata = MetaData()
        >>> keep_timestamps(metadata)
        >>> tasks = Table("tasks", metadata, Column("title"), Column("updated_at", DateTime(timezone=True)))
        >>> print(tasks.update().values(title="x"))
        UPDATE tasks SET title=:title, updated_at=now()
    """

    def keep(table: Table, parent: Any) -> None:
        if parent is metadata:
            for column in table.columns:
                _keep(column, created, updated)

    for table in metadata.tables.values():
        keep(table, metadata)
    event.listen(Table, "after_parent_attach", keep)


def trigger_sql(table: str, *, schema: str | None = None, column: str = UPDATED) -> list[str]:
    """Return the statements of a trigger that sets a column in every UPDATE that changes a row.

    For ``op.execute()`` in a migration. There is one function a column name and schema; triggers share it.

    Args:
        table: The table.
        schema: Its schema; the function is made there too.
        column: Set to ``now()``, the start of the transaction.

    Example:
        >>> for statement in trigger_sql("tasks"):
        ...     print(statement)
        CREATE OR REPLACE FUNCTION "touch_updated_at"() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW."updated_at" := now(); RETURN NEW; END$$
        CREATE TRIGGER "touch_updated_at" BEFORE UPDATE ON "tasks" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION "touch_updated_at"()
    """  # noqa: E501 - one statement a line
    name = f"touch_{column}"
    function = qualified(name, schema)
    if "$$" in column:
        raise ValueError(f"expected a column name without '$$', got {column!r}.")
    return [
        _CREATE_FUNCTION.format(function=function, column=identifier(column)),
        _CREATE_TRIGGER.format(name=identifier(name), table=qualified(table, schema), function=function),
    ]


def _keep(column: Column[Any], created: str, updated: str) -> None:
    if column.name in {created, updated} and column.default is None and column.server_default is None:
        _give(ColumnDefault(func.now()), column)
    if column.name == updated and column.onupdate is None and column.server_onupdate is None:
        _give(ColumnDefault(func.now(), for_update=True), column)


def _give(default: ColumnDefault, column: Column[Any]) -> None:
    default._set_parent_with_dispatch(column)  # noqa: SLF001 - what Column() itself does; there is no public way
