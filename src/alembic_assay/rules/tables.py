"""What is known of tables at one moment of a history: their indexes and foreign keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Column, Constraint, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import NoReferenceError

from alembic_assay.rules.known_indexes import IndexRecord, KnownIndex, of_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.operations import ops
    from sqlalchemy import MetaData, Table

TableKey = tuple[str | None, str]
"""Schema and name of a table; the schema is ``None`` for the default one."""

IndexesByTable = (
    Mapping[tuple[str | None, str], Iterable[IndexRecord]] | Mapping[tuple[str, str], Iterable[IndexRecord]]
)
"""Records of indexes by schema and table; the key of a ``Mapping`` is invariant, hence both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A foreign key: its columns here, and the table that it refers to."""

    table: TableKey
    columns: tuple[str, ...]
    refers_to: TableKey
    name: str | None = None


@dataclass(slots=True)
class KnownTable:
    """What is known of one table."""

    indexes: list[IndexRecord] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    partitioned: bool = False

    def copy(self) -> KnownTable:
        """Return the same, to be changed."""
        return KnownTable(list(self.indexes), list(self.foreign_keys), self.partitioned)


class KnownTables:
    """What is known of all tables; what is not in it may exist all the same.

    Args:
        indexes: Records of indexes by table, such as the catalogs hold them.
    """

    def __init__(self, indexes: IndexesByTable | None = None) -> None:
        self._tables: dict[TableKey, KnownTable] = {}
        self._shared: set[TableKey] = set()
        self.created: set[TableKey] = set()
        """The tables that :func:`.replay.apply` saw created, under every name they had."""
        for key, records in (indexes or {}).items():
            self.at(key).indexes.extend(records)

    @classmethod
    def of_metadata(cls, metadata: Iterable[MetaData]) -> KnownTables:
        """Return what models declare. They are only read."""
        known = cls()
        for table in (table for one in metadata for table in one.tables.values()):
            known[table.schema, table.name] = of_table(table)
        return known

    def __getitem__(self, key: TableKey) -> KnownTable:
        return self._tables.get(table_key(*key), KnownTable())

    def __setitem__(self, key: TableKey, table: KnownTable) -> None:
        self._tables[table_key(*key)] = table
        self._shared.discard(table_key(*key))

    def at(self, key: TableKey) -> KnownTable:
        """Return what is known of a table, to be changed."""
        key = table_key(*key)
        if key in self._shared:
            self._shared.remove(key)
            self._tables[key] = self._tables[key].copy()
        return self._tables.setdefault(key, KnownTable())

    def __iter__(self) -> Iterator[tuple[TableKey, KnownTable]]:
        return iter(self._tables.items())

    def copy(self) -> KnownTables:
        """Return the same knowledge, to be changed; nothing is newly created in it."""
        known = KnownTables()
        known._tables = dict(self._tables)
        known._shared = set(self._tables)
        return known

    def drop(self, key: TableKey) -> None:
        """Forget a table."""
        self._tables.pop(table_key(*key), None)

    def index_names(self, schema: str | None) -> set[str]:
        """Return the names of the known indexes of a schema; names are unique in it."""
        schema = table_key(schema, "")[0]
        return {index.name for key, table in self if key[0] == schema for index in table.indexes if index.name}

    def find_index(self, name: str, schema: str | None) -> tuple[TableKey, IndexRecord] | None:
        """Return a known index and its table."""
        schema = table_key(schema, "")[0]
        named = ((key, i) for key, table in self if key[0] == schema for i in table.indexes if i.name == name)
        return next(named, None)


def table_key(schema: str | None, name: str) -> TableKey:
    """Return one key for a table, whether its default schema was written or not."""
    return (None if schema == "public" else schema, name)


def of_operation(operation: ops.CreateTableOp) -> KnownTable:
    """Return what a table has that an operation creates; its indexes are operations of their own."""
    table = _models_table(operation)
    return of_table(table_of(operation)) if table is None else _of_parts(table, operation.columns, ())


def _models_table(operation: ops.CreateTableOp) -> Table | None:
    """Return the table that autogenerate made the operation of: to read it is ten times faster than to copy it."""
    tables = {item.table for item in operation.columns if isinstance(item, Column)}
    table = next(iter(tables)) if len(tables) == 1 else None
    same = table is not None and (table.schema, table.name) == (operation.schema, operation.table_name)
    return table if same and operation._constraints_included else None  # noqa: SLF001 - says that it is whole


def table_of(operation: ops.CreateTableOp) -> Table:
    """Return the table that an operation creates, and leave the operation as it is.

    ``to_table()`` takes a column's foreign keys away from the operation, and with them from its rendering.
    """
    items = [
        item._copy() if isinstance(item, Column) and item.table is None else item  # noqa: SLF001 - the only way
        for item in operation.columns
    ]
    twin = copy(operation)
    twin.columns = items
    return twin.to_table()


def of_table(table: Table) -> KnownTable:
    """Return what a ``Table`` declares, in the order of its columns."""
    return _of_parts(table, table.constraints, table.indexes)


def _of_parts(table: Table, items: Iterable[object], indexes: Iterable[Index]) -> KnownTable:
    known = KnownTable(partitioned=table.dialect_options["postgresql"]["partition_by"] is not None)
    positions = {column.name: position for position, column in enumerate(table.columns)}
    constraints = [item for item in items if isinstance(item, Constraint)]
    for constraint in sorted(constraints, key=lambda constraint: _order(constraint, positions)):
        if isinstance(constraint, ForeignKeyConstraint):
            known.foreign_keys.append(foreign_key(constraint))
        elif isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint) and constraint.columns:
            known.indexes.append(_constraint_index(constraint))
    known.indexes.extend(of_index(index) for index in sorted(indexes, key=lambda index: str(index.name)))
    return known


def foreign_key(constraint: ForeignKeyConstraint) -> ForeignKey:
    """Return what a constraint of a table says."""
    table, columns = constraint.table, tuple(column.name for column in constraint.columns)
    return ForeignKey(
        table=table_key(table.schema, table.name),
        columns=columns,
        refers_to=_target(constraint),
        name=_name(constraint) or default_name(table.name, columns, "fkey"),
    )


def default_name(table: str, columns: Sequence[str], suffix: str) -> str:
    """Return the name that PostgreSQL gives an unnamed constraint, before it is cut to 63 bytes."""
    return "_".join((table, *columns, suffix))


def _constraint_index(constraint: PrimaryKeyConstraint | UniqueConstraint) -> KnownIndex:
    columns = tuple(column.name for column in constraint.columns)
    primary = isinstance(constraint, PrimaryKeyConstraint)
    fallback = default_name(constraint.table.name, () if primary else columns, "pkey" if primary else "key")
    return KnownIndex(name=_name(constraint) or fallback, columns=columns)


def _name(constraint: Constraint) -> str | None:
    return constraint.name if isinstance(constraint.name, str) else None


def _target(constraint: ForeignKeyConstraint) -> TableKey:
    try:
        table = constraint.referred_table
    except NoReferenceError:  # models need not hold every table that they refer to
        *schema, name, _column = constraint.elements[0].target_fullname.split(".")
        return table_key(".".join(schema) or None, name)
    return table_key(table.schema, table.name)


def _order(constraint: Constraint, positions: Mapping[str, int]) -> tuple[list[int], str]:
    columns = (column.name for column in getattr(constraint, "columns", ()))
    return [positions[name] for name in columns], f"{type(constraint).__name__} {constraint.name}"
