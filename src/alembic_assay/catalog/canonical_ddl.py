"""What models say, as DDL text."""

from __future__ import annotations

import copy
import hashlib
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import (
    AddConstraint,
    CreateIndex,
    CreateSequence,
    CreateTable,
    SetColumnComment,
    SetConstraintComment,
    SetTableComment,
)

from alembic_assay.catalog.canonical_pieces import ForeignKey, Piece, Refused, TableDDL
from alembic_assay.catalog.canonical_types import declared_sequences, declared_types
from alembic_assay.catalog.names import parts
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import Column, Constraint, Dialect, MetaData, Table
    from sqlalchemy.schema import ExecutableDDLElement


class Compiler:
    """Compiles the constructs of models for one server.

    Args:
        dialect: Of the connection.
        default_schema: Where objects without a schema go.
        translate: The connection's ``schema_translate_map``.
    """

    def __init__(self, dialect: Dialect, default_schema: str, translate: Mapping[str | None, str | None]) -> None:
        # The text is sent without parameters, where '%' means nothing: it must not be doubled.
        self.dialect: Any = copy.copy(dialect)
        self.dialect.paramstyle = "named"
        self.dialect.identifier_preparer = self.dialect.preparer(self.dialect)
        self.schemas = {None: default_schema, **{name: to or default_schema for name, to in translate.items()}}
        self.refused: list[Refused] = []
        self._blank = self._compiler()

    def _compiler(self) -> Any:
        """Return a compiler for the statements of one table: making one for each costs as much as they do."""
        return self.dialect.ddl_compiler(self.dialect, None, schema_translate_map=self.schemas)

    def _display(self, name: str, schema: str | None = None) -> str:
        preparer = self.dialect.identifier_preparer
        return str(preparer.quote(name)) if schema is None else f"{preparer.quote(schema)}.{preparer.quote(name)}"

    def key(self, named: Any) -> tuple[str, str]:
        """Return effective schema and name of a table, type or sequence."""
        return str(self.schemas.get(named.schema, named.schema)), str(named.name)

    def types(self, metadatas: Iterable[MetaData]) -> list[Piece]:
        """Return the named types that the models declare, enums before domains."""
        found: dict[tuple[str, str], Piece] = {}
        for type_ in declared_types(metadatas, self.dialect):
            if isinstance(type_, postgresql.ENUM) and not type_.enums:
                continue  # names a type of the database
            key = self.key(type_)
            if key in found:
                continue
            domain = isinstance(type_, postgresql.DOMAIN)
            create: Any = postgresql.CreateDomainType if domain else postgresql.CreateEnumType
            title = f"{'domain' if domain else 'enum'} {self._display(key[1], key[0])}"
            for piece in self._piece(title, partial(create, type_), key):
                found[key] = piece
        return sorted(found.values(), key=lambda piece: piece.title.startswith("domain"))

    def sequences(self, metadatas: Iterable[MetaData]) -> list[Piece]:
        """Return the sequences that the models declare."""
        found: dict[tuple[str, str], Piece] = {}
        for sequence in declared_sequences(metadatas):
            key = self.key(sequence)
            if key not in found and not sequence.optional:
                title = f"sequence {self._display(key[1], key[0])}"
                for piece in self._piece(title, partial(CreateSequence, sequence), key):
                    found[key] = piece
        return list(found.values())

    def table(self, table: Table) -> TableDDL | None:
        """Return a table in pieces, ``None`` if SQLAlchemy refuses it."""
        self._blank = self._compiler()
        key = self.key(table)
        name = self._display(key[1], key[0])
        late = [c for c in _inline(table) if _not_valid(c)]
        with _without(late):
            whole = self._piece(f"table {name}", partial(_creation, table), key)
        if not whole:
            return None
        constraints = [piece for c in late for piece in self._constraint(table, c)]
        return TableDDL(
            whole=whole[0],
            after=(*constraints, *self._indexes(table, name), *self._comments(table, name)),
            foreign_keys=tuple(self._foreign_keys(table)),
            parents=_parents(table),
            table=table,
        )

    def apart(self, table: Table) -> tuple[Piece, list[Piece]]:
        """Return a table that compiles with nothing but its columns, and its constraints one by one."""
        key = self.key(table)
        constraints = _inline(table)
        with _without(constraints):
            bare = self._piece(f"table {self._display(key[1], key[0])}", partial(_creation, table), key)
        parts = [piece for c in constraints if not _not_valid(c) for piece in self._constraint(table, c)]
        return bare[0], parts

    def stub(self, table: Table, wanted: Iterable[tuple[str, ...]]) -> Piece:
        """Return a stand-in for a table that foreign keys point to: those columns, and the keys it has on them."""
        key = self.key(table)
        wanted = sorted(set(wanted))
        names = {name for columns in wanted for name in columns}
        columns = [f"{identifier(c.name)} {self._type(c)}" for c in table.columns if c.name in names]
        existing = dict(_candidate_keys(table))
        keys = [
            f"CONSTRAINT {stub_key(key, each)} UNIQUE ({', '.join(map(identifier, each))}){existing[frozenset(each)]}"
            for each in wanted
            if frozenset(each) in existing
        ]
        sql = f"CREATE TABLE {qualified(key[1], key[0])} ({', '.join(columns + keys)})"
        return Piece(f"table {self._display(key[1], key[0])}", sql, key)

    def _type(self, column: Column[Any]) -> str:
        text = self.dialect.type_compiler_instance.process(
            column.type, type_expression=column, identifier_preparer=self._blank.preparer
        )
        return self._translated(text)

    def _piece(
        self, title: str, element: Callable[[], ExecutableDDLElement], key: tuple[str, str] | None = None
    ) -> list[Piece]:
        try:
            compiled = str(self._blank.process(element()))
        except SQLAlchemyError as error:
            self.refused.append(Refused(title, str(error).partition("\n")[0]))
            return []
        return [Piece(title, self._translated(compiled).strip(), key)]

    def _translated(self, compiled: str) -> str:
        """Put schemas where the compiler left room for them, as it does itself with ``render_schema_translate``."""
        return str(self._blank.preparer._render_schema_translates(compiled, self.schemas))  # noqa: SLF001 - no public way

    def _constraint(self, table: Table, constraint: Constraint) -> list[Piece]:
        if not constraint._should_create_for_compiler(self._blank):  # noqa: SLF001 - as CREATE TABLE asks
            return []
        return self._piece(self._title(table, constraint), partial(_addition, constraint))

    def _title(self, table: Table, constraint: Constraint) -> str:
        schema, name = self.key(table)
        if constraint.name:
            return f"constraint {self._display(name, schema)}.{self._display(str(constraint.name))}"
        columns = ", ".join(self._display(c.name) for c in getattr(constraint, "columns", ()))
        kind = constraint.__visit_name__.replace("_", " ").removesuffix(" constraint").replace("column check", "check")
        return f"{kind} constraint of {self._display(name, schema)}{f' ({columns})' if columns else ''}"

    def _indexes(self, table: Table, name: str) -> Iterator[Piece]:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield from self._piece(f"index {name}.{self._display(str(index.name))}", partial(CreateIndex, index))

    def _comments(self, table: Table, name: str) -> Iterator[Piece]:
        if table.comment is not None:
            yield from self._piece(f"comment on table {name}", partial(SetTableComment, table))
        for column in table.columns:
            if column.comment is not None:
                yield from self._piece(
                    f"comment on column {name}.{self._display(column.name)}", partial(SetColumnComment, column)
                )
        for constraint in _inline(table):
            yield from self._constraint_comment(table, constraint)

    def _constraint_comment(self, table: Table, constraint: Constraint) -> list[Piece]:
        if getattr(constraint, "comment", None) is None:
            return []
        return self._piece(f"comment on {self._title(table, constraint)}", partial(SetConstraintComment, constraint))

    def _foreign_keys(self, table: Table) -> Iterator[ForeignKey]:
        for constraint in _sorted(table):
            if not isinstance(constraint, ForeignKeyConstraint):
                continue
            pieces = self._constraint(table, constraint)
            if pieces:
                comment = self._constraint_comment(table, constraint)
                columns = tuple(str(element.column.name) for element in constraint.elements)
                yield ForeignKey((*pieces, *comment), constraint.referred_table, columns)


