"""Defaults that call what needs their own table: set when that is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.planning import Planned, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.tables import Table
    from alembic_assay.ops.planning import Side


def late_defaults(record: Table, side: Side) -> Iterator[Planned]:
    """Yield what sets the defaults of a new table that cannot be made with it."""
    step = side.steps.get(("default", record.key))
    if step is not None:
        undo = [re.sub(r" SET DEFAULT .*", " DROP DEFAULT", each, flags=re.DOTALL) for each in step.statements]
        yield Planned(SqlOp(step.statements, undo, title=record.title), Stage.PART, (side.place[step.node], 0))
