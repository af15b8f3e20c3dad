"""ASY101."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from alembic.operations.ops import CreateIndexOp

from alembic_assay.findings import Severity
from alembic_assay.rules.base import Rule, show
from alembic_assay.rules.recipes import concurrently, partition_by_partition
from alembic_assay.rules.tables import table_key
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations import MigrateOperation

    from alembic_assay.findings import Finding
    from alembic_assay.rules.base import RuleContext


class IndexNotConcurrent(Rule[CreateIndexOp]):
    """An index is created on a table in use, without CONCURRENTLY.

    Effect:
        ``CREATE INDEX`` takes a SHARE lock on the table. Reading goes on; every INSERT, UPDATE and DELETE waits
        until the index is built and the migration's transaction ends.

    Instead:
        ``CREATE INDEX CONCURRENTLY`` takes SHARE UPDATE EXCLUSIVE, which lets writers through. It reads the table
        twice, waits for older transactions, and cannot run in a transaction: it needs an autocommit block. If it
        fails, it leaves an invalid index behind, to be dropped before another try.

    When it is safe:
        The same revision created the table, or the table is small and nobody writes to it meanwhile.

    Source: https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    """

    code: ClassVar[str] = "ASY101"
    severity: ClassVar[Severity] = Severity.ERROR
    looks_at: ClassVar[tuple[type[MigrateOperation], ...]] = (CreateIndexOp,)
    message: ClassVar[str] = (
        "CREATE INDEX {index} locks {table} against writing: every INSERT, UPDATE and DELETE waits until the"
        " index is built{until}."
    )

    def check(self, operation: CreateIndexOp, context: RuleContext) -> Iterator[Finding]:
        """Yield a finding for an index that is built under a SHARE lock on an existing table."""
        table = table_key(operation.schema, operation.table_name)
        if operation.kw.get("postgresql_concurrently") or context.creates(table):
            return
        step = context.step(operation)
        message = self.message.format(
            index=display(operation.index_name) if operation.index_name else "without a name",
            table=show(table),
            until="" if step.autocommit else " and the migration's transaction ends",
        )
        partitioned = context.is_partitioned(table)
        note = partition_by_partition(operation.index_name, show(table)) if partitioned else ""
        yield self.finding(step, table, message, self.fix(operation, context), note)

    def fix(self, operation: CreateIndexOp, context: RuleContext) -> list[MigrateOperation] | None:
        """Create it concurrently, in an autocommit block; nothing for a partitioned table."""
        if context.is_partitioned((operation.schema, operation.table_name)):
            return None
        return [concurrently([operation])]
