"""Models that were not imported: an empty metadata would propose to drop everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.util import PriorityDispatchResult
from sqlalchemy import MetaData

from alembic_assay.errors import MetadataError

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import UpgradeOps


def refuse_empty(autogen_context: AutogenContext, _upgrade_ops: UpgradeOps) -> PriorityDispatchResult:
    """Refuse to compare a database with nothing.

    Raises:
        MetadataError: No metadata has a table.
    """
    metadata = autogen_context.metadata
    given = [metadata] if isinstance(metadata, MetaData) else list(metadata or ())
    if not any(each.tables for each in given):
        raise MetadataError(
            "the metadata in env.py has no tables, so every table of the database would be dropped.",
            hint="Import the modules that define the models there, before the metadata is used.",
        )
    return PriorityDispatchResult.CONTINUE
