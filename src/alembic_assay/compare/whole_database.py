"""The whole database, as what hangs on a changed object is found in it: read once in a run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from alembic_assay.catalog import aside, read
from alembic_assay.catalog.canonical_scratch import rolled_back
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection

    from alembic_assay.catalog.snapshot import Snapshot

_KEPT = "_assay_whole_database"


def whole_database(autogen_context: AutogenContext, renames: Sequence[str] = ()) -> Snapshot:
    """Return all that is there, under the names that it has after some renames.

    Args:
        autogen_context: Of the run; keeps what was read.
        renames: The statements, which are rolled back again.
    """
    connection = cast("Connection", autogen_context.connection)
    kept: dict[tuple[str, ...], Snapshot] = getattr(autogen_context, _KEPT, {})
    setattr(autogen_context, _KEPT, kept)
    key = tuple(renames)
    if key not in kept:
        kept[key] = renamed(connection, key) if key else aside.read(connection)
    return kept[key]


def renamed(connection: Connection, renames: Sequence[str], schemas: Sequence[str] | None = None) -> Snapshot:
    """Read what is there when the renames have been made.

    Args:
        connection: To the database.
        renames: The statements, which are rolled back again.
        schemas: Only these schemas.
    """
    with made(connection, renames):
        return read(connection, schemas=schemas)


@contextmanager
def made(connection: Connection, renames: Sequence[str]) -> Iterator[None]:
    """Make renames for a moment; wait for no lock longer than that."""
    if not renames:
        yield
        return
    with rolled_back(connection):
        connection.execute(Statement("SET LOCAL lock_timeout = '5s'"))
        for sql in renames:
            connection.execute(Statement(sql))
        yield
