"""The upgrade of entities, run once and rolled back: what hangs on them must fit when it is put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.indexes import Index
from alembic_assay.compare.entity_copies import attempt, said
from alembic_assay.compare.entity_trial import rolled_back
from alembic_assay.errors import EntityError, short

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.ops.entities import ReplaceEntitiesOp

_BEFORE = ("first", "drop")
_SLOW = "REFRESH MATERIALIZED VIEW"


def rehearse(
    connection: Connection, operations: Sequence[ReplaceEntitiesOp], present: Snapshot, apply: Callable[[], None] | None
) -> Key | None:
    """Run operations without and, if that fails, with the other operations of the revision.

    Args:
        connection: In the state before the revision.
        operations: In the order in which they run.
        present: The whole database.
        apply: Runs the others, as far as they work; ``None`` if there are none.

    Returns:
        An index that has lost a column; ``None`` if all went well.

    Raises:
        EntityError: Something does not fit.
    """
    failed = _failed(connection, operations, None)
    if failed is not None and apply is not None:
        failed = _failed(connection, operations, apply)
    if failed is None:
        return None
    sql, error = failed
    for index in present.of(Index):
        if index.definition == sql:
            return index.kind, index.key
    raise EntityError(
        f"{', '.join(operations[0].changes)}: PostgreSQL refuses {short(sql, 120)!r}, which puts back what hangs on"
        f" it: {said(error)}.",
        hint="Register or change that in the same revision, or drop it before.",
    )


def _failed(
    connection: Connection, operations: Sequence[ReplaceEntitiesOp], apply: Callable[[], None] | None
) -> tuple[str, DBAPIError] | None:
    with rolled_back(connection):
        for before in (True, False):
            if not before and apply is not None:
                apply()
            for operation in operations:
                if (operation.place in _BEFORE) is not before:
                    continue
                for sql in operation.upgrade.statements:
                    if not sql.startswith(_SLOW) and (error := attempt(connection, sql)) is not None:
                        return sql, error
    return None
