"""What revisions import from alembic-postgresql-enum, for ``op.sync_enum_values`` where that package is gone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ColumnType(Enum):
    """Whether a column holds one value or an array."""

    COMMON = "common"
    ARRAY = "array"


@dataclass(frozen=True)
class TableReference:
    """A column that uses the type; what is said here is not looked at, for the catalog knows it.

    Args:
        table_name: Its table.
        column_name: Its name.
        table_schema: The table's schema.
        column_type: See :class:`ColumnType`.
        existing_server_default: Its default.
    """

    table_name: str
    column_name: str
    table_schema: str | None = None
    column_type: ColumnType = ColumnType.COMMON
    existing_server_default: str | None = None