def stub_key(table: tuple[str, ...], columns: Iterable[str]) -> str:
    """Name the key of a stand-in so that the real one is found by it, and that it is the only one in its schema."""
    return "k_" + hashlib.sha256("\0".join([*table, *sorted(columns)]).encode()).hexdigest()[:32]


def _creation(table: Table) -> ExecutableDDLElement:
    own: ExecutableDDLElement | None = getattr(table, "_creator_ddl", None)  # from 2.1: views, CREATE TABLE AS
    return own or CreateTable(table, include_foreign_key_constraints=[])


def _addition(constraint: Constraint) -> AddConstraint:
    """Return the ALTER TABLE; AddConstraint would forbid the constraint to every later CREATE TABLE."""
    rule = constraint._create_rule  # noqa: SLF001 - what AddConstraint sets
    try:
        return AddConstraint(constraint)
    finally:
        constraint._create_rule = rule  # noqa: SLF001


@contextmanager
def _without(constraints: list[Constraint]) -> Iterator[None]:
    """Keep constraints out of CREATE TABLE for a while."""
    rules = [(constraint, constraint._create_rule) for constraint in constraints]  # noqa: SLF001 - as AddConstraint
    for constraint in constraints:
        constraint._create_rule = _never  # noqa: SLF001
    try:
        yield
    finally:
        for constraint, rule in rules:
            constraint._create_rule = rule  # noqa: SLF001


def _never(_compiler: object) -> bool:
    return False


def _sorted(table: Table) -> list[Constraint]:
    """Return the constraints as declared: the server numbers those without a name in this order."""
    return list(table._sorted_constraints)  # noqa: SLF001 - CREATE TABLE's own order


def _inline(table: Table) -> list[Constraint]:
    """Return the constraints of CREATE TABLE, without an empty primary key."""
    return [
        c
        for c in _sorted(table)
        if not isinstance(c, ForeignKeyConstraint) and not (isinstance(c, PrimaryKeyConstraint) and not len(c.columns))
    ]


def _not_valid(constraint: Constraint) -> bool:
    """Tell whether it is declared NOT VALID, which CREATE TABLE ignores and ALTER TABLE honours."""
    options: Any = constraint.dialect_options
    return bool(options["postgresql"].get("not_valid"))


def _parents(table: Table) -> tuple[str, ...]:
    options: Any = table.dialect_options
    inherits = options["postgresql"].get("inherits")
    if not inherits:
        return ()
    names = (inherits,) if isinstance(inherits, str) else inherits
    return tuple(parts(name)[-1] if getattr(name, "quote", None) is False else str(name) for name in names)


def _candidate_keys(table: Table) -> Iterator[tuple[frozenset[str], str]]:
    """Yield the columns of each key that a foreign key may point to, and its DEFERRABLE clause."""
    for index in table.indexes:
        options: Any = index.dialect_options
        if index.unique and options["postgresql"].get("where") is None and len(index.columns) == len(index.expressions):
            yield frozenset(str(c.name) for c in index.columns), ""
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            deferrable = " DEFERRABLE" if constraint.deferrable or constraint.initially else ""
            yield frozenset(str(c.name) for c in constraint.columns), deferrable
