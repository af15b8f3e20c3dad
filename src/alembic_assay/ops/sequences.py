"""Sequences of their own: created, changed, dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_assay.catalog import create_grants, create_properties
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from alembic_assay.catalog.sequences import Sequence
    from alembic_assay.ops.planning import Side


def creation(record: Sequence, side: Side) -> list[Planned]:
    """Create a sequence, and give it to its column when that is there."""
    name = qualified(record.name, record.schema)
    place = side.place["sequence", record.key]
    statements = [*side.steps["sequence", record.key].statements]
    if record.comment is not None:
        statements += create_properties.comment(record)
    if record.owner and side.role and record.owner != side.role:
        statements += create_properties.owner(record)
    statements += create_grants.grants(record, record.owner, owners=False)
    planned = [Planned(SqlOp(statements, [f"DROP SEQUENCE {name}"], title=record.title), Stage.TYPE, (place, 0))]
    if record.owned_by:
        owned = side.steps["owned sequence", record.key].statements
        free = f"ALTER SEQUENCE {name} OWNED BY NONE"
        planned.append(Planned(SqlOp(owned, [free], title=record.title), Stage.PART, (0, place)))
    return planned


def dropped(record: Sequence, side: Side) -> list[Planned]:
    """Drop a sequence."""
    return [planned.reverse() for planned in creation(record, side)]


def altered(before: Sequence, after: Sequence, _old: Side, side: Side) -> list[Planned]:
    """Change a sequence; its position stays, unless no number of before is allowed any more."""
    there, back = _statements(before, after), _statements(after, before)
    if not there and not back:
        return []
    place = (side.place["sequence", after.key], 1)
    return [Planned(SqlOp(there, back, title=after.title), Stage.PART, (0, *place))]


def _statements(before: Sequence, after: Sequence) -> list[str]:
    name = qualified(after.name, after.schema)
    statements = []
    options = set(before.differing_fields(after)) & {
        "type",
        "start",
        "increment",
        "minimum",
        "maximum",
        "cache",
        "cycle",
    }
    if options:
        apart = before.maximum < after.minimum or after.maximum < before.minimum
        statements.append(f"ALTER SEQUENCE {name} {settings(after)}{' RESTART' if apart else ''}")
    if before.owned_by != after.owned_by and not after.identity:
        statements.append(f"ALTER SEQUENCE {name} OWNED BY {after.owned_by or 'NONE'}")
    if before.comment != after.comment:
        statements += create_properties.comment(replace(after, comment=after.comment))
    if before.unlogged != after.unlogged:
        statements.append(f"ALTER SEQUENCE {name} SET {'UNLOGGED' if after.unlogged else 'LOGGED'}")
    return statements


def settings(record: Sequence) -> str:
    """Write all options of a sequence, so that none of before is left."""
    cycle = "CYCLE" if record.cycle else "NO CYCLE"
    return (
        f"AS {record.type} INCREMENT BY {record.increment} MINVALUE {record.minimum} MAXVALUE {record.maximum}"
        f" START WITH {record.start} CACHE {record.cache} {cycle}"
    )


def renamed(name: str, schema: str, to: str) -> str:
    """Return the statement that gives a sequence another name."""
    return f"ALTER SEQUENCE {qualified(name, schema)} RENAME TO {identifier(to)}"
