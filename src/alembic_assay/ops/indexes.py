"""Indexes: Alembic's operations where they say all that the record says, plain SQL where they do not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy import Column, Index, Integer, MetaData, Table, literal_column
from sqlalchemy.sql.compiler import BIND_PARAMS

from alembic_assay.catalog import build_constraints, create_properties
from alembic_assay.catalog.build_text import enclosed, plain, split, unquoted
from alembic_assay.catalog.names import parts
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.layout import lay_out
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from alembic_assay.catalog.indexes import Index as IndexRecord
    from alembic_assay.catalog.record import Record
    from alembic_assay.ops.planning import Side

_ONLY = re.compile(r'^(CREATE (?:UNIQUE )?INDEX (?:"(?:[^"]|"")*"|[^" ]+) ON )ONLY ')


class CreateIndex(ops.CreateIndexOp):
    """An index that can be dropped and made again."""

    def reverse(self) -> DropIndex:
        """Drop it."""
        dropped = ops.DropIndexOp.from_index(self.to_index())
        return DropIndex(self, dropped)


class DropIndex(ops.DropIndexOp):
    """An index that can be made again as it was.

    Args:
        creation: What makes it again.
        dropped: The operation as Alembic makes it.
    """

    def __init__(self, creation: CreateIndex, dropped: ops.DropIndexOp) -> None:
        super().__init__(
            dropped.index_name, dropped.table_name, schema=dropped.schema, _reverse=creation, **_shown(dropped.kw)
        )
        self.creation = creation

    def reverse(self) -> CreateIndex:
        """Make it again."""
        return self.creation


lay_out(CreateIndex, DropIndex)


def _shown(options: dict[str, Any]) -> dict[str, Any]:
    """Return what a script says of an index that it drops: nothing but what changes how it is dropped."""
    return {name: value for name, value in options.items() if name == "postgresql_concurrently"}


def creation(record: IndexRecord, side: Side) -> list[Planned]:
    """Add an index to a table that is there, and to its partitions."""
    place = side.place["index", record.key]
    statements = side.steps["index", record.key].statements
    if record.key[:2] not in side.order:
        record = replace(record, definition=with_partitions(record.definition))
    first = _operation(record, side) or _sql(record)
    planned = [Planned(first, Stage.PART, (place, 0))]
    rest = [*statements[1:], *(create_properties.comment(record) if record.comment is not None else ())]
    if record.tablespace is not None and not isinstance(first, SqlOp):
        rest = [each for each in rest if " SET TABLESPACE " not in each]
    if rest:
        planned.append(Planned(SqlOp(rest, title=record.title), Stage.PART, (place, 1)))
    return [*planned, *attached(record, side)]


def attached(record: Record, side: Side) -> list[Planned]:
    """Attach the index of a partition, or of its key, to that of the partitioned table."""
    node = ("attached index", record.key)
    step = side.steps.get(node)
    return (
        [] if step is None else [Planned(SqlOp(step.statements, title=record.title), Stage.PART, (side.place[node], 0))]
    )


def attaching(record: Any, side: Side) -> bool:
    """Whether a new partition gets an index, or its key, from a partitioned table that was there before."""
    index: Any = side.records.get(("index", record.key)) if record.kind in {"index", "constraint"} else None
    if index is None or index.parent is None:
        return False
    above = side.context.index_nodes.get(qualified(*reversed(parts(index.parent))))
    return above is not None and (above.schema, above.table) not in side.order


def with_partitions(definition: str) -> str:
    """Write an index of a partitioned table without ONLY: else it is not valid before each partition has it.

    >>> with_partitions("CREATE INDEX ix ON ONLY public.log USING btree (id)")
    'CREATE INDEX ix ON public.log USING btree (id)'
    """
    return _ONLY.sub(r"\1", definition)


def _sql(record: IndexRecord) -> SqlOp:
    return SqlOp([record.definition], [f"DROP INDEX {qualified(record.name, record.schema)}"], title=record.title)


def _operation(record: IndexRecord, side: Side) -> CreateIndex | None:
    texts = f"{record.definition} {' '.join(record.options)}"
    found = build_constraints.index(record)
    if found is None or "\\" in texts or "%" in texts or BIND_PARAMS.search(texts):
        return None
    if " ON ONLY " in record.definition.partition(" USING ")[0]:
        return None
    elements, options = _said(record, found)
    included = list(options.get("postgresql_include") or ())
    columns = [Column(name, Integer) for name in dict.fromkeys([*filter(None, record.columns), *included])]
    table = Table(record.table, MetaData(), *columns, schema=side.schema(record.schema))
    index = Index(_name(record, side), *elements, unique=record.unique, _table=table, **options)
    found_op: Any = CreateIndex.from_index(index)
    return found_op  # type: ignore[no-any-return] # Alembic says its own class


def schema_index(record: IndexRecord) -> Index | None:
    """Return an index for a table that has its columns, ``None`` where SQLAlchemy cannot say it."""
    found = build_constraints.index(record)
    if found is None:
        return None
    elements, options = _said(record, found)
    return Index(record.name, *elements, unique=record.unique, **options)


def _said(record: IndexRecord, found: Index) -> tuple[list[Any], dict[str, Any]]:
    keys, _ = enclosed(record.definition, record.definition.index(" USING "))
    elements: list[Any] = [unquoted(key) if plain(key) else literal_column(key) for key in split(keys)]
    return elements, {name: value for name, value in dict(found.kwargs).items() if not _usual(name, value)}


def _usual(name: str, value: object) -> bool:
    return (name == "postgresql_using" and value == "btree") or value in (None, False, {}, [])


def _name(record: IndexRecord, side: Side) -> str:
    """Return the name as the model has it: one that a convention made is final."""
    table = side.models.get((record.schema, record.table))
    named = (index.name for index in table.indexes) if table is not None else ()
    return next(
        (str(name) if type(name) is str else name for name in named if name == record.name), side.name(record.name)
    )


def dropped(record: IndexRecord, side: Side) -> list[Planned]:
    """Drop an index."""
    return [planned.reverse() for planned in creation(record, side)]


def altered(before: IndexRecord, after: IndexRecord, old: Side, new: Side) -> list[Planned]:
    """Change an index: its name and comment in place, all else by making it anew."""
    place = new.place["index", after.key]
    same = replace(before, name=after.name, comment=after.comment, definition=after.definition)
    if same != after or _rest(before) != _rest(after):
        return [*dropped(before, old), *creation(after, new)]
    planned = []
    if before.name != after.name:
        there, back = (
            f"ALTER INDEX {qualified(a.name, a.schema)} RENAME TO {identifier(b.name)}"
            for a, b in ((before, after), (after, before))
        )
        planned.append(Planned(SqlOp([there], [back], title=after.title), Stage.PART, (place, 0)))
    if before.comment != after.comment:
        undo = [create_properties.comment_on(replace(after, comment=before.comment))]
        comment = SqlOp([create_properties.comment_on(after)], undo, title=after.title)
        planned.append(Planned(comment, Stage.PART, (place, 1)))
    return planned


def _rest(record: IndexRecord) -> tuple[bool, str]:
    """Return the definition without the name."""
    return record.unique, record.definition[record.definition.index(" USING ") :]
