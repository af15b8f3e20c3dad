"""An enumerated type built anew while the application runs: new columns, dual writes, batches, and a short switch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.catalog import create_grants, create_properties
from alembic_assay.catalog.aside import Aside, aside
from alembic_assay.catalog.aside_closure import TYPE_KINDS
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.dependencies import needed_by
from alembic_assay.catalog.enum_constants import with_labels
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.tables import Table
from alembic_assay.errors import IrreversibleError
from alembic_assay.ops.enum_conversion import Conversion
from alembic_assay.ops.enums import create_type
from alembic_assay.sql import MAX_IDENTIFIER_BYTES, display, identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alembic_assay.catalog.snapshot import Snapshot

SUFFIX = "__assay_new"
TRIGGER = "~assay_switch"
"""Triggers run in the order of their names; this one runs last, and sees what the others made of the row."""

_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|(?P<name>"(?:[^"]|"")*"|[A-Za-z_\u0080-\uffff][\w$]*)(?P<call>\s*\()?|.""", re.DOTALL
)


def new_name(name: str) -> str:
    """Return what the new one of two is called while both exist.

    >>> new_name("mood")
    'mood__assay_new'
    """
    return name.encode()[: MAX_IDENTIFIER_BYTES - len(SUFFIX)].decode(errors="ignore") + SUFFIX


