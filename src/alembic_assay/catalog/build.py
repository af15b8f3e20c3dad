"""A snapshot as SQLAlchemy's constructs, and as DDL events where SQLAlchemy has none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, Sequence, Table, event, quoted_name

from alembic_assay.catalog import build_constraints, create_grants, create_properties, create_sql
from alembic_assay.catalog.build_columns import column, residue, settings
from alembic_assay.catalog.build_plan import Plan
from alembic_assay.catalog.build_types import Types, expressible
from alembic_assay.catalog.create_context import Context, options
from alembic_assay.catalog.create_tables import inherits, inline_checks
from alembic_assay.catalog.names import parts
from alembic_assay.sql import Statement, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.schema import SchemaItem

    from alembic_assay.catalog.constraints import Constraint
    from alembic_assay.catalog.create_steps import Node, Step
    from alembic_assay.catalog.sequences import Sequence as SequenceRecord
    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.catalog.tables import Table as TableRecord

_OWNED = frozenset({"table", "view"})
_FORMS = frozenset({"ordinary", "partitioned"})
_PLAIN = re.compile("[a-z_][a-z0-9_]*")
BY_EVENTS = "assay_by_events"
"""The key of ``MetaData.info`` that holds kind and key of what DDL events make."""

_CONSTRUCTS = frozenset({"table", "sequence", "enum", "domain"})
_UNCHECKED = "SET check_function_bodies = off"
_CHECKED = "RESET check_function_bodies"


def build(snapshot: Snapshot) -> MetaData:
    """Return the models of a snapshot: ``create_all`` in an empty database makes what was read.

    Tables, columns, constraints, indexes, enums, domains, sequences and comments are SQLAlchemy's constructs wherever
    it can say them exactly. All else is made by DDL events of the ``MetaData``, before and after. Expressions are
    texts of the server. Owners are not set: who runs ``create_all`` owns all.

    Args:
        snapshot: Of a whole database, or of a part of which nothing needs the rest.

    Raises:
        CreateError: The snapshot holds something that cannot be made; says what, and why.

    Example:
        >>> build(read(connection)).create_all(other)  # doctest: +SKIP
    """
    return _Builder(snapshot).metadata


class _Builder:
    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.metadata = MetaData()
        self.types = Types(self.metadata)
        self.steps = create_sql.ordered_steps(snapshot)
        split = frozenset(("table", step.node[1]) for step in self.steps if step.node[0] == "default")
        self.context = Context(snapshot, split)
        self.nodes = {step.node for step in self.steps}
        self.records: dict[Node, Any] = {(record.kind, record.key): record for record in snapshot}
        self.items: dict[Node, SchemaItem] = {}
        self.tables: dict[tuple[str, ...], Table] = {}
        needs = {step.node: step.needs | self.context.needs[step.node] for step in self.steps}
        self.plan = Plan(needs, [step.node for step in self.steps if self._candidate(step)])
        self._before()
        for step in self.steps:
            if step.node[0] == "table" and step.node in self.plan.built:
                self._table(self.context.tables[step.node[1]])
        for step in self.steps:
            if step.node[0] == "foreign key" and step.node in self.plan.built:
                self._foreign_key(step.node)
        after = [*self._after(), *self._properties()]
        self._listen("after_create", [_UNCHECKED, *after, _CHECKED] if after else [])
        self.metadata.info[BY_EVENTS] = frozenset(self._by_events())

    def _by_events(self) -> Iterator[Node]:
        """Yield what events make, which the constructs therefore do not show."""
        for node, record in self.records.items():
            step = ("foreign key" if getattr(record, "references", None) else record.kind, record.key)
            made = step in self.plan.built if record.kind in _CONSTRUCTS else step in self.items
            if record.kind == "column":
                made = ("table", record.key[:2]) in self.plan.built and ("default", record.key[:2]) not in self.nodes
            if not made:
                yield node

    def _candidate(self, step: Step) -> bool:
        """Whether SQLAlchemy can say what a step makes."""
        kind, key = step.node
        record: Any = self.records.get(("constraint" if kind == "foreign key" else kind, key))
        if kind in {"enum", "domain"}:
            return expressible(record) and ("check", key) not in self.nodes
        if kind == "sequence":
            return not record.identity and not record.unlogged
        if kind == "table":
            plain = _PLAIN.fullmatch(record.access_method or "heap")  # SQLAlchemy does not quote it
            return (
                bool(plain) and record.form in _FORMS and not record.of_type and "%" not in (record.partition_key or "")
            )
        if kind == "constraint" and record.type == "check":
            return record in inline_checks(self.context.tables[key[:2]], self.context)
        return bool(step.statements) and self._candidate_of_table(kind, record)

    def _candidate_of_table(self, kind: str, record: Any) -> bool:
        key = (record.schema, record.table) if kind in {"constraint", "foreign key", "index"} else ()
        if kind == "foreign key":
            return not any(self._partitioned(end) for end in (key, parts(record.references)))
        if kind == "index":
            return key in self.context.tables and record.constraint is None and bool(record.valid)
        return kind == "constraint" and record.type != "not null"

    def _partitioned(self, key: tuple[str, ...]) -> bool:
        table = self.context.tables.get(key)
        return table is None or table.partition_key is not None or table.partition_bound is not None

    def _before(self) -> None:
        """Make types, and what must be there before them, in order; then sequences."""
        unchecked = any(node[0] == "function" for node in self.plan.before)
        self._listen("before_create", [_UNCHECKED] if unchecked else [])
        for step in self.steps:
            if step.node[0] in {"enum", "domain"}:
                self.types.add(self.records[step.node], made=step.node in self.plan.built)
            if step.node in self.plan.before:
                self._listen("before_create", step.statements)
        self._listen("before_create", [_CHECKED] if unchecked else [])
        for node in self.plan.built:
            if node[0] == "sequence":
                self._sequence(self.records[node])

    def _sequence(self, record: SequenceRecord) -> None:
        data_type = None if record.type == "bigint" else self.types.of(record.type)
        Sequence(record.name, schema=record.schema, metadata=self.metadata, data_type=data_type, **settings(record))

    def _table(self, record: TableRecord) -> None:
        parents = [quoted_name(parent, quote=False) for parent in record.parents]
        dialect: dict[str, Any] = {
            "partition_by": record.partition_key,
            "inherits": tuple(parents) if inherits(record, self.context) else None,
            "using": None if record.access_method == "heap" else record.access_method,
            "tablespace": record.tablespace,
        }
        table = Table(
            record.name,
            self.metadata,
            *[column(each, self.types, self.context) for each in self.context.columns[record.key]],
            *self._parts(record),
            schema=record.schema,
            comment=record.comment,
            prefixes=["UNLOGGED"] if record.persistence == "unlogged" else [],
            **{f"postgresql_{name}": value for name, value in dialect.items() if value},
        )
        self.tables[record.key] = table
        for parent in dialect["inherits"] or ():
            if (above := self.tables.get(parts(parent))) is not None:
                table.add_is_dependent_on(above)

    def _parts(self, record: TableRecord) -> Iterator[SchemaItem]:
        """Yield the constraints and indexes that SQLAlchemy can say, and remember them."""
        for node in sorted(node for node in self.plan.built if node[0] in {"constraint", "index"}):
            if node[1][:2] != record.key:
                continue
            if node[0] == "index":
                item: SchemaItem | None = build_constraints.index(self.records[node])
            else:
                item = build_constraints.constraint(
                    self.records[node], self.context.indexes.get((record.schema, record.name, node[1][2]))
                )
            if item is not None:
                self.items[node] = item
                yield item

    def _foreign_key(self, node: Node) -> None:
        record = self.records["constraint", node[1]]
        table = self.tables[record.schema, record.table]
        item = build_constraints.foreign_key(record, table, self.tables[parts(record.references)])
        if item is not None:
            table.append_constraint(item)
            self.items[node] = item

    def _after(self) -> Iterator[str]:
        for step in (step for step in self.steps if step.node[0] not in create_sql.LAST):
            kind, key = step.node
            if kind == "table" and step.node in self.plan.built:
                yield from self._residue(self.context.tables[key], step)
            elif kind == "constraint" and step.node in self.plan.built and step.node not in self.items:
                yield from step.statements or [_addition(self.records[step.node])]
            elif step.node in self.items or (kind in {"enum", "domain", "sequence"} and step.node in self.plan.built):
                yield from step.statements[1:]
            elif step.node not in self.plan.before:
                yield from step.statements

    def _residue(self, record: TableRecord, step: Step) -> Iterator[str]:
        """Yield what SQLAlchemy cannot say of a table that it makes."""
        for each in self.context.columns[record.key]:
            yield from residue(each, self.context)
        stored = [*options(record.options), *options(record.toast_options, "toast.")]
        if stored:
            yield f"ALTER TABLE ONLY {qualified(record.name, record.schema)} SET ({', '.join(stored)})"
        yield from step.statements[1:]

    def _properties(self) -> Iterator[str]:
        """Yield comments that SQLAlchemy does not make, privileges, and the filling of materialised views."""
        owners = {record.key: getattr(record, "owner", "") for record in self.snapshot if record.kind in _OWNED}
        for record in (record for record in self.snapshot if record.kind not in create_sql.LAST):
            node = ("foreign key" if getattr(record, "references", None) else record.kind, record.key)
            said = record.key[:2] in self.tables and (record.kind in {"table", "column"} or node in self.items)
            if not said or record.kind == "index":
                yield from create_properties.comment(record)
        for record in self.snapshot:
            owner = owners.get(record.key[:2], "") if record.kind == "column" else getattr(record, "owner", "")
            yield from create_grants.grants(record, owner, owners=False)
        yield from create_sql.filled(self.snapshot, self.steps)
        yield from create_sql.last(self.snapshot, self.steps)

    def _listen(self, moment: str, statements: Iterable[str]) -> None:
        for statement in statements:
            event.listen(self.metadata, moment, Statement(statement))


def _addition(record: Constraint) -> str:
    """Return the ALTER TABLE that adds a constraint which is made with its table elsewhere."""
    only = "ONLY " if " NO INHERIT" in record.definition else ""
    name = qualified(record.table, record.schema)
    return f"ALTER TABLE {only}{name} ADD CONSTRAINT {identifier(record.name)} {record.definition}"
