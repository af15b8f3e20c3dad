"""What is made and dropped together in a migration, and the order in which that works in both directions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers

from alembic_assay.catalog import aside, create_grants, create_properties
from alembic_assay.catalog.aside_closure import needed_by
from alembic_assay.catalog.change_properties import WITHOUT_DROP, unset
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.create_context import Context
from alembic_assay.catalog.create_sql import ordered_steps
from alembic_assay.catalog.create_steps import Step, ordered
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.triggers import Trigger
from alembic_assay.ops.constraints import statement
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.ops.steps import StepsOp
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from alembic.autogenerate.api import AutogenContext
    from alembic.operations import MigrateOperation

    from alembic_assay.catalog.create_steps import Node
    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.ops.planning import Side

_SHELL = "shell type"
_TYPES = frozenset({"range type", "base type"})


@dataclass(slots=True)
class Unit:
    """Operations that make one thing; their reverses, from the last one, take it away.

    Args:
        node: The step of ``create_sql`` that it is.
        operations: In order.
    """

    node: Node
    operations: list[MigrateOperation] = field(default_factory=list)


class Whole:
    """A whole side: every step that makes it, in order, and the units of what Alembic has no operation for.

    Args:
        snapshot: Of the side.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.steps = {step.node: step for step in ordered_steps(snapshot)}
        self.place = {node: place for place, node in enumerate(self.steps)}
        self.context = Context(snapshot)
        self.records = {(each.kind, each.key): each for each in snapshot}
        self._edges: dict[Node, set[Node]] = {}
        for trigger in snapshot.of(Trigger):
            self._edges["trigger", trigger.key] = set()
        for need, dependants in needed_by(snapshot).items():
            for each in dependants:
                if each in self._edges:
                    self._edges[each].add(need)
        keys = {node for node in self.steps if node[0] == "foreign key"}
        for trigger in snapshot.of(Trigger):
            if not trigger.definition:  # of a foreign key, which may come from that of a partitioned table
                self._edges["trigger", trigger.key] |= keys

    def units(self, record: Record) -> Iterator[Unit]:
        """Yield what makes a record and what takes it away."""
        if record.kind == "column":
            yield self._generated(record)
            return
        shells = {("shell type", record.key)} if record.kind in _TYPES else set()
        nodes = [(record.kind, record.key), ("view query", record.key), *shells]
        for node in [node for node in nodes if node in self.steps]:
            statements = list(self.steps[node].statements)
            if node == (record.kind, record.key):
                statements += self.properties(record)
            undo = list(self._undo(node, record))
            if statements or undo:
                yield Unit(node, [SqlOp(statements, undo, title=record.title)])

    def part(self, record: Record) -> Unit:
        """Return what makes a constraint or an index of a table that is there."""
        if isinstance(record, Constraint):
            kind = "foreign key" if record.references else "constraint"
            statements = [statement(record), *self.properties(record)]
            return Unit((kind, record.key), [SqlOp(statements, aside.drop(record), title=record.title)])
        (unit,) = self.units(record)
        return unit

    def _undo(self, node: Node, record: Record) -> Iterator[str]:
        if node[0] == _SHELL or any(need[0] == _SHELL and need in self.steps for need in self._needs_of(node, record)):
            return
        if node[0] == "view query":
            yield self.steps["view", record.key].statements[0].replace("CREATE ", "CREATE OR REPLACE ", 1)
        elif record.kind in WITHOUT_DROP:
            yield from unset(record)
        else:
            cascade = " CASCADE" if (_SHELL, record.key) in self.steps and record.kind in _TYPES else ""
            yield from (f"{each}{cascade}" for each in aside.drop(record))

    def _needs_of(self, node: Node, record: Record) -> set[Node]:
        return self.steps[node].needs if record.kind == "function" else set()

    def _generated(self, record: Record) -> Unit:
        """A generated column: it stands in no step of its own."""
        (step,) = aside.made(record, self.context)
        statements = [*step.statements, *self.properties(record)]
        table = ("table", record.key[:2])
        needs = {need for need in step.needs if need != table}
        self.steps["column", record.key] = Step(("column", record.key), [], {table, *needs})
        return Unit(("column", record.key), [SqlOp(statements, aside.drop(record), title=record.title)])

    def properties(self, record: Record) -> Iterator[str]:
        """Yield comments and privileges of a new object; of a view, with those of its columns."""
        if record.kind == "publication table" or record.kind in WITHOUT_DROP:
            return
        each: Any = record
        columns = self.context.columns[record.key] if record.kind == "view" else []
        for part in (record, *columns):
            if getattr(part, "comment", None) is not None and (record.kind != "trigger" or each.definition):
                yield create_properties.comment_on(part)
        for part in (record, *columns):
            yield from create_grants.grants(part, self.owner(part), owners=False)

    def inherited(self, record: Record) -> bool:
        """Whether a constraint or index of a partition goes with that of the partitioned table."""
        each: Any = record
        index: Any = self.records.get(("index", record.key)) if record.kind in {"constraint", "index"} else None
        if index is not None and index.parent:
            return True
        return record.kind == "constraint" and bool(each.parents) and each.type != "check"

    def made_by_itself(self, record: Record) -> bool:
        """Whether a constraint of a child is made before that of its parent takes it over."""
        step = self.steps.get(("foreign key" if getattr(record, "references", None) else "constraint", record.key))
        return step is not None and bool(step.statements)

    def owner(self, record: Record) -> str:
        """Return the owner of an object; of a column, that of its table or view."""
        if record.kind != "column":
            return str(getattr(record, "owner", ""))
        found = self.records.get(("table", record.key[:2])) or self.records.get(("view", record.key[:2]))
        return str(getattr(found, "owner", ""))

    def sorted(self, units: Iterable[Unit], side: Side) -> list[Unit]:
        """Put units in an order in which they can be made; those of one node stay in theirs."""
        together: dict[Node, Unit] = {}
        for unit in units:
            together.setdefault(unit.node, Unit(unit.node)).operations.extend(unit.operations)
        order = ordered(Step(node, [], {*self._needs(node), *_inline(node, side)}) for node in together)
        return [together[step.node] for step in order]

    def _needs(self, node: Node) -> Iterator[Node]:
        """Yield what a unit needs; of a constraint, its step may have another name."""
        step = self.steps.get(node)
        for need in (*(step.needs if step else ()), *self._edges.get(node, ())):
            yield need
            yield "column", need[1]
            yield "foreign key", need[1]
        if node[0] in {"index", "statistics", "foreign key", "constraint", "publication table", "policy", "trigger"}:
            columns = self.context.columns[node[1][:2]] if len(node[1]) > 1 else []
            yield from (("column", column.key) for column in columns if column.generated is not None)


