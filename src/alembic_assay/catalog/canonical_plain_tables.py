"""The tables of models that need not be created: which they are, and their records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.catalog.canonical_plain import PlainTable, plain
from alembic_assay.catalog.canonical_plain_records import KEYWORDS, PlainRecords, Target
from alembic_assay.catalog.canonical_scratch import Scratch, rolled_back
from alembic_assay.catalog.canonical_templates import Templates, Trial
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.extensions import Extension
from alembic_assay.catalog.generated_names import generated
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.schemas import Schema
from alembic_assay.catalog.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic_assay.catalog.canonical_pieces import TableDDL
    from alembic_assay.catalog.record import Record

Key = tuple[str, str]


class PlainTables:
    """Plain tables.

    Args:
        spelling: Spells their records.
        tables: The tables.
        taken: Names that other tables have or may have.
        base: The types and sequences of the models.
    """

    def __init__(self, spelling: PlainRecords, tables: dict[Key, PlainTable], taken: set[str], base: Snapshot) -> None:
        self._spelling = spelling
        self._taken = taken
        self._targets: dict[Key, Target | None] = {}
        self.base = base
        open_keys = {each.target: None for table in tables.values() for each in table.references}
        self.tables = spelling.provable(tables, open_keys, taken)

    @classmethod
    def found(cls, scratch: Scratch, tables: list[TableDDL], family: set[Key]) -> PlainTables:
        """Look for them, with the types and sequences of the models in the scratch schemas.

        Args:
            scratch: The scratch schemas.
            tables: All tables.
            family: Those that inherit or are inherited from, which belong together.
        """
        counts = Counter(table.key for table in tables)
        recognised = {table.key: each for table in tables if (each := plain(table)) is not None}
        recognised = {key: each for key, each in recognised.items() if counts[key] == 1 and key not in family}
        if not recognised:
            return cls(PlainRecords(Templates(), (), ()), {}, set(), Snapshot(()))
        with rolled_back(scratch.connection):
            templates = Trial(scratch, recognised.values(), {table.key[1] for table in tables}).run()
            keywords = scratch.connection.execute(text(KEYWORDS)).scalars().all()
        others = [table for table in tables if table.key not in recognised]
        taken = {name for table in others for name in _names(table)}
        version = tuple(int(each) for each in scratch.connection.dialect.server_version_info or ())
        return cls(PlainRecords(templates, keywords, version), recognised, taken, _without_tables(templates.snapshot))

    def linked(self, records: Iterable[Record]) -> set[Key]:
        """Return the tables whose foreign keys all point well.

        Args:
            records: Of the other tables.
        """
        wanted = {each.target for table in self.tables.values() for each in table.references} - self.tables.keys()
        others = _targets(records, wanted)
        found = self._spelling.provable(self.tables, others, self._taken)
        self._targets = {**others, **self._spelling.targets(found)}
        return set(found)

    def snapshot(self, known: set[Key]) -> Snapshot:
        """Return the records of some of the tables, after :meth:`linked`."""
        tables = [self.tables[key] for key in known]
        return Snapshot(
            tuple(record for table in tables for record in self._spelling.of(table)),
            tuple(edge for table in tables for edge in self._spelling.dependencies(table, self._targets)),
        )


def _names(table: TableDDL) -> Iterator[str]:
    """Yield the names of a table that is created, and those that the server may make up."""
    _, name = table.key
    yield name
    yield from (str(index.name) for index in table.table.indexes)
    yield from (str(constraint.name) for constraint in table.table.constraints if constraint.name)
    for column in table.table.columns:
        yield from (generated(name, [column.name], label) for label in ("seq", "not_null", "check"))
    yield from (generated(name, [], label) for label in ("pkey", "check"))
    for constraint in table.table.constraints:
        columns = [str(column.name) for column in getattr(constraint, "columns", ())]
        yield from (generated(name, columns, label) for label in ("key", "fkey", "excl"))


def _without_tables(snapshot: Snapshot) -> Snapshot:
    records = tuple(each for each in snapshot if not isinstance(each, Schema | Extension))
    return Snapshot(records, snapshot.dependencies)


def _targets(records: Iterable[Record], wanted: set[Key]) -> dict[Key, Target]:
    """Return what foreign keys may point to in tables that were created."""
    found = {key: Target({}, []) for key in wanted}
    seen = set()
    for record in records:
        key = (getattr(record, "schema", ""), getattr(record, "table", ""))
        target = found.get(key)
        if target is None:
            continue
        if isinstance(record, Column):
            seen.add(key)
            target.columns[record.name] = (record.type, record.collation)
        elif isinstance(record, Index) and record.unique and not record.partial:
            target.keys.append((frozenset(record.columns), record.constraint))
        elif isinstance(record, Constraint) and record.deferrable:
            target.keys.append((frozenset(record.columns), None))
    return {key: found[key] for key in seen}
