"""Statements that make constraints and indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_context import options
from alembic_assay.catalog.create_steps import Step
from alembic_assay.catalog.create_tables import inherits, inline_checks
from alembic_assay.catalog.names import parts
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.constraints import Constraint
    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.indexes import Index


def constraint(record: Constraint, context: Context) -> Iterator[Step]:
    """Make a constraint that is not made with its table."""
    node = ("constraint", record.key)
    table = ("table", (record.schema, record.table))
    if record.references is not None:
        yield from _foreign_key(record, context)
    elif _made_elsewhere(record, context):
        yield Step(node, [], {table})
    else:
        only = "" if record.type == "check" and " NO INHERIT" not in record.definition else "ONLY "
        yield Step((node[0], node[1]), [_add(record, only)], {table, *context.needs[node]})


def _made_elsewhere(record: Constraint, context: Context) -> bool:
    table = context.tables[record.schema, record.table]
    if record.type == "check":
        return not record.local or record in inline_checks(table, context)
    if record.type == "not null":
        return not record.local if inherits(table, context) else record.validated
    return False


def _foreign_key(record: Constraint, context: Context) -> Iterator[Step]:
    node = ("foreign key", record.key)
    needs = {("table", (record.schema, record.table)), ("table", parts(record.references or ""))}
    needs |= context.needs["constraint", record.key]
    table = context.tables[record.schema, record.table]
    above = [parts(parent) for parent in table.parents] if table.partition_bound is not None else []
    whole = [each for parent in above for each in context.constraints[parent] if each.type == "foreign key"]
    if not record.local and record.name in {each.name for each in whole}:
        yield Step(node, [], needs)  # made with that of the partitioned table
        return
    # A partitioned table takes over the keys its partitions have already; so they keep their names.
    of_partitions = {
        ("foreign key", each.key)
        for key in context.partitions[record.schema, record.table]
        for each in context.constraints[key]
        if each.type == "foreign key" and not each.local and each.name != record.name
    }
    yield Step(node, [_add(record, "")], needs | of_partitions)


def _add(record: Constraint, only: str) -> str:
    table = qualified(record.table, record.schema)
    return f"ALTER TABLE {only}{table} ADD CONSTRAINT {identifier(record.name)} {record.definition}"


def index(record: Index, context: Context) -> Iterator[Step]:
    """Make an index, attach it to that of the partitioned table, and say what its definition does not."""
    node = ("index", record.key)
    made_by = ("constraint", (record.schema, record.table, record.constraint or ""))
    table = (record.schema, record.table)
    needs = {("table", table), ("view", table), *context.needs[node]}
    if record.constraint is not None:
        yield Step(node, list(_details(record)), {made_by, *context.needs[node]})
    elif record.valid or context.tables[table].form == "partitioned":
        yield Step(node, [record.definition, *_details(record)], needs)
    if record.parent is not None:
        statement = f"ALTER INDEX {record.parent} ATTACH PARTITION {qualified(record.name, record.schema)}"
        above = context.index_nodes.get(qualified(*reversed(parts(record.parent))))
        yield Step(("attached index", record.key), [statement], {node, *([("index", above.key)] if above else [])})


def _details(record: Index) -> Iterator[str]:
    name, table = qualified(record.name, record.schema), qualified(record.table, record.schema)
    if record.constraint is not None and record.options:
        yield f"ALTER INDEX {name} SET ({', '.join(options(record.options))})"
    if record.tablespace is not None:
        yield f"ALTER INDEX {name} SET TABLESPACE {identifier(record.tablespace)}"
    for setting in record.statistics:
        position, _, target = setting.partition("=")
        yield f"ALTER INDEX {name} ALTER COLUMN {position} SET STATISTICS {target}"
    if record.clustered:
        yield f"ALTER TABLE {table} CLUSTER ON {identifier(record.name)}"
    if record.replica_identity:
        yield f"ALTER TABLE ONLY {table} REPLICA IDENTITY USING INDEX {identifier(record.name)}"
