"""Tables: created with all that is theirs, dropped so that all of it can come back, and what can be changed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKeyConstraint

from alembic_assay.catalog import create_grants, create_properties
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.names import parts
from alembic_assay.ops import constraints, indexes
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.late_defaults import late_defaults
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.ops.script_columns import script_column, serial
from alembic_assay.ops.table_operations import CreateTable, CreateTableSql
from alembic_assay.ops.table_settings import altered
from alembic_assay.sql import qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.schema import SchemaItem

    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.tables import Table
    from alembic_assay.ops.planning import Key, Side

__all__ = ["altered", "creation", "dropped"]

_JOINS = " ATTACH PARTITION "
_LAST = 2**30
_INLINE = frozenset({"primary key", "unique", "check", "foreign key"})


def creation(record: Table, side: Side) -> list[Planned]:
    """Create a table with all that is its own."""
    place = side.order.get(record.key, side.place["table", record.key])
    inline = {
        each.key: found for each in side.context.constraints[record.key] if (found := _inline(each, side)) is not None
    }
    inline = _without_twins(inline, side)
    op = _create(record, side, inline)
    covered: set[tuple[str, Key]] = {("table", record.key)}
    planned: list[Planned] = []
    if op is None:
        statements = side.steps["table", record.key].statements
        sql: Any = CreateTableSql(statements, record, side.schema(record.schema))
        if record.form == "foreign":
            drop = f"DROP FOREIGN TABLE {qualified(record.name, record.schema)}"
            sql = SqlOp(statements, [drop], title=record.title)
        planned += [Planned(sql, Stage.TABLE, (place, 0)), *_comments(record, side, place)]
        covered |= {
            ("constraint", each.key) for each in side.context.constraints[record.key] if _with_table(each, side)
        }
    else:
        planned.append(Planned(op, Stage.TABLE, (place, 0)))
        if rest := side.steps["table", record.key].statements[1:]:
            planned.append(Planned(SqlOp(rest, title=record.title), Stage.TABLE, (place, 1)))
        covered |= {("constraint", key) for key in inline}
    planned += [*_of_columns(record, side, place, made_by_sql=op is None), *late_defaults(record, side)]
    planned += [*_parts(record, side, covered), *_rights(record, side, place)]
    return [*planned, *(each for key in side.partitions(record.key) for each in _partition(key, side, place))]


def _partition(key: Key, side: Side, place: int) -> Iterator[Planned]:
    """Yield what makes a partition again, which went with its table; it joins that when it has all that is its own."""
    record = side.context.tables[key]
    create, *rest = side.steps["table", key].statements
    joins = [each for each in rest if _JOINS in each]
    yield Planned(SqlOp([create], title=record.title), Stage.TABLE, (place, 5))
    yield from _comments(record, side, place)
    for part in side.parts.get(key, ()):
        node = _node(part) if isinstance(part, Constraint) else (part.kind, part.key)
        step = side.steps.get(node)
        if step is not None and part.kind != "column":
            made = [indexes.with_partitions(each) for each in step.statements if _JOINS not in each]
            yield Planned(SqlOp([*made, *_details_of(part)], title=part.title), Stage.PART, (side.place[node], 2))
    after = [*joins, *(each for each in rest if each not in joins)]
    yield Planned(SqlOp(after, title=record.title), Stage.PART, (_LAST, side.place["table", key]))
    yield from _rights(record, side, place)


def _without_twins(inline: dict[Key, SchemaItem], side: Side) -> dict[Key, SchemaItem]:
    """Leave out a key of the same columns as another one: CREATE TABLE would make only one of them."""
    found: dict[Key, SchemaItem] = {}
    seen = set()
    for key, each in inline.items():
        record: Any = side.records["constraint", key]
        columns = record.columns if record.type in {"primary key", "unique"} else key
        if columns not in seen:
            found[key] = each
        seen.add(columns)
    return found


def _create(record: Table, side: Side, inline: dict[Key, SchemaItem]) -> CreateTable | None:
    if ("default", record.key) in side.steps:
        return None
    if record.form == "foreign" or record.of_type or record.parents or record.options or record.toast_options:
        return None
    if record.tablespace is not None or record.access_method not in {None, "heap"} or "." in record.name:
        return None
    if any(each.type == "check" and each.key not in inline for each in side.context.constraints[record.key]):
        return None
    key = _sole_key(record, side, inline)
    columns = [script_column(each, side, key=each.name == key) for each in side.context.columns[record.key]]
    if not columns or any(column is None for column in columns):
        return None
    options: dict[str, Any] = {"postgresql_partition_by": record.partition_key} if record.partition_key else {}
    if record.persistence == "unlogged":
        options["prefixes"] = ["UNLOGGED"]
    return CreateTable(
        record.name,
        [*columns, *inline.values()],  # type: ignore[list-item] # columns are there
        schema=side.schema(record.schema),
        comment=record.comment,
        _constraints_included=True,
        **options,
    )


def _sole_key(record: Table, side: Side, inline: dict[Key, SchemaItem]) -> str | None:
    """Return the column that SQLAlchemy would give a sequence, if nothing tells it not to."""
    keys = [each for each in side.context.constraints[record.key] if each.type == "primary key"]
    if len(keys) != 1 or len(keys[0].columns) != 1 or keys[0].key not in inline:
        return None
    column = keys[0].columns[0]
    refers = any(isinstance(each, ForeignKeyConstraint) and column in each.column_keys for each in inline.values())
    return None if refers else column


def _inline(record: Constraint, side: Side) -> SchemaItem | None:
    """Return a constraint that is made with its table, ``None`` for one that is added afterwards."""
    if record.type not in _INLINE or not record.local or not record.validated or record.comment is not None:
        return None
    if record.type == "foreign key" and not _target_is_there(record, side):
        return None
    if record.type == "check" and not _with_table(record, side):
        return None
    if constraints.of_partitioned(record, side):
        return None
    found: Any = constraints.schema_constraint(record, side)
    if found is not None and record.type == "primary key" and not _needs_name(record, side):
        found.name = None
    return found  # type: ignore[no-any-return] # a constraint


def _needs_name(record: Constraint, side: Side) -> bool:
    return side.formal or record.name != f"{record.table}_pkey"


def _target_is_there(record: Constraint, side: Side) -> bool:
    target, own = parts(record.references or ""), (record.schema, record.table)
    if target in side.context.partitions:
        return False  # its key is added after it
    if any(need[0] == "index" for need in side.context.needs["constraint", record.key]):
        return False  # what is unique there is made after its table
    if target == own:
        return True
    if target in side.order:
        return side.order[target] < side.order.get(own, 0) and not _made_by_sql(target, side)
    return target not in side.unsettled


def _made_by_sql(key: Key, side: Side) -> bool:
    """Whether a new table is made by SQL, and its keys after it."""
    if key not in side.made_by_sql:
        own = [each for each in side.context.constraints[key] if each.references is None]
        inline = {each.key: found for each in own if (found := _inline(each, side)) is not None}
        side.made_by_sql[key] = _create(side.context.tables[key], side, inline) is None
    return side.made_by_sql[key]


def _with_table(record: Constraint, side: Side) -> bool:
    """Whether the SQL of a table makes a constraint too."""
    step = side.steps.get(("constraint", record.key))
    return step is not None and not step.statements


def _of_columns(record: Table, side: Side, place: int, *, made_by_sql: bool) -> Iterator[Planned]:
    """Yield what belongs to columns: sequences that SQL needs, before the table and after it."""
    for column in side.context.columns[record.key]:
        sequence: Any = side.sequence(column)
        if sequence is None:
            continue
        made = side.steps["sequence", sequence.key].statements
        if sequence.identity:
            rest = [*made, *_details_of(sequence)]
            if rest:
                yield Planned(SqlOp(rest, title=sequence.title), Stage.TABLE, (place, 2))
        elif made_by_sql or not serial(column, side):
            owned = side.steps["owned sequence", sequence.key].statements
            yield Planned(SqlOp(made, title=sequence.title), Stage.TABLE, (place, -1))
            yield Planned(SqlOp([*owned, *_details_of(sequence)], title=sequence.title), Stage.TABLE, (place, 2))


def _details_of(record: Record) -> list[str]:
    return list(create_properties.comment(record)) if getattr(record, "comment", None) is not None else []


def _comments(record: Table, side: Side, place: int) -> Iterator[Planned]:
    statements = _details_of(record)
    parts_made = [each for each in side.context.constraints[record.key] if _with_table(each, side)]
    statements += [each for part in (*side.context.columns[record.key], *parts_made) for each in _details_of(part)]
    if statements:
        yield Planned(SqlOp(statements, title=record.title), Stage.TABLE, (place, 3))


def _parts(record: Table, side: Side, covered: set[tuple[str, Key]]) -> Iterator[Planned]:
    """Yield the constraints, indexes and all else that is added to a table when it is there."""
    for part in side.parts.get(record.key, ()):
        each: Any = part
        if each.kind == "column" or (each.kind, each.key) in covered or indexes.attaching(each, side):
            continue
        if each.kind == "constraint":
            if side.steps[_node(each)].statements:
                yield from constraints.creation(each, side)
        elif each.kind == "index" and each.constraint is None and side.steps["index", each.key].statements:
            yield from indexes.creation(each, side)
        elif each.kind != "index" or ("constraint", (*record.key, each.constraint)) in covered:
            statements = [*side.steps[each.kind, each.key].statements, *_details_of(each)]
            if statements:
                yield Planned(SqlOp(statements, title=each.title), Stage.PART, (side.place[each.kind, each.key], 2))


def _node(record: Constraint) -> tuple[str, Key]:
    return ("foreign key" if record.type == "foreign key" else "constraint", record.key)


def _rights(record: Table, side: Side, place: int) -> Iterator[Planned]:
    """Yield the owner and the privileges of a table that comes back."""
    statements: list[str] = []
    if record.owner and side.role and record.owner != side.role:
        statements += create_properties.owner(record)
    for each in (record, *side.context.columns[record.key]):
        statements += create_grants.grants(each, record.owner, owners=bool(statements))
    if statements:
        yield Planned(SqlOp(statements, title=record.title), Stage.TABLE, (place, 4))


def dropped(record: Table, side: Side) -> list[Planned]:
    """Drop a table; what is not said is in what makes it again."""
    return [planned.reverse() for planned in creation(record, side)]
