"""ASY102."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from alembic.operations.ops import CreateIndexOp, DropIndexOp

from alembic_assay.findings import Severity
from alembic_assay.ops.transactions import AutocommitOp
from alembic_assay.rules.base import Rule
from alembic_assay.rules.tables import table_key
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations import MigrateOperation

    from alembic_assay.findings import Finding
    from alembic_assay.rules.base import RuleContext

Looked = CreateIndexOp | DropIndexOp


class ConcurrentlyInTransaction(Rule[Looked]):
    """An index is created or dropped with CONCURRENTLY inside the migration's transaction.

    Effect:
        PostgreSQL refuses it: ``CREATE INDEX CONCURRENTLY cannot run inside a transaction block``. The migration
        fails every time.

    Instead:
        Put it into an autocommit block, which commits what came before it in the revision.

    When it is safe:
        Never inside a transaction.

    Source: https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    """

    code: ClassVar[str] = "ASY102"
    severity: ClassVar[Severity] = Severity.ERROR
    looks_at: ClassVar[tuple[type[MigrateOperation], ...]] = (CreateIndexOp, DropIndexOp)
    message: ClassVar[str] = (
        "{statement} INDEX CONCURRENTLY {index} stands in the migration's transaction, where PostgreSQL refuses it:"
        " the migration fails every time."
    )

    def check(self, operation: Looked, context: RuleContext) -> Iterator[Finding]:
        """Yield a finding for CONCURRENTLY outside of an autocommit block."""
        step = context.step(operation)
        if step.autocommit or not operation.kw.get("postgresql_concurrently"):
            return
        message = self.message.format(
            statement="CREATE" if isinstance(operation, CreateIndexOp) else "DROP",
            index=display(operation.index_name) if operation.index_name else "without a name",
        )
        table = table_key(operation.schema, operation.table_name or "")
        yield self.finding(step, table, message, [AutocommitOp([operation])])