def _inline(node: Node, side: Side) -> Iterator[Node]:
    """Yield the tables that a new one may point to already when it is made."""
    place = side.order.get(node[1], -1) if node[0] == "table" else -1
    for constraint in side.context.constraints[node[1]] if place >= 0 else ():
        target = parts(constraint.references) if constraint.references and constraint.local else ()
        if side.order.get(target, place) < place:
            yield from (("table", each) for each in (target, *side.partitions(target)))


class MadeWithTable(StepsOp):
    """What is added to a new table, and need not be dropped before that is."""

    def reverse(self) -> Any:
        """Do nothing: the table goes."""
        return GoneWithTable(self.ops)


class GoneWithTable(StepsOp):
    """What goes with its table, and is made again after it."""

    def reverse(self) -> Any:
        """Make it again."""
        return MadeWithTable(self.ops)


@renderers.dispatch_for(GoneWithTable)
def _render(_autogen_context: AutogenContext, _operation: GoneWithTable) -> list[str]:
    return []


def of_planned(planned: Planned, side: Side, whole: Whole, tables: AbstractSet[tuple[str, ...]]) -> Unit:
    """Return the unit of an operation of ``ops.from_change``.

    Args:
        planned: One that makes something; not one that drops it.
        side: On which it is made.
        whole: The same.
        tables: Those that are made as a whole.
    """
    node = _node(planned, side)
    step = side.steps.get(node)
    parts_of_it = {"constraint", "index", "attached index"}
    with_table = node[0] in parts_of_it and node[1][:2] in tables and step is not None
    with_table = with_table and {need[0] for need in step.needs} <= {"table", "view", *parts_of_it}  # type: ignore[union-attr] # it is there
    kind = "constraint" if node[0] == "foreign key" else node[0].removeprefix("attached ")
    record = whole.records.get((kind, node[1]))
    with_table = with_table or (record is not None and whole.inherited(record))
    return Unit(node, [MadeWithTable([planned.op]) if with_table else planned.op])


def _node(planned: Planned, side: Side) -> Node:
    first = planned.place[0]
    nodes = list(side.steps)
    if planned.stage is Stage.TABLE:
        return next((("table", key) for key, place in side.order.items() if place == first), nodes[first])
    if planned.stage is Stage.PART and first == 0:
        return "owned sequence", nodes[planned.place[1]][1]
    return nodes[first]


def default_dropped(column: Any) -> SqlOp:
    """Return the operation that takes a default away for a while."""
    alter = f"ALTER TABLE ONLY {qualified(column.table, column.schema)} ALTER COLUMN {identifier(column.name)}"
    return SqlOp([f"{alter} DROP DEFAULT"], [f"{alter} SET DEFAULT {column.default}"], title=column.title)
