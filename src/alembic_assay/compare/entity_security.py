"""Row-level security goes with policies: a policy does nothing without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.policies import Policy
from alembic_assay.catalog.tables import Table
from alembic_assay.sql import qualified

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.compare.entity_plan import Found


def row_security(
    present: Snapshot, found: Found, enabled: Callable[[str, str], bool]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the statements that switch row-level security of tables, and those that switch it back.

    It is enabled with the first policy of a table, and disabled with the last one if a script of the project had
    enabled it so: who enabled it by hand keeps a table that nobody may read.

    Args:
        present: What there is.
        found: What changes.
        enabled: Whether a script of the project ran the first statement, and none the second one since.
    """
    policies = {record.key for record in present.of(Policy)}
    added = {record.key for record in found.changed.values() if isinstance(record, Policy)} - policies
    removed = {record.key for record in found.removed if isinstance(record, Policy)}
    left = {key[:2] for key in (policies | added) - removed}
    tables = {table.key: table for table in (*present.of(Table), *found.wanted.of(Table))}
    off_now = {key for key, table in tables.items() if not table.row_security}
    on = [_switch(key) for key in sorted({key[:2] for key in added} & off_now)]
    last = [_switch(key) for key in sorted(({key[:2] for key in removed} & tables.keys()) - left - off_now)]
    off = [statements for statements in last if enabled(*statements)]
    up = [*(pair[0] for pair in on), *(pair[1] for pair in off)]
    down = [*(pair[1] for pair in reversed(on)), *(pair[0] for pair in reversed(off))]
    return tuple(up), tuple(down)


def _switch(key: tuple[str, ...]) -> tuple[str, str]:
    table = f"ALTER TABLE {qualified(key[1], key[0])}"
    return f"{table} ENABLE ROW LEVEL SECURITY", f"{table} DISABLE ROW LEVEL SECURITY"
