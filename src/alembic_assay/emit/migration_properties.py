"""Comments and privileges of what stays, and schemas that go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.change_properties import changed
from alembic_assay.catalog.create_grants import regrants
from alembic_assay.ops.execute_sql import CreateSchemaOp, SqlOp
from alembic_assay.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic_assay.catalog.diff import Change
    from alembic_assay.catalog.record import Record
    from alembic_assay.emit.migration_units import Whole

_COMMENTED = frozenset({"table", "column", "constraint", "index", "sequence", "domain"})
"""Whose comments ``ops.from_change`` changes."""


def property_change(old: Record, new: Record, sides: tuple[Whole, Whole], *, said: bool) -> Iterator[SqlOp]:
    """Yield the operation that changes comment and privileges.

    Args:
        old: As it is.
        new: As it shall be.
        sides: The old and the new one.
        said: Whether it is a table or a part of one, whose comment is changed with all else.
    """
    there = list(_statements(old, new, sides[1], said=said))
    back = list(_statements(new, old, sides[0], said=said))
    if there or back:
        yield SqlOp(there, back, title=new.title)


def _statements(old: Record, new: Record, side: Whole, *, said: bool) -> Iterator[str]:
    if not (said and new.kind in _COMMENTED):
        yield from changed(old, new, side.owner(new))
    elif getattr(old, "acl", None) != getattr(new, "acl", None):
        yield from regrants(old, new, side.owner(new), owners=False)


def schemas_gone(changes: Iterable[Change], old: Whole) -> Iterator[CreateSchemaOp]:
    """Yield the drops of schemas."""
    for change in changes:
        if change.before is not None and change.after is None and change.record.kind == "schema":
            name = identifier(change.record.key[0])
            create = [f"CREATE SCHEMA {name}", *old.properties(change.record)]
            yield CreateSchemaOp([f"DROP SCHEMA {name}"], create, title=change.record.title)
