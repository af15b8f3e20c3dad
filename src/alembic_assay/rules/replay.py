"""What operations do to what is known of tables."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import TYPE_CHECKING

from alembic.operations import ops

from alembic_assay.rules.known_indexes import KnownIndex, of_index
from alembic_assay.rules.tables import ForeignKey, KnownTables, default_name, of_operation, table_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alembic.operations import MigrateOperation

    from alembic_assay.rules.known_indexes import IndexRecord
    from alembic_assay.rules.tables import TableKey


def replay(operations: Iterable[MigrateOperation], before: KnownTables) -> KnownTables:
    """Return what is known after operations; ``created`` names the tables that they made.

    Args:
        operations: In order, none of them a container.
        before: What was known before them; it is left as it is.
    """
    known = before.copy()
    for operation in operations:
        apply(operation, known)
    return known


@singledispatch
def apply(operation: object, known: KnownTables) -> None:
    """Learn from one operation; those that are not known teach nothing.

    Args:
        operation: Any operation of Alembic or of a plugin.
        known: Is changed.
    """


@apply.register
def _(operation: ops.CreateTableOp, known: KnownTables) -> None:
    key = table_key(operation.schema, operation.table_name)
    known[key] = of_operation(operation)
    known.created.add(key)


@apply.register
def _(operation: ops.DropTableOp, known: KnownTables) -> None:
    known.drop((operation.schema, operation.table_name))


@apply.register
def _(operation: ops.RenameTableOp, known: KnownTables) -> None:
    old = table_key(operation.schema, operation.table_name)
    new = table_key(operation.schema, operation.new_table_name)
    table = known.at(old)
    table.foreign_keys = [replace(key, table=new) for key in table.foreign_keys]
    known[new] = table
    known.drop(old)
    if old in known.created:
        known.created.add(new)


@apply.register
def _(operation: ops.CreateIndexOp, known: KnownTables) -> None:
    known.at((operation.schema, operation.table_name)).indexes.append(of_index(operation.to_index()))


@apply.register
def _(operation: ops.DropIndexOp, known: KnownTables) -> None:
    if found := known.find_index(str(operation.index_name), operation.schema):
        table = known.at(found[0])
        table.indexes = [index for index in table.indexes if index.name != operation.index_name]


@apply.register
def _(operation: ops.CreateUniqueConstraintOp, known: KnownTables) -> None:
    columns = tuple(map(str, operation.columns))
    name = operation.constraint_name or default_name(operation.table_name, columns, "key")
    known.at((operation.schema, operation.table_name)).indexes.append(KnownIndex(name=str(name), columns=columns))


@apply.register
def _(operation: ops.CreatePrimaryKeyOp, known: KnownTables) -> None:
    name = operation.constraint_name or default_name(operation.table_name, (), "pkey")
    index = KnownIndex(name=str(name), columns=tuple(map(str, operation.columns)))
    known.at((operation.schema, operation.table_name)).indexes.append(index)


@apply.register
def _(operation: ops.CreateForeignKeyOp, known: KnownTables) -> None:
    key = foreign_key_of(operation)
    known.at(key.table).foreign_keys.append(key)


@apply.register
def _(operation: ops.DropConstraintOp, known: KnownTables) -> None:
    table = known.at((operation.schema, operation.table_name))
    table.indexes = [index for index in table.indexes if index.name != operation.constraint_name]
    table.foreign_keys = [key for key in table.foreign_keys if key.name != operation.constraint_name]


@apply.register
def _(operation: ops.DropColumnOp, known: KnownTables) -> None:
    table = known.at((operation.schema, operation.table_name))
    table.indexes = [index for index in table.indexes if operation.column_name not in index.columns]
    table.foreign_keys = [key for key in table.foreign_keys if operation.column_name not in key.columns]


@apply.register
def _(operation: ops.AlterColumnOp, known: KnownTables) -> None:
    if operation.modify_name is not None:
        renamed = {operation.column_name: operation.modify_name}
        table = known.at((operation.schema, operation.table_name))
        table.indexes = [_renamed(index, renamed) for index in table.indexes]
        table.foreign_keys = [
            replace(key, columns=tuple(renamed.get(name, name) for name in key.columns)) for key in table.foreign_keys
        ]


def foreign_key_of(operation: ops.CreateForeignKeyOp) -> ForeignKey:
    """Return the foreign key that an operation adds."""
    columns = tuple(map(str, operation.local_cols))
    return ForeignKey(
        table=table_key(operation.kw.get("source_schema"), operation.source_table),
        columns=columns,
        refers_to=table_key(operation.kw.get("referent_schema"), operation.referent_table),
        name=str(operation.constraint_name or default_name(operation.source_table, columns, "fkey")),
    )


def added_foreign_keys(operation: MigrateOperation) -> Sequence[ForeignKey]:
    """Return the foreign keys that an operation adds, in the order of their columns."""
    if isinstance(operation, ops.CreateTableOp):
        return of_operation(operation).foreign_keys
    return [foreign_key_of(operation)] if isinstance(operation, ops.CreateForeignKeyOp) else []


def dropped_index(operation: MigrateOperation, before: KnownTables) -> tuple[TableKey, IndexRecord] | None:
    """Return the index that an operation drops, or that of the constraint, with its table.

    Args:
        operation: From autogenerate it knows what it drops; in a script it only names it.
        before: Where to look up the name.
    """
    if not isinstance(operation, ops.DropIndexOp | ops.DropConstraintOp):
        return None
    name = operation.index_name if isinstance(operation, ops.DropIndexOp) else operation.constraint_name
    if found := before.find_index(str(name), operation.schema):
        return found
    created = operation._reverse  # noqa: SLF001 - reverse() invents a column where it is None
    known = KnownTables()
    if created is None:
        return None
    apply(created, known)
    return next(((key, index) for key, table in known for index in table.indexes), None)


def _renamed(index: IndexRecord, renamed: dict[str, str]) -> KnownIndex:
    columns = tuple(None if name is None else renamed.get(name, name) for name in index.columns)
    return KnownIndex(
        name=index.name,
        columns=columns,
        valid=index.valid,
        partial=index.partial,
        not_null=[renamed.get(name, name) for name in index.not_null],
        method=index.method,
    )
