"""Changes as operations of Alembic, in an order in which they run in both directions."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from alembic_assay.catalog.create_steps import CycleError, Step, ordered
from alembic_assay.catalog.diff import Action, Change
from alembic_assay.catalog.names import parts
from alembic_assay.ops import columns, constraint_changes, constraints, domains, indexes, sequences, tables
from alembic_assay.ops.execute_sql import CreateSchemaOp
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alembic.operations import MigrateOperation

    from alembic_assay.catalog.create_steps import Node
    from alembic_assay.catalog.record import Record
    from alembic_assay.ops.planning import Key, Side

KINDS = frozenset({"schema", "domain", "sequence", "table", "column", "constraint", "index"})
"""What is translated here; enums have their own comparator, and what models cannot declare is not compared."""

_FAMILIES: dict[str, Any] = {
    "domain": domains,
    "sequence": sequences,
    "table": tables,
    "column": columns,
    "constraint": constraints,
    "index": indexes,
}


def operations(changes: Sequence[Change], before: Side, after: Side) -> list[MigrateOperation]:
    """Return the operations that make one side the other.

    Needs no database: the sides hold all that must be known.

    Args:
        changes: What ``catalog.diff`` finds between the two, or some of it.
        before: What there is.
        after: What there should be.

    Example:
        >>> operations(diff(a, b), Side(a), Side(b))  # doctest: +SKIP
    """
    _arrange(changes, before, after)
    return grouped(plan(changes, before, after))


def plan(changes: Sequence[Change], before: Side, after: Side) -> list[Planned]:
    """Return the same as :func:`operations`, each with its place."""
    _arrange(changes, before, after)
    planned: list[Planned] = []
    made = {change.record.key for change in changes if change.record.kind == "table" and change.action is Action.ADD}
    gone = {change.record.key for change in changes if change.record.kind == "table" and change.action is Action.DROP}
    again = _rebuilt(changes)
    for each in [*changes, *_hanging_on(again, changes, before, after)]:
        change = _itself(each)
        if change is None:
            continue
        record = change.record
        if record.kind not in KINDS or _table_of(record, change) in made | gone:
            continue
        if not _with_column(change, before, after):
            planned += _planned(change, before, after, again)
    return sorted(planned, key=lambda each: (each.stage, each.place))


def _itself(change: Change) -> Change | None:
    """Return a change without the index that a constraint makes and drops."""
    if change.record.kind != "index":
        return change
    old: Any = None if getattr(change.before, "constraint", None) else change.before
    new: Any = None if getattr(change.after, "constraint", None) else change.after
    if old is None and new is None:
        return None
    return change if old and new else Change(Action.ADD if old is None else Action.DROP, old, new)


def _planned(change: Change, before: Side, after: Side, again: set[Key]) -> list[Planned]:
    old: Any = change.before
    new: Any = change.after
    if change.record.kind == "schema":
        return _schema(new) if old is None else []
    family = _FAMILIES[change.record.kind]
    if old is None or new is None:
        return list(family.creation(new, after) if old is None else family.dropped(old, before))
    if change.record.kind == "column" and old.key in again:
        return _replaced(old, new, before, after)
    if old == new:
        return [*family.dropped(old, before), *family.creation(new, after)]
    if change.record.kind == "constraint":
        return constraint_changes.altered(old, new, before, after)
    return list(family.altered(old, new, before, after))


def _schema(record: Any) -> list[Planned]:
    name = identifier(record.name)
    create = CreateSchemaOp([f"CREATE SCHEMA {name}"], [f"DROP SCHEMA {name}"], title=record.title)
    return [Planned(create, Stage.SCHEMA, ())]


def _replaced(old: Any, new: Any, before: Side, after: Side) -> list[Planned]:
    """Drop a column and add it again at once: a generation expression cannot be changed or added."""
    place = (after.place["table", (new.schema, new.table)], new.position)
    drop = [Planned(each.op, Stage.COLUMN, (*place, 0)) for each in columns.dropped(old, before)]
    return [*drop, *columns.creation(new, after)]


def _rebuilt(changes: Sequence[Change]) -> set[Key]:
    """Return the columns that must be dropped and added again, in either direction."""
    found = set()
    for change in changes:
        old: Any = change.before
        new: Any = change.after
        both = change.record.kind == "column" and old and new
        if both and (columns.rebuilt(old, new) or columns.rebuilt(new, old)):
            found.add(old.key)
    return found


def _hanging_on(again: set[Key], changes: Sequence[Change], before: Side, after: Side) -> Iterator[Change]:
    """Yield what goes with a column that is dropped and added again, and is to stay."""
    if not again:
        return
    known = {(change.record.kind, change.record.key) for change in changes}
    needed = {("column", key) for key in again}
    edges = {(e.kind, e.key) for e in after.snapshot.dependencies if (e.needs_kind, e.needs_key) in needed}
    for record in after.snapshot:
        each: Any = record
        if record.kind not in {"constraint", "index"} or (record.kind, record.key) in known:
            continue
        if record.kind == "index" and each.constraint is not None:
            continue
        holds = any((*record.key[:2], column) in again for column in each.columns)
        refers = record.kind == "constraint" and each.references and _refers(each, again, after)
        old = before.records.get((record.kind, record.key))
        if old is not None and (holds or refers or (record.kind, record.key) in edges):
            yield Change(Action.ALTER, old, record)


def _refers(record: Any, again: set[Key], side: Side) -> bool:
    found = constraints.schema_constraint(record, side)
    names = [element.target_fullname.rpartition(".")[2] for element in found.elements] if found is not None else []  # type: ignore[attr-defined] # a foreign key
    return any((*parts(record.references), name) in again for name in names)


def _table_of(record: Record, change: Change) -> Key | None:
    """Return the table whose creation or drop says this change already."""
    if record.kind in {"column", "constraint", "index"}:
        return record.key[:2]
    owner = getattr(record, "owned_by", None)
    if record.kind == "sequence" and owner and change.action is not Action.ALTER:
        return parts(owner)[:2]
    return None


def _with_column(change: Change, before: Side, after: Side) -> bool:
    """Whether the sequence of a column is made, dropped or changed with it."""
    record: Any = change.record
    if record.kind != "sequence":
        return False
    sides = ((change.before, before), (change.after, after))
    if change.action is Action.ALTER and not record.identity:
        return False
    for sequence, side in sides:
        owner: str = getattr(sequence, "owned_by", None) or ""
        column = side.records.get(("column", parts(owner))) if owner else None
        if column is None or sequence is None:
            continue
        other = (after if side is before else before).records.get(("column", parts(owner)))
        if change.action is Action.ALTER:
            return other is not None and other != column and getattr(sequence, "identity", False)
        if other is None or other != column:
            return True
    return False


def _arrange(changes: Sequence[Change], before: Side, after: Side) -> None:
    """Note in which order each side creates tables, and which keys are in motion meanwhile."""
    for side, action in ((before, Action.DROP), (after, Action.ADD)):
        keys = [c.record.key for c in changes if c.record.kind == "table" and c.action is action]
        side.told = set(keys)
        side.keyed = side.told | {c.record.key[:2] for c in changes if c.record.kind == "constraint"}
        side.order = {key: place for place, key in enumerate(_creation_order(keys, side))}
        with_them = {each: place for key, place in side.order.items() for each in side.partitions(key)}
        side.order = {**with_them, **side.order}
        side.unsettled = {
            c.record.key[:2] for c in changes if _unsettles(c, action) and c.record.key[:2] not in side.order
        }


def _unsettles(change: Change, action: Action) -> bool:
    """Whether a table that is created at its place may not yet, or not yet again, point to the changed one."""
    record: Any = change.record
    if record.kind == "column":
        return action is Action.DROP and change.action is not Action.ADD
    return record.kind in {"constraint", "index"} and (
        getattr(record, "unique", False) or getattr(record, "type", "") in {"primary key", "unique"}
    )


def _creation_order(keys: Sequence[Key], side: Side) -> list[Key]:
    """Sort tables so that each comes after those that it needs and, outside of circles, those that it points to."""
    nodes: set[Node] = {("table", key) for key in keys}
    hard = {node: side.steps[node].needs & nodes for node in nodes}
    soft: dict[Node, set[Node]] = {node: set() for node in nodes}
    for node in nodes:
        for constraint in side.context.constraints[node[1]]:
            if constraint.references is not None:
                soft[node].add(("table", parts(constraint.references)))
    circle: set[Node] = set()
    while True:
        needs = {node: hard[node] | (soft[node] - (circle if node in circle else set())) for node in nodes}
        try:
            return [step.node[1] for step in ordered(Step(node, [], needs[node]) for node in nodes)]
        except CycleError as error:
            if error.nodes <= circle:
                raise
            circle |= error.nodes


def grouped(planned: Iterable[Planned]) -> list[MigrateOperation]:
    """Put neighbours that change one table into one container, as Alembic does."""
    found: list[MigrateOperation] = []
    for table, group in groupby((each.op for each in planned), key=_modified):
        operations = list(group)
        if table is None:
            found += operations
        else:
            found.append(ops.ModifyTableOps(table[1], operations, schema=table[0]))
    return found


def _modified(operation: MigrateOperation) -> tuple[str | None, str] | None:
    if isinstance(operation, ops.AlterTableOp | ops.CreateIndexOp | ops.DropIndexOp):
        return operation.schema, str(operation.table_name)
    if isinstance(operation, ops.CreateForeignKeyOp):
        return operation.kw.get("source_schema"), operation.source_table
    if isinstance(operation, ops.AddConstraintOp | ops.DropConstraintOp):
        return getattr(operation, "schema", None), str(getattr(operation, "table_name", ""))
    return None
