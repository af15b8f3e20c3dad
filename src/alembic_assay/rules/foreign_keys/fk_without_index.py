"""ASY201."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from alembic.operations.ops import CreateForeignKeyOp, CreateIndexOp, CreateTableOp, DropConstraintOp, DropIndexOp

from alembic_assay.findings import Severity
from alembic_assay.rules.base import Rule, show
from alembic_assay.rules.known_indexes import serves
from alembic_assay.rules.recipes import concurrently, partition_by_partition
from alembic_assay.rules.replay import added_foreign_keys, dropped_index
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations import MigrateOperation

    from alembic_assay.findings import Finding
    from alembic_assay.rules.base import Direction, RuleContext
    from alembic_assay.rules.known_indexes import IndexRecord
    from alembic_assay.rules.tables import ForeignKey

Looked = CreateTableOp | CreateForeignKeyOp | DropIndexOp | DropConstraintOp


class FkWithoutIndex(Rule[Looked]):
    """No index begins with the columns of a foreign key.

    Effect:
        PostgreSQL indexes the referenced side only. For each row that is deleted from the referenced table, or
        gets another key there, it reads the whole referring table, and holds the locks of that transaction
        meanwhile. Joins along the foreign key read the whole table too. It grows worse with the table.

    Instead:
        Create an index that begins with the columns of the foreign key, in any order. It must be valid, and not
        partial unless it leaves out the rows in which they are NULL and no others. A primary key or a unique
        constraint that begins with them will do.

    When it is safe:
        Rows of the referenced table are never deleted and their keys never change, and nobody joins that way.

    Source: https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK, last paragraphs.
    """

    code: ClassVar[str] = "ASY201"
    severity: ClassVar[Severity] = Severity.WARNING
    looks_at: ClassVar[tuple[type[MigrateOperation], ...]] = (
        CreateTableOp,
        CreateForeignKeyOp,
        DropIndexOp,
        DropConstraintOp,
    )
    directions: ClassVar[tuple[Direction, ...]] = ("upgrade",)  # a downgrade restores what was there
    advice: ClassVar[str] = "Add:"
    message: ClassVar[str] = (
        "{cause}: for each row that is deleted from {parent}, or gets another key there, PostgreSQL reads all of"
        " {table} and keeps its locks meanwhile, until an index begins with {columns}."
    )

    def check(self, operation: Looked, context: RuleContext) -> Iterator[Finding]:
        """Yield a finding for each foreign key that the operation leaves without an index."""
        step = context.step(operation)
        for key in _added(operation, context):
            creation, note = _creation(key, context), _note(key, context)
            message = self._message(f"No index serves foreign key {_show(key)}", key)
            yield self.finding(step, key.table, message, creation, note)
        for index, key in _robbed(operation, context):
            cause = f"Without index {display(index.name or '')}, none serves foreign key {_show(key)}"
            note = "" if isinstance(operation, DropConstraintOp) else _keep(index, key, context)
            yield self.finding(step, key.table, self._message(cause, key), note=note)

    def fix(self, operation: Looked, context: RuleContext) -> list[MigrateOperation] | None:
        """Create the index after the foreign key; concurrently, where the table is in use."""
        added = [index for key in _added(operation, context) for index in _creation(key, context)]
        return [operation, *added] if added else None

    def _message(self, cause: str, key: ForeignKey) -> str:
        columns = ", ".join(map(display, key.columns))
        return self.message.format(cause=cause, parent=show(key.refers_to), table=show(key.table), columns=columns)


def _added(operation: Looked, context: RuleContext) -> list[ForeignKey]:
    keys = {key.columns: key for key in added_foreign_keys(operation)}.values()
    return [key for key in keys if context.remains(key) and not context.is_indexed(key.table, key.columns)]


def _robbed(operation: Looked, context: RuleContext) -> Iterator[tuple[IndexRecord, ForeignKey]]:
    if (found := dropped_index(operation, context.before)) is not None:
        table, index = found
        for key in context.foreign_keys(table):
            if serves(index, key.columns) and not context.is_indexed(table, key.columns):
                yield index, key


def _keep(index: IndexRecord, key: ForeignKey, context: RuleContext) -> str:
    columns = [name for name in index.columns if name]
    line = context.model_index(index.name or "", key.table, columns)
    return f"Keep in the model of {show(key.table)}:\n{line}" if len(columns) == len(index.columns) else ""


def _creation(key: ForeignKey, context: RuleContext) -> list[MigrateOperation]:
    (schema, table), name = key.table, context.index_name(key.table, key.columns)
    index = CreateIndexOp(name, table, list(key.columns), schema=schema)
    if context.creates(key.table):
        return [index]
    return [] if context.is_partitioned(key.table) else [concurrently([index])]


def _note(key: ForeignKey, context: RuleContext) -> str:
    name = context.index_name(key.table, key.columns)
    line = context.model_index(name, key.table, key.columns)
    note = f"Add to the model of {show(key.table)}, or the next autogenerate drops the index again:\n{line}"
    partitioned = context.is_partitioned(key.table) and not context.creates(key.table)
    return f"{partition_by_partition(name, show(key.table))} {note}" if partitioned else note


def _show(key: ForeignKey) -> str:
    return f"{show(key.table)}({', '.join(map(display, key.columns))})"
