"""Creates what models declare in scratch schemas, and collects the records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from alembic_assay.catalog.canonical_chunks import brought, chunks, related
from alembic_assay.catalog.canonical_ddl import Compiler, stub_key
from alembic_assay.catalog.canonical_plain_tables import PlainTables
from alembic_assay.catalog.canonical_scratch import Scratch, rolled_back
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.extensions import Extension
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.record import Record
from alembic_assay.catalog.schemas import Schema
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.catalog.snapshot import Snapshot, read
from alembic_assay.catalog.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Table as ModelTable

    from alembic_assay.catalog.canonical_pieces import ForeignKey, Piece, Refused, TableDDL
    from alembic_assay.catalog.dependencies import Dependency

R = TypeVar("R", bound=Record)
Key = tuple[str, ...]


class Creation:
    """The records of models, as far as they are found.

    Args:
        compiler: What compiled the models.
    """

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler
        self.refused: list[Refused] = []
        self.doubtful: set[Key] = set()
        self.records: dict[tuple[str, Key], Record] = {}
        self.dependencies: set[Dependency] = set()

    def create(self, scratch: Scratch, base: list[Piece], tables: list[TableDDL]) -> bool:
        """Create types, sequences and tables; return whether all types and sequences are there."""
        names = scratch.names
        names.created |= {piece.creates for piece in base if piece.creates}
        failed = scratch.run(base)
        self.refused += [refused for _, refused in failed]
        # What the models cannot create may be there already: then it is the real one that is meant.
        names.created -= {piece.creates for piece, _ in failed if piece.creates is not None}
        plain_tables = PlainTables.found(scratch, tables, {table.key for table in related(tables)})
        self._keep(plain_tables.base)
        rest = [table for table in tables if table.key not in plain_tables.tables]
        for chunk in chunks(rest) or ([] if plain_tables.tables else [[]]):
            self._add(scratch, chunk)
        known = plain_tables.linked(self.records.values())
        for chunk in chunks([table for table in tables if table.key in plain_tables.tables.keys() - known]):
            self._add(scratch, chunk)
        self._keep(plain_tables.snapshot(known))
        return not failed

    def _keep(self, snapshot: Snapshot) -> None:
        self.records |= {(each.kind, each.key): _without_owner(each) for each in snapshot}
        self.dependencies |= set(snapshot.dependencies)

    def stubs(self, foreign_keys: Iterable[ForeignKey], here: set[Key]) -> list[Piece]:
        """Return stand-ins for tables that foreign keys point to and that are not here: real ones stay unlocked."""
        wanted: dict[tuple[str, str], tuple[ModelTable, list[tuple[str, ...]]]] = {}
        for foreign_key in foreign_keys:
            key = self.compiler.key(foreign_key.target)
            if key not in here:
                wanted.setdefault(key, (foreign_key.target, []))[1].append(foreign_key.columns)
        return [self.compiler.stub(target, columns) for target, columns in wanted.values()]

    def _add(self, scratch: Scratch, chunk: list[TableDDL]) -> None:
        names, outer = scratch.names, set(scratch.names.created)
        with rolled_back(scratch.connection):
            names.created |= {key for table in chunk for key in brought(table)}
            alive = self._create(scratch, chunk)
            here: set[Key] = {table.key for table in alive}
            stubs = self.stubs([key for table in alive for key in table.foreign_keys], here)
            names.created |= {piece.creates for piece in stubs if piece.creates}
            scratch.run(stubs)
            rest = {piece: table.key for table in alive for piece in table.after}
            rest |= {piece: table.key for table in alive for key in table.foreign_keys for piece in key.pieces}
            for piece, refused in scratch.run(list(rest)):
                self.refused.append(refused)
                self.doubtful.add(rest[piece])
            self._collect(scratch, here)
        names.created = outer

    def _create(self, scratch: Scratch, chunk: list[TableDDL]) -> list[TableDDL]:
        """Create tables; where one is refused, without those of its constraints that are."""
        failed = {piece.creates for piece, _ in scratch.run([table.whole for table in chunk])}
        dead: set[Key] = set()
        for table in [table for table in chunk if table.key in failed]:
            bare, constraints = self.compiler.apart(table.table)
            refused = scratch.run([bare])
            if refused:
                dead.add(table.key)
            else:
                refused = scratch.run(constraints)
            self.refused += [each for _, each in refused]
            self.doubtful.add(table.key)
        return [table for table in chunk if table.key not in dead]

    def _collect(self, scratch: Scratch, tables: set[Key]) -> None:
        names, snapshot = scratch.names, read(scratch.connection, schemas=scratch.schemas)
        for scratch_record in snapshot:
            if isinstance(scratch_record, Schema | Extension):
                continue
            record = _without_owner(names.record_to_real(scratch_record))
            if table_of(record) in tables or table_of(record) is None:
                self.records[record.kind, record.key] = record
        self.dependencies |= set(map(names.record_to_real, snapshot.dependencies))

    def known_dependencies(self) -> tuple[Dependency, ...]:
        """Return those between the records; a foreign key that saw a stand-in depends on the real key."""
        real: dict[tuple[str, ...], tuple[str, ...]] = {}
        for record in self.records.values():
            if isinstance(record, Constraint) and record.type in {"primary key", "unique"}:
                real[record.schema, record.table, stub_key(record.key[:2], record.columns)] = record.key
        found = set()
        for each in self.dependencies:
            key = real.get(each.needs_key)
            needed = each if key is None else replace(each, needs_key=key)
            if {(each.kind, each.key), (needed.needs_kind, needed.needs_key)} <= self.records.keys():
                found.add(needed)
        return tuple(sorted(found))


def table_of(record: Record) -> Key | None:
    """Return the table that a record belongs to; that of an identity column's sequence is its column's."""
    if isinstance(record, Table):
        return record.schema, record.name
    if isinstance(record, Sequence) and record.owned_by is not None:
        return parts(record.owned_by)[:2]
    table = getattr(record, "table", None)
    return None if table is None else (str(getattr(record, "schema", "")), str(table))


def _without_owner(record: R) -> R:
    if not getattr(record, "owner", "") and getattr(record, "acl", None) is None:
        return record
    values: dict[str, Any] = {"owner": "", "acl": None}
    return replace(record, **{name: value for name, value in values.items() if hasattr(record, name)})
