"""Constraints that are changed: in place where PostgreSQL can, else made anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_assay.catalog import create_properties
from alembic_assay.ops import constraints
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from alembic_assay.catalog.constraints import Constraint
    from alembic_assay.ops.planning import Side


def altered(before: Constraint, after: Constraint, old: Side, new: Side) -> list[Planned]:
    """Change a constraint: in place where PostgreSQL can."""
    differing = set(after.differing_fields(before))
    place = (constraints.place_of(after, new), 0)
    table = qualified(after.table, after.schema)
    if differing <= {"name", "comment"}:
        planned = []
        if "name" in differing:
            rename = [
                f"ALTER TABLE {table} RENAME CONSTRAINT {identifier(a)} TO {identifier(b)}"
                for a, b in _both(before, after)
            ]
            planned.append(Planned(SqlOp(rename[:1], rename[1:], title=after.title), Stage.PART, place))
        if "comment" in differing:
            comment = SqlOp(
                [create_properties.comment_on(after)], _comment_as(after, before.comment), title=after.title
            )
            planned.append(Planned(comment, Stage.PART, (place[0], 1)))
        return planned
    if after.validated and _validated(before) == after.definition:
        validate = f"ALTER TABLE {table} VALIDATE CONSTRAINT {identifier(after.name)}"
        undo = [f"ALTER TABLE {table} DROP CONSTRAINT {identifier(before.name)}", constraints.statement(before)]
        return [Planned(SqlOp([validate], undo, title=after.title), Stage.PART, place)]
    return [*constraints.dropped(before, old), *constraints.creation(after, new)]


def _both(before: Constraint, after: Constraint) -> list[tuple[str, str]]:
    return [(before.name, after.name), (after.name, before.name)]


def _comment_as(record: Constraint, comment: str | None) -> list[str]:
    return [create_properties.comment_on(replace(record, comment=comment))]


def _validated(record: Constraint) -> str:
    return record.definition.removesuffix(" NOT VALID")
