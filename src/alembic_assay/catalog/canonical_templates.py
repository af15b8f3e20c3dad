"""What the server makes of column definitions, keys and checks: each distinct one is tried once, for all tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alembic_assay.catalog import columns
from alembic_assay.catalog.canonical_pieces import Piece
from alembic_assay.catalog.canonical_plain import words
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.reading import Scope, fixed_settings
from alembic_assay.catalog.record import copied
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.catalog.snapshot import Snapshot, read
from alembic_assay.catalog.tables import Table
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alembic_assay.catalog.canonical_plain import PlainTable
    from alembic_assay.catalog.canonical_scratch import Scratch
    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record

_COLUMNS_AT_ONCE = 250
"""A table may have 1,600, but one that is refused is tried again by halves."""

Check = tuple[str, tuple[tuple[str, str], ...]]
"""The text of a check, and name and definition of the columns that it may mean."""


@dataclass(slots=True)
class Templates:
    """What became of each definition; what the server refuses is missing.

    Args:
        table: What every table is but for its name.
        columns: By definition.
        sequences: Of SERIAL and identity columns, by definition.
        indexes: By the definition of the column on which there may be a btree index.
        checks: By check.
        needs: What a definition or a check depends on.
        snapshot: All that is in the scratch schemas but the templates: the types and sequences of the models.
    """

    table: Table | None = None
    columns: dict[str, Column] = field(default_factory=dict)
    sequences: dict[str, Sequence] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    checks: dict[Check, Constraint] = field(default_factory=dict)
    needs: dict[str | Check, list[Key]] = field(default_factory=dict)
    snapshot: Snapshot = field(default_factory=lambda: Snapshot(()))


def checks_of(table: PlainTable) -> dict[str, Check]:
    """Return the checks of a table by their text."""
    found = {}
    for _, text in table.checks:
        named = words(text)
        found[text] = (text, tuple(sorted((n, d) for n, d in table.definitions.items() if n in named)))
    return found


class Trial:
    """Makes templates.

    Args:
        scratch: With the types and sequences of the models in it.
        tables: Whose definitions are tried.
        names: Of all tables of the models: an expression that may mean one of them is left alone.
    """

    def __init__(self, scratch: Scratch, tables: Iterable[PlainTable], names: set[str]) -> None:
        self._scratch = scratch
        self._schema = scratch.schemas[0]
        self._tables = list(tables)
        self._prefix = scratch.prefix
        self._known = names

    def run(self) -> Templates:
        """Try everything, and read it."""
        places = self._columns()
        self._indexes(places)
        with fixed_settings(self._scratch.connection):
            first = columns.read(self._scratch.connection, Scope(schemas=(self._schema,)))
        by_key = {record.key: record for record in first}
        checks = self._checks({definition: by_key[self._schema, *place] for definition, place in places.items()})
        names, found = self._scratch.names, read(self._scratch.connection, schemas=self._scratch.schemas)
        snapshot = Snapshot(
            tuple(map(names.record_to_real, found)), tuple(map(names.record_to_real, found.dependencies))
        )
        schema = names.to_real_schema(self._schema)
        definitions: dict[tuple[str, ...], str] = {(schema, *place): each for each, place in places.items()}
        texts: dict[tuple[str, ...], Check] = {(schema, *place): check for place, check in checks.items()}
        templates = Templates(snapshot=self._rest(snapshot))
        for record in snapshot:
            self._keep(templates, record, definitions, texts)
        inside = {(record.kind, record.key) for record in templates.snapshot}
        for edge in snapshot.dependencies:
            who: str | Check | None = definitions.get(edge.key) or texts.get(edge.key)
            if who is not None and (edge.needs_kind, edge.needs_key) in inside:
                templates.needs.setdefault(who, []).append((edge.needs_kind, edge.needs_key))
        return templates

    def _columns(self) -> dict[str, tuple[str, str]]:
        """Return the table and the name of the column of each definition."""
        definitions = dict.fromkeys(d for table in self._tables for _, d, _ in table.columns)
        wanted = [each for each in definitions if not words(each) & self._known]
        pieces: dict[Piece, dict[str, tuple[str, str]]] = {}
        self._column_tables(wanted, _COLUMNS_AT_ONCE, pieces)
        return {definition: place for places in pieces.values() for definition, place in places.items()}

    def _column_tables(self, wanted: list[str], size: int, made: dict[Piece, dict[str, tuple[str, str]]]) -> None:
        tried: dict[Piece, dict[str, tuple[str, str]]] = {}
        for start in range(0, len(wanted), size):
            table = f"{self._prefix}_c{size}_{start}"
            places = {each: (table, f"c{start + n}") for n, each in enumerate(wanted[start : start + size])}
            listed = ", ".join(f"{place[1]} {definition}" for definition, place in places.items())
            tried[Piece(table, f"CREATE TABLE {qualified(table, self._schema)} ({listed})")] = places
        refused = {piece for piece, _ in self._scratch.run(list(tried))}
        made |= {piece: places for piece, places in tried.items() if piece not in refused}
        again = [definition for piece in refused for definition in tried[piece]]
        if again and size > 1:
            self._column_tables(again, max(1, size // 16), made)

    def _indexes(self, places: dict[str, tuple[str, str]]) -> None:
        used = {table.definitions[name] for table in self._tables for key in table.keys for name in key.columns}
        pieces = []
        for table, column in sorted(places[each] for each in used if each in places):
            name = identifier(f"{self._prefix}_i_{column}_{table.removeprefix(self._prefix)}")
            pieces.append(Piece(column, f"CREATE INDEX {name} ON {qualified(table, self._schema)} ({column})"))
        self._scratch.run(pieces)

    def _checks(self, types: dict[str, Column]) -> dict[tuple[str, str], Check]:
        """Try checks of different tables on one, where no name means something else there; return their places."""
        groups: list[_Group] = []
        seen: set[Check] = set()
        for table in self._tables:
            for check in checks_of(table).values():
                usable = check not in seen and all(definition in types for _, definition in check[1])
                seen.add(check)
                if usable and not words(check[0]) & self._known:
                    _fitting(groups, {name: _typed(types[d]) for name, d in check[1]}, words(check[0])).add(check)
        pieces: dict[Piece, tuple[tuple[str, str], Check]] = {}
        for number, group in enumerate(groups):
            name = f"{self._prefix}_k{number}"
            listed = ", ".join(f"{identifier(column)} {type_}" for column, type_ in group.columns.items())
            self._scratch.run([Piece(name, f"CREATE TABLE {qualified(name, self._schema)} ({listed})")])
            for place, check in enumerate(group.checks):
                sql = f"ALTER TABLE {qualified(name, self._schema)} ADD CONSTRAINT k{place} CHECK {check[0]}"
                pieces[Piece(check[0], sql)] = ((name, f"k{place}"), check)
        refused = {piece for piece, _ in self._scratch.run(list(pieces))}
        return dict(place for piece, place in pieces.items() if piece not in refused)

    def _keep(
        self,
        templates: Templates,
        record: Record,
        definitions: Mapping[tuple[str, ...], str],
        checks: Mapping[tuple[str, ...], Check],
    ) -> None:
        if isinstance(record, Column) and record.key in definitions:
            templates.columns[definitions[record.key]] = record
        elif isinstance(record, Index) and record.table.startswith(self._prefix):
            templates.indexes[definitions[record.schema, record.table, record.columns[0]]] = record
        elif isinstance(record, Constraint) and record.key in checks:
            templates.checks[checks[record.key]] = record
        elif isinstance(record, Sequence) and record.owned_by and parts(record.owned_by) in definitions:
            templates.sequences[definitions[parts(record.owned_by)]] = copied(record, owner="")
        elif isinstance(record, Table) and record.name.startswith(self._prefix):
            templates.table = copied(record, owner="")

    def _rest(self, snapshot: Snapshot) -> Snapshot:
        """Leave out the templates."""
        inside = tuple(each for each in snapshot if not any(part.startswith(self._prefix) for part in each.key[1:]))
        keys = {(record.kind, record.key) for record in inside}
        edges = (e for e in snapshot.dependencies if {(e.kind, e.key), (e.needs_kind, e.needs_key)} <= keys)
        return Snapshot(inside, tuple(edges))


@dataclass(slots=True)
class _Group:
    """Checks that fit on one table.

    Args:
        columns: Name and type.
        foreign: What the checks name and is none of their columns.
        checks: The checks.
    """

    columns: dict[str, str] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    checks: list[Check] = field(default_factory=list)

    def add(self, check: Check) -> None:
        self.checks.append(check)


def _fitting(groups: list[_Group], columns: dict[str, str], named: set[str]) -> _Group:
    foreign = named - columns.keys()
    for group in groups:
        same = all(group.columns.get(name, type_) == type_ for name, type_ in columns.items())
        room = len(group.columns | columns) <= _COLUMNS_AT_ONCE
        if same and room and not foreign & group.columns.keys() and not group.foreign & columns.keys():
            break
    else:
        group = _Group()
        groups.append(group)
    group.columns |= columns
    group.foreign |= foreign
    return group


def _typed(column: Column) -> str:
    return column.type + (f" COLLATE {column.collation}" if column.collation else "")
