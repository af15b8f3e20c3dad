"""Take aside what is in the way of a change, and put it back exactly as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_assay.catalog import create_grants, create_properties
from alembic_assay.catalog.aside_closure import Closure
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.create_columns import details, written
from alembic_assay.catalog.create_context import Context
from alembic_assay.catalog.create_sql import CREATORS, filled
from alembic_assay.catalog.create_steps import CycleError, Step, ordered
from alembic_assay.catalog.extensions import Extension
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.publication_tables import PublicationTable
from alembic_assay.catalog.snapshot import read
from alembic_assay.catalog.triggers import Trigger
from alembic_assay.errors import AsideError
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic_assay.catalog.create_steps import Node
    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot

__all__ = ["Aside", "AsideError", "aside", "read"]


@dataclass(frozen=True, slots=True)
class Aside:
    """What is in the way.

    Args:
        records: The objects that are dropped and made again, in the order in which they are made; columns are those
            whose default is dropped and set again, and generated ones.
        drop: The statements that take them away.
        restore: The statements that put them back: with owner, privileges, comments, enabled states, options, and
            materialised views filled.
    """

    records: tuple[Record, ...]
    drop: tuple[str, ...]
    restore: tuple[str, ...]


def aside(snapshot: Snapshot, altered: Iterable[Key], dropped: Iterable[Key] = ()) -> Aside:
    """Find everything that hangs on some objects, however far away, and write how to drop and how to restore it.

    What PostgreSQL rebuilds by itself when a column gets another type stays: primary keys, UNIQUE, NOT NULL, and
    indexes of plain columns without a predicate. A generated column is dropped and added, so it comes last in its
    table. Between ``drop`` and ``restore`` the altered objects must get back every name that the dependants use.

    Args:
        snapshot: Of the whole database.
        altered: Kind and key of what is changed in place: columns that get another type, types that are built anew.
            Of such a type, the columns and the types made of it must be named too.
        dropped: Kind and key of what the caller drops: all that hangs on it is taken aside, plain indexes too.

    Raises:
        AsideError: Something cannot be taken away for a moment, such as a partition key; says what, and what to do.

    Example:
        >>> moved = aside(read(connection), [("column", ("public", "tasks", "mood"))])  # doctest: +SKIP
        >>> for sql in [*moved.drop, "ALTER TABLE …", *moved.restore]:  # doctest: +SKIP
        ...     connection.execute(Statement(sql))
    """
    return arranged(Closure(snapshot, altered, dropped))


def arranged(closure: Closure, *, role: str | None = None) -> Aside:
    """Write how to drop what a closure took, and how to make it again.

    What the closure keeps is replaced in place, with ``CREATE OR REPLACE``, where its turn is.

    Args:
        closure: What is in the way.
        role: Who will make the objects: what belongs to this role is not given to it by name.
    """
    snapshot = closure.snapshot
    context = Context(snapshot, frozenset(("table", table) for table in _tables(snapshot)))
    nodes = {_node(key, record, closure): key for key, record in {**closure.taken, **closure.defaults}.items()}
    steps = _ordered(closure, context, {**nodes, **{key: key for key in closure.kept}})
    order = [(key, closure.records[key]) for step in steps if (key := nodes.get(step.node))]
    drops = [statement for key, record in reversed(order) for statement in _drop(key, record, closure)]
    restore = [statement for step in steps for statement in step.statements]
    again = [record for key, record in order if key not in closure.defaults]
    restore += _properties(closure, [*again, *(closure.parts[key] for key in sorted(closure.parts))], role)
    restore += filled(snapshot, steps)
    if any(record.kind == "function" for record in again):
        restore = ["SET LOCAL check_function_bodies = off", *restore, "RESET check_function_bodies"]
    return Aside(tuple(record for _, record in order), tuple(drops), tuple(restore))


def _tables(snapshot: Snapshot) -> Iterator[tuple[str, ...]]:
    return (record.key for record in snapshot if record.kind == "table")


def _node(key: Key, record: Record, closure: Closure) -> Node:
    if key in closure.defaults:
        return "default", key[1]
    return ("foreign key", key[1]) if getattr(record, "references", None) else key


def _ordered(closure: Closure, context: Context, nodes: dict[Node, Key]) -> list[Step]:
    steps = [step for key in sorted(closure.taken) for step in made(closure.taken[key], context)]
    steps += [step for key in sorted(closure.kept) for step in replaced(closure.records[key], context)]
    steps += [
        Step(("default", key[1]), [_set_default(each, closure)]) for key, each in sorted(closure.defaults.items())
    ]
    by_node = {step.node: step for step in steps}
    node_of = {key: node for node, key in nodes.items()}
    for needed, dependants in closure.edges.items():
        for dependant in dependants:
            if needed in node_of and dependant in node_of:
                by_node[node_of[dependant]].needs.add(node_of[needed])
    _children_first(closure, by_node)
    try:
        return ordered(steps)
    except CycleError as error:
        titles = sorted(closure.records[key].title for node, key in nodes.items() if node in error.nodes)
        raise AsideError(
            f"these need each other, so none can be made again first: {', '.join(titles)}.",
            hint="Drop one of them before this and create it after it.",
        ) from None


def _children_first(closure: Closure, steps: dict[Node, Step]) -> None:
    """A check that child and parent both declare is made in the child first: there it is merged afterwards."""
    for key, record in closure.taken.items():
        if isinstance(record, Constraint) and record.local and record.parents:
            for other, parents in closure.taken.items():
                if other != key and isinstance(parents, Constraint) and parents.name == record.name and parents.local:
                    steps[_node(other, parents, closure)].needs.add(_node(key, record, closure))


def made(record: Record, context: Context) -> Iterator[Step]:
    """Make an object again, without its comment, owner and privileges."""
    if isinstance(record, Column):
        table = qualified(record.table, record.schema)
        add = [f"ALTER TABLE {table} ADD COLUMN {written(record, context)}"] if record.parents == 0 else []
        yield Step((record.kind, record.key), [*add, *details(record)], set(context.needs[record.kind, record.key]))
    else:
        yield from CREATORS[record.kind](record, context)


def _alter_default(column: Column, closure: Closure) -> str:
    kind = "VIEW" if ("view", column.key[:2]) in closure.records else "TABLE ONLY"
    return f"ALTER {kind} {qualified(column.table, column.schema)} ALTER COLUMN {identifier(column.name)}"


def _set_default(column: Column, closure: Closure) -> str:
    return f"{_alter_default(column, closure)} SET DEFAULT {column.default}"


def _drop(key: Key, record: Record, closure: Closure) -> Iterator[str]:
    if isinstance(record, Column) and key in closure.defaults:
        yield f"{_alter_default(record, closure)} DROP DEFAULT"
    else:
        yield from drop(record)


def drop(record: Record) -> Iterator[str]:
    """Yield how an object is dropped; nothing where it goes with something else."""
    if isinstance(record, Column):
        if record.parents == 0:
            yield f"ALTER TABLE {qualified(record.table, record.schema)} DROP COLUMN {identifier(record.name)}"
    elif isinstance(record, Constraint):
        if record.local:
            table = qualified(record.table, record.schema)
            yield f"ALTER TABLE {table} DROP CONSTRAINT {identifier(record.name)}"
    elif isinstance(record, PublicationTable):
        table = qualified(record.table, record.schema)
        yield f"ALTER PUBLICATION {identifier(record.name)} DROP TABLE ONLY {table}"
    elif not _goes_with_another(record):
        word, name = create_properties.target(record)
        yield f"DROP {word} {name}"


def _goes_with_another(record: Record) -> bool:
    if isinstance(record, Index):
        return record.constraint is not None or record.parent is not None
    return isinstance(record, Trigger) and (record.parent is not None or not record.definition)


def replaced(record: Record, context: Context) -> Iterator[Step]:
    """Replace an object that keeps its identity, and so its privileges, its comment and what hangs on it."""
    if isinstance(record, Extension):
        name, schema = identifier(record.name), identifier(record.schema)
        yield Step((record.kind, record.key), [f"ALTER EXTENSION {name} SET SCHEMA {schema}"])
        return
    for step in made(record, context):
        first, *more = step.statements
        if not first.startswith("CREATE OR REPLACE "):
            first = first.replace("CREATE ", "CREATE OR REPLACE ", 1)
        yield Step(step.node, [first, *([] if record.kind == "view" else more)], step.needs)


def _properties(closure: Closure, records: Iterable[Record], role: str | None) -> Iterator[str]:
    owners = {
        record.key: str(getattr(record, "owner", "")) for record in closure.snapshot if record.kind in {"table", "view"}
    }
    having = [record for record in records if not isinstance(record, PublicationTable)]
    for record in having:
        if not (isinstance(record, Trigger) and not record.definition):
            yield from create_properties.comment(record)
    for record in having:
        if getattr(record, "owner", None) != role:
            yield from create_properties.owner(record)
    for record in having:
        owner = owners.get(record.key[:2], "") if isinstance(record, Column) else str(getattr(record, "owner", ""))
        yield from create_grants.grants(record, owner, owners=owner != role)
