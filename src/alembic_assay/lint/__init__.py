"""Collects the operations of revisions, runs the rules over them, applies their fixes, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import MetaData

from alembic_assay.lint.check import Knowledge, check, ignored_rules
from alembic_assay.lint.collect import from_directives
from alembic_assay.lint.fix import fix
from alembic_assay.lint.report import text
from alembic_assay.lint.revisions import check_revisions
from alembic_assay.rules.tables import KnownTables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.operations.ops import MigrationScript

    from alembic_assay.findings import Finding
    from alembic_assay.options import Options
    from alembic_assay.rules.tables import IndexesByTable

__all__ = ["check_revisions", "ignored_rules", "review", "text"]


def review(
    script: MigrationScript,
    options: Options,
    metadata: MetaData | Sequence[MetaData] | None,
    indexes: IndexesByTable | None = None,
    *,
    server_version: int | None = None,
) -> list[Finding]:
    """Fix and check a revision made by autogenerate.

    Args:
        script: Is changed by the fixes of the rules that ``options.fix`` names; else it is only read.
        options: ``fix`` and ``ignore`` of them.
        metadata: The models, one or several; only read.
        indexes: The indexes of the database by schema and table, as :mod:`alembic_assay.catalog` reads them.
        server_version: Major version of the server.

    Returns:
        What was fixed, then what is left.

    Raises:
        OptionsError: ``fix`` or ``ignore`` names a rule that does not exist; nothing is changed then.

    Example:
        >>> from alembic.operations import ops
        >>> from alembic_assay.options import Options
        >>> upgrade = ops.UpgradeOps([ops.CreateIndexOp("idx_tasks_title", "tasks", ["title"])])
        >>> found = review(ops.MigrationScript("abc", upgrade, upgrade.reverse()), Options(fix=("all",)), None)
        >>> [(finding.rule, finding.fixed) for finding in found]
        [('index-not-concurrent', True)]
    """
    ignored_rules(options)  # raises before anything is changed
    models = [metadata] if isinstance(metadata, MetaData) else list(metadata or ())
    declared = KnownTables.of_metadata(models)
    knowledge = Knowledge(
        before=KnownTables(indexes), metadata=models, declared=declared, server_version=server_version, options=options
    )
    return fix(script, knowledge) + check(from_directives(script), knowledge)
