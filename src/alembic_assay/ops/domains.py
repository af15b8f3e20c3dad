"""Domains: created, changed in place, dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog import create_grants, create_properties
from alembic_assay.catalog.names import split
from alembic_assay.ops.domain_rebuild import rebuild, rebuilt
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.sql import literal, qualified

if TYPE_CHECKING:
    from alembic_assay.catalog.domains import Domain
    from alembic_assay.ops.planning import Side


def creation(record: Domain, side: Side) -> list[Planned]:
    """Create a domain."""
    node = ("domain", record.key)
    statements = [*side.steps[node].statements]
    if record.comment is not None:
        statements += create_properties.comment(record)
    if record.owner and side.role and record.owner != side.role:
        statements += create_properties.owner(record)
    statements += create_grants.grants(record, record.owner, owners=False)
    name = qualified(record.name, record.schema)
    planned = [
        Planned(SqlOp(statements, [f"DROP DOMAIN {name}"], title=record.title), Stage.TYPE, (side.place[node], 0))
    ]
    later = side.steps.get(("check", record.key))
    if later is not None:  # a function needs the domain, and is needed by it
        undo = [f"ALTER DOMAIN {name} DROP CONSTRAINT {_name(each)}" for each in record.constraints]
        undo += [f"ALTER DOMAIN {name} DROP DEFAULT"] if record.default is not None else []
        change = SqlOp(later.statements, undo, title=record.title)
        planned.append(Planned(change, Stage.PART, (side.place["check", record.key], 0)))
    return planned


def _name(constraint: str) -> str:
    return split(constraint.removeprefix("CONSTRAINT "))[0]


def dropped(record: Domain, side: Side) -> list[Planned]:
    """Drop a domain."""
    return [planned.reverse() for planned in creation(record, side)]


def altered(before: Domain, after: Domain, old: Side, side: Side) -> list[Planned]:
    """Change a domain: in place where PostgreSQL can.

    Raises:
        DirectiveError: Its type differs, and another type is made of it.
    """
    place = (side.place["domain", after.key], 0)
    if rebuilt(before, after):
        return [Planned(rebuild(before, after, old, side), Stage.TYPE, place)]
    return [
        Planned(SqlOp(_statements(before, after), _statements(after, before), title=after.title), Stage.TYPE, place)
    ]


def _statements(before: Domain, after: Domain) -> list[str]:
    alter = f"ALTER DOMAIN {qualified(after.name, after.schema)}"
    gone = [each for each in before.constraints if each not in after.constraints and not _is_not_null(each)]
    new = [each for each in after.constraints if each not in before.constraints and not _is_not_null(each)]
    statements = [f"{alter} DROP CONSTRAINT {_name(each)}" for each in gone]
    if before.default != after.default:
        statements.append(f"{alter} DROP DEFAULT" if after.default is None else f"{alter} SET DEFAULT {after.default}")
    if before.not_null != after.not_null:
        statements.append(f"{alter} {'SET' if after.not_null else 'DROP'} NOT NULL")
    statements += [f"{alter} ADD {each}" for each in new]
    if before.comment != after.comment:
        statements.append(create_properties.comment_on(after))
    for each in after.constraint_comments:
        if each not in before.constraint_comments or any(each.startswith(f"{split(n)[0]} ") for n in new):
            name, comment = split(each)
            statements.append(
                f"COMMENT ON CONSTRAINT {name} ON DOMAIN {qualified(after.name, after.schema)} IS {literal(comment)}"
            )
    return statements


def _is_not_null(constraint: str) -> bool:
    """Whether it is a record of NOT NULL, as PostgreSQL 18 keeps them."""
    return constraint.endswith(" NOT NULL")