class Switch:
    """One type, and the columns that change over to the new one.

    Args:
        snapshot: Of the whole database.
        key: Schema and name of the type.
        mapping: Label that vanishes to the one that its rows get.

    Raises:
        IrreversibleError: It cannot be done while the application runs; says why.
    """

    def __init__(self, snapshot: Snapshot, key: tuple[str, ...], mapping: Mapping[str, str]) -> None:
        self.snapshot = snapshot
        self.enum = next(each for each in snapshot.of(Enum) if each.key == key)
        self.mapping = {old: new for old, new in mapping.items() if old in self.enum.labels}
        tables = {table.key: table for table in snapshot.of(Table)}
        conversion = Conversion([self.enum], self.mapping)
        self.conversion = conversion
        self.columns = [
            each for each in snapshot.of(Column) if each.key[:2] in tables and conversion.concerns(each.type)
        ]
        self._refuse(tables)
        named = {(each.key[:2], each.name) for each in self.columns}
        self.indexes = [
            each
            for each in snapshot.of(Index)
            if each.constraint is None and any((each.key[:2], column) in named for column in self._read_by(each))
        ]

    def _read_by(self, index: Index) -> list[str]:
        return [
            column.name for column in self.columns if column.name in _names(index.definition.partition(" USING ")[2])
        ]

    def _refuse(self, tables: Mapping[tuple[str, ...], Table]) -> None:
        obstacles = [f"{each.title} is generated" for each in self.columns if each.generated]
        obstacles += [
            f"{tables[each.key[:2]].title} is partitioned, inherited or foreign"
            for each in self.columns
            if each.parents or tables[each.key[:2]].form != "ordinary"
        ]
        hanging = needed_by(self.snapshot)
        obstacles += [
            f"{'.'.join(key)} is made of it"
            for kind, key in hanging.get(("enum", self.enum.key), ())
            if kind in TYPE_KINDS
        ]
        keys = {each.key: each.name for each in self.columns}
        obstacles += [
            f"{each.title} is a {each.type}"
            for each in self.snapshot.of(Constraint)
            if each.type in {"primary key", "unique", "foreign key", "exclude"}
            and any((*each.key[:2], column) in keys for column in each.columns)
        ]
        if obstacles:
            raise IrreversibleError(
                f"enum {display(self.enum.name, self.enum.schema)} cannot be switched online: {'; '.join(obstacles)}.",
                hint="Use op.replace_enum, in a maintenance window: enum_rebuild = 'rewrite'.",
            )

    @property
    def new_type(self) -> str:
        """The new type's qualified name."""
        return qualified(new_name(self.enum.name), self.enum.schema)

    def start(self, labels: Sequence[str], existing: frozenset[tuple[str, ...]]) -> Iterator[str]:
        """Yield what makes type, columns, dual writes and indexes; each can be run again after a failure.

        Args:
            labels: Of the new type.
            existing: Keys of the types that are there already.
        """
        if (self.enum.schema, new_name(self.enum.name)) not in existing:
            yield create_type(new_name(self.enum.name), labels, self.enum.schema).sql
        for key, columns in self._by_table().items():
            table = qualified(key[1], key[0])
            added = (f"ADD COLUMN IF NOT EXISTS {identifier(new_name(c.name))} {self._type(c)}" for c in columns)
            yield f"ALTER TABLE {table} {', '.join(added)}"
            function = self._function(key)
            sets = " ".join(f"NEW.{identifier(new_name(c.name))} := {self._value(c, 'NEW.')};" for c in columns)
            yield (
                f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS"
                f" {literal(f'BEGIN {sets} RETURN NEW; END')}"
            )
            yield (
                f"CREATE OR REPLACE TRIGGER {identifier(TRIGGER)} BEFORE INSERT OR UPDATE ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {function}()"
            )

    def build_indexes(self) -> Iterator[str]:
        """Yield what builds the indexes of the new columns; a half-built one is dropped first."""
        for index in self.indexes:
            yield f"DROP INDEX CONCURRENTLY IF EXISTS {qualified(new_name(index.name), index.schema)}"
            head, _, rest = index.definition.partition(" USING ")
            unique = "UNIQUE " if head.startswith("CREATE UNIQUE") else ""
            table = qualified(index.table, index.schema)
            body = self._renamed(with_labels(rest, self.enum.key, self.mapping), index)
            yield f"CREATE {unique}INDEX CONCURRENTLY {identifier(new_name(index.name))} ON {table} USING {body}"

    def batches(self) -> Iterator[tuple[str, str]]:
        """Yield for each table its name, and the statement that fills new columns between two of its pages."""
        for key, columns in self._by_table().items():
            table = qualified(key[1], key[0])
            sets = ", ".join(f"{identifier(new_name(c.name))} = {self._value(c)}" for c in columns)
            stale = " OR ".join(
                f"{identifier(new_name(c.name))} IS NULL AND {identifier(c.name)} IS NOT NULL" for c in columns
            )
            pages = "ctid >= '({first},0)'::tid AND ctid < '({last},0)'::tid"
            update = f"UPDATE {table} SET {sets}".replace("{", "{{").replace("}", "}}")  # noqa: S608 - all quoted
            yield table, f"{update} WHERE {pages} AND ({stale.replace('{', '{{').replace('}', '}}')})"

    def finish(self) -> Iterator[str]:
        """Yield the switch: all of it in one transaction, that holds its lock for as long as catalogs take."""
        moved = self._moved()
        kept = [each for each in moved.restore if not any(each == index.definition for index in self.indexes)]
        yield from (f"LOCK TABLE {qualified(k[1], k[0])} IN ACCESS EXCLUSIVE MODE" for k in self._by_table())
        yield from moved.drop
        for key, columns in self._by_table().items():
            table = qualified(key[1], key[0])
            yield f"DROP TRIGGER {identifier(TRIGGER)} ON {table}"
            yield f"DROP FUNCTION {self._function(key)}()"
            yield f"ALTER TABLE {table} {', '.join(f'DROP COLUMN {identifier(c.name)}' for c in columns)}"
            for column in columns:
                yield f"ALTER TABLE {table} RENAME {identifier(new_name(column.name))} TO {identifier(column.name)}"
        yield f"DROP TYPE {qualified(self.enum.name, self.enum.schema)}"
        yield f"ALTER TYPE {self.new_type} RENAME TO {identifier(self.enum.name)}"
        yield from (*create_properties.comment(self.enum), *create_properties.owner(self.enum))
        yield from create_grants.grants(self.enum, self.enum.owner, owners=True)
        for index in self.indexes:
            new = qualified(new_name(index.name), index.schema)
            yield f"ALTER INDEX {new} RENAME TO {identifier(index.name)}"
        for column in self.columns:
            yield from self._details(column)
        yield from kept

    def _moved(self) -> Aside:
        """Take aside all that hangs on the old columns and on the type, but what was made for the new ones."""
        columns = [(each.kind, each.key) for each in self.columns]
        return aside(self.snapshot, [(self.enum.kind, self.enum.key)], columns)

    def _details(self, column: Column) -> Iterator[str]:
        table, name = qualified(column.table, column.schema), identifier(column.name)
        if column.default is not None:
            default = with_labels(column.default, self.enum.key, self.mapping)
            yield f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}"
        if column.not_null:
            yield f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL"
            yield f"ALTER TABLE {table} DROP CONSTRAINT {identifier(new_name(f'{column.name}_set'))}"
        yield from create_properties.comment(column)
        owner = next(each.owner for each in self.snapshot.of(Table) if each.key == column.key[:2])
        yield from create_grants.grants(column, owner, owners=True)

    def check_not_null(self) -> Iterator[str]:
        """Yield what proves new columns NOT NULL, under a lock that lets others write; it spares the switch a scan."""
        for column in self.columns:
            if column.not_null:
                table, check = qualified(column.table, column.schema), identifier(new_name(f"{column.name}_set"))
                new = identifier(new_name(column.name))
                yield f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {check}"
                yield f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({new} IS NOT NULL) NOT VALID"
                yield f"ALTER TABLE {table} VALIDATE CONSTRAINT {check}"

    def _by_table(self) -> dict[tuple[str, ...], list[Column]]:
        found: dict[tuple[str, ...], list[Column]] = {}
        for column in self.columns:
            found.setdefault(column.key[:2], []).append(column)
        return found

    def _function(self, key: tuple[str, ...]) -> str:
        return qualified(new_name(key[1]), key[0])

    def _type(self, column: Column) -> str:
        return self.new_type + ("[]" if column.type.endswith("[]") else "")

    def _value(self, column: Column, row: str = "") -> str:
        converted = self.conversion.convert(f"{row}{identifier(column.name)}", column.type)
        return converted.removesuffix(f"::{column.type}") + f"::{self._type(column)}"

    def _renamed(self, sql: str, index: Index) -> str:
        """Write an expression of an index for the new column and the new type."""
        columns = {column.name for column in self.columns if column.key[:2] == index.key[:2]}
        parts: list[str] = []
        for found in _TOKEN.finditer(sql):
            name = _unquoted(found["name"]) if found["name"] else ""
            qualifies = bool(parts) and parts[-1] == "."
            if qualifies and name == self.enum.name and len(parts) > 1 and _unquoted(parts[-2]) == self.enum.schema:
                parts.append(identifier(new_name(name)) + (found["call"] or ""))
            elif name in columns and not qualifies and not found["call"]:
                parts.append(identifier(new_name(name)))
            else:
                parts.append(found[0])
        return "".join(parts)


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _names(sql: str) -> set[str]:
    return {_unquoted(found["name"]) for found in _TOKEN.finditer(sql) if found["name"] and not found["call"]}
