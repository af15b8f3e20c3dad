"""What the translation of changes knows: two sides, and for each operation when it runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import MetaData
from sqlalchemy.sql.elements import conv

from alembic_assay.catalog import create_sql
from alembic_assay.catalog.build_types import Types
from alembic_assay.catalog.create_context import Context
from alembic_assay.catalog.dependencies import PARTS_OF_A_TABLE
from alembic_assay.catalog.domains import Domain
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alembic.operations import MigrateOperation
    from sqlalchemy import Column, Table

    from alembic_assay.catalog.columns import Column as ColumnRecord
    from alembic_assay.catalog.create_steps import Node, Step
    from alembic_assay.catalog.record import Record

Key = tuple[str, ...]
_NO_MODELS: Mapping[Key, Table] = MappingProxyType({})


class Stage(IntEnum):
    """When an operation runs; what creates something runs in the order of its stage, what drops it in reverse."""

    SCHEMA = 0
    DROP_PART = 1
    TYPE = 2
    COLUMN = 3
    TABLE = 4
    PART = 5
    DROP_COLUMN = 6
    DROP_TABLE = 7
    DROP_TYPE = 8


_DROPS = {
    Stage.TYPE: Stage.DROP_TYPE,
    Stage.COLUMN: Stage.DROP_COLUMN,
    Stage.TABLE: Stage.DROP_TABLE,
    Stage.PART: Stage.DROP_PART,
}


@dataclass(frozen=True, slots=True)
class Planned:
    """An operation and its place.

    Args:
        op: The operation.
        stage: See :class:`Stage`.
        place: Sorts the operations of a stage.
    """

    op: MigrateOperation
    stage: Stage
    place: tuple[int, ...]

    def reverse(self) -> Planned:
        """Undo it, at the end where it was at the beginning."""
        return Planned(self.op.reverse(), _DROPS[self.stage], tuple(-number for number in self.place))


class Side:
    """One of the two states between which a revision leads.

    Args:
        snapshot: Its records: whole tables, and the types and sequences.
        models: The tables of the models by schema and name, whose types scripts show.
        default_schema: The schema that scripts leave out.
        formal: Whether names are final, so that no naming convention is applied to them: ``op.f("…")``.
        role: Who runs the migration; what belongs to others is given back to them.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        models: Mapping[Key, Table] = _NO_MODELS,
        default_schema: str = "public",
        formal: bool = False,
        role: str = "",
    ) -> None:
        self.snapshot = snapshot
        self.models = models
        self.default_schema = default_schema
        self.formal = formal
        self.role = role
        self.records = {(record.kind, record.key): record for record in snapshot}
        self.order: dict[Key, int] = {}
        """The tables that this side creates, in their order."""
        self.made_by_sql: dict[Key, bool] = {}
        """Whether a table that this side creates is one that only SQL can say."""
        self.told: set[Key] = set()
        """The tables that changes create on this side."""
        self.keyed: set[Key] = set()
        """The tables of whose constraints changes tell, or that they create."""
        self.unsettled: set[Key] = set()
        """Tables whose keys are not yet what they will be when tables are created."""

    @cached_property
    def context(self) -> Context:
        """The snapshot, indexed."""
        return Context(self.snapshot, self._split)

    @cached_property
    def steps(self) -> dict[Node, Step]:
        """How each object is made, in order."""
        return {step.node: step for step in create_sql.ordered_steps(self.snapshot)}

    @cached_property
    def place(self) -> dict[Node, int]:
        """The place of each step."""
        return {node: place for place, node in enumerate(self.steps)}

    @cached_property
    def _split(self) -> frozenset[Node]:
        return frozenset(("table", node[1]) for node in self.steps if node[0] == "default")

    @cached_property
    def types(self) -> Types:
        """The types as SQLAlchemy has them."""
        types = Types(MetaData())
        for record in self.snapshot:
            if isinstance(record, Enum | Domain):
                types.add(record, made=False)
        return types

    @cached_property
    def parts(self) -> dict[Key, list[Record]]:
        """The records that belong to each table."""
        found: dict[Key, list[Record]] = {}
        for record in self.snapshot:
            if record.kind in PARTS_OF_A_TABLE:
                found.setdefault(record.key[:2], []).append(record)
        return found

    def schema(self, name: str) -> str | None:
        """Return a schema as scripts give it."""
        return None if name == self.default_schema else name

    def name(self, name: str) -> str:
        """Return a name as scripts give it."""
        return conv(name) if self.formal else name

    def model(self, record: ColumnRecord) -> Column[object] | None:
        """Return the model's column."""
        table = self.models.get((record.schema, record.table))
        return None if table is None else next((c for c in table.columns if c.name == record.name), None)

    def sequence(self, column: ColumnRecord) -> Record | None:
        """Return the sequence that belongs to a column."""
        return self._owned.get(column.key)

    @cached_property
    def _owned(self) -> dict[Key, Record]:
        owned = ((getattr(record, "owned_by", None), record) for record in self.snapshot if record.kind == "sequence")
        return {parts(owner): record for owner, record in owned if owner}

    def partitions(self, key: Key) -> list[Key]:
        """Return the partitions of a table, theirs too, that come and go with it: not those that are told of."""
        found = []
        for each in self.context.partitions.get(key, ()):
            if each not in self.told:
                found += [each, *self.partitions(each)]
        return found


def restricted(snapshot: Snapshot, tables: Iterable[Key]) -> Snapshot:
    """Return some tables of a snapshot with their parts, and all that is no table or part of one.

    Views, functions and the like stay out: they are neither created nor dropped by what is done to tables.
    """
    wanted = set(tables)
    family = {record.key: getattr(record, "parents", ()) for record in snapshot if record.kind == "table"}
    grown = True
    while grown:
        more = {key for key, parents in family.items() if wanted & {parts(parent) for parent in parents}} - wanted
        wanted |= more
        grown = bool(more)
    records = tuple(record for record in snapshot if _belongs(record, wanted))
    known = {(record.kind, record.key) for record in records}
    edges = tuple(
        edge
        for edge in snapshot.dependencies
        if (edge.kind, edge.key) in known and (edge.needs_kind, edge.needs_key) in known
    )
    return Snapshot(records, edges)


_OTHERS = frozenset({"enum", "domain", "composite type", "range type"})


def _belongs(record: Record, tables: set[Key]) -> bool:
    if record.kind == "sequence":
        owner = getattr(record, "owned_by", None)
        return owner is None or parts(owner)[:2] in tables
    if record.kind == "table":
        return record.key in tables
    if record.kind == "statistics":
        return parts(str(getattr(record, "table", ""))) in tables
    return record.kind in _OTHERS or (record.kind in PARTS_OF_A_TABLE and record.key[:2] in tables)
