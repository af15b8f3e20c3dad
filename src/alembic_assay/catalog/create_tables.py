"""Statements that make tables, with their columns, and the sequences of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_columns import details, written
from alembic_assay.catalog.create_context import CreateError, clause, foreign_options, options
from alembic_assay.catalog.create_steps import Step
from alembic_assay.catalog.names import parts
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.columns import Column
    from alembic_assay.catalog.constraints import Constraint
    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.create_steps import Node
    from alembic_assay.catalog.tables import Table

_FORMS = {"foreign": "CREATE FOREIGN TABLE"}
_PERSISTENCE = {"unlogged": "CREATE UNLOGGED TABLE", "temporary": "CREATE TEMPORARY TABLE"}
_CODE = frozenset({"function", "sequence", "view"})
"""What a default may need, and a column's type may not."""


def table(record: Table, context: Context) -> Iterator[Step]:
    """Make a table with its columns, defaults, and checks; the two last afterwards, if they lead in a circle."""
    if record.foreign_server is not None and record.foreign_server not in context.servers:
        raise CreateError(f"{record.title}: its foreign server {record.foreign_server!r} is not in the snapshot.")
    node = ("table", record.key)
    columns, checks = context.columns[record.key], _checks(record, context)
    needs = context.needs[node] | {("table", parts(parent)) for parent in record.parents}
    for column in columns:
        needs |= _needed_by_column(column, context)
    needs |= {need for check in checks for need in context.needs["constraint", check.key]}
    yield Step(node, [*_create(record, context, checks), *_table_details(record, context)], needs - {node})
    if node in context.split and (defaults := _defaults(record, context)):
        later = {need for column in columns for need in context.needs["column", column.key] if need[0] in _CODE}
        yield Step(("default", record.key), defaults, {node, *later})


def inline_checks(record: Table, context: Context) -> list[Constraint]:
    """Return the checks, and named NOT NULLs, that are made with the table."""
    return _checks(record, context)


def inherits(record: Table, context: Context) -> bool:
    """Whether a table must be made with INHERITS: some of what it has is only its parents'."""
    if not record.parents or record.partition_bound is not None:
        return False
    here: list[Column | Constraint] = [*context.columns[record.key], *context.constraints[record.key]]
    return not all(each.local for each in here)


def _checks(record: Table, context: Context) -> list[Constraint]:
    if ("table", record.key) in context.split:
        return []
    only_local = inherits(record, context)
    return [
        each
        for each in context.constraints[record.key]
        if each.type == "check" and each.validated and (each.local or not only_local)
    ]


def _needed_by_column(column: Column, context: Context) -> set[Node]:
    needs = context.needs["column", column.key]
    if ("table", (column.schema, column.table)) in context.split and column.generated is None:
        return {need for need in needs if need[0] not in _CODE}
    return needs


def _create(record: Table, context: Context, checks: list[Constraint]) -> list[str]:
    create = _FORMS.get(record.form) or _PERSISTENCE.get(record.persistence, "CREATE TABLE")
    name = qualified(record.name, record.schema)
    items = [written(column, context) for column in _own_columns(record, context)]
    items += [f"CONSTRAINT {identifier(check.name)} {check.definition}" for check in checks]
    body = clause("", [item for item in items if item]).lstrip()
    words = [f"{create} {name}"]
    if record.of_type is not None:
        words += [f"OF {record.of_type}", body]
    else:
        words.append(body or "()")
    if inherits(record, context):
        words.append(f"INHERITS ({', '.join(record.parents)})")
    return [" ".join(word for word in [*words, *_storage(record)] if word), *_joins(record, context)]


def _own_columns(record: Table, context: Context) -> list[Column]:
    columns = context.columns[record.key]
    return [column for column in columns if column.local] if inherits(record, context) else columns


def _storage(record: Table) -> Iterator[str]:
    if record.partition_key is not None:
        yield f"PARTITION BY {record.partition_key}"
    if record.access_method not in {None, "heap"}:
        yield f"USING {identifier(str(record.access_method))}"
    settings = [*options(record.options), *options(record.toast_options, "toast.")]
    if settings:
        yield f"WITH ({', '.join(settings)})"
    if record.tablespace is not None:
        yield f"TABLESPACE {identifier(record.tablespace)}"
    if record.foreign_server is not None:
        yield f"SERVER {identifier(record.foreign_server)}{foreign_options(record.foreign_options)}"


def _joins(record: Table, context: Context) -> Iterator[str]:
    name = qualified(record.name, record.schema)
    if record.partition_bound is not None:
        yield f"ALTER TABLE ONLY {record.parents[0]} ATTACH PARTITION {name} {record.partition_bound}"
    elif not inherits(record, context):
        for parent in record.parents:
            yield f"ALTER TABLE ONLY {name} INHERIT {parent}"


def _table_details(record: Table, context: Context) -> Iterator[str]:
    name = qualified(record.name, record.schema)
    for column in context.columns[record.key]:
        yield from details(column)
    if inherits(record, context):
        yield from _overrides(record, context)
    if record.replica_identity in {"full", "nothing"} and record.form != "foreign":
        yield f"ALTER TABLE ONLY {name} REPLICA IDENTITY {record.replica_identity.upper()}"
    if record.row_security:
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
    if record.force_row_security:
        yield f"ALTER TABLE ONLY {name} FORCE ROW LEVEL SECURITY"


def _overrides(record: Table, context: Context) -> Iterator[str]:
    """What a child has made different in a column that it inherits."""
    name = qualified(record.name, record.schema)
    inherited: dict[str, Column] = {}
    for parent in record.parents:
        for column in context.columns[parts(parent)]:
            inherited.setdefault(column.name, column)
    for column in context.columns[record.key]:
        if column.local or column.name not in inherited:
            continue
        alter = f"ALTER TABLE ONLY {name} ALTER COLUMN {identifier(column.name)}"
        if column.not_null != inherited[column.name].not_null and context.not_null(column) is None:
            yield f"{alter} {'SET' if column.not_null else 'DROP'} NOT NULL"
        if column.default != inherited[column.name].default and column.generated is None:
            yield f"{alter} DROP DEFAULT" if column.default is None else f"{alter} SET DEFAULT {column.default}"


def _defaults(record: Table, context: Context) -> list[str]:
    name = qualified(record.name, record.schema)
    return [
        f"ALTER TABLE ONLY {name} ALTER COLUMN {identifier(column.name)} SET DEFAULT {column.default}"
        for column in _own_columns(record, context)
        if column.default is not None and column.generated is None
    ]
