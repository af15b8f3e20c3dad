"""Canonical tables that were found before: by the hash of their DDL and of whatever else decides."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import text

from alembic_assay.catalog.cache import Cache
from alembic_assay.catalog.canonical_chunks import related
from alembic_assay.catalog.canonical_creation import table_of
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.dependencies import Dependency
from alembic_assay.catalog.domains import Domain
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.record import maker
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.catalog.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sqlalchemy import Connection

    from alembic_assay.catalog.canonical_creation import Creation, Key
    from alembic_assay.catalog.canonical_pieces import Piece, TableDDL
    from alembic_assay.catalog.record import Record

_VERSION = 1
_KINDS: dict[str, type[Record]] = {
    kind.kind: kind for kind in (Table, Column, Constraint, Index, Sequence, Enum, Domain)
}
_FIELDS = {kind: [each.name for each in fields(record_type)] for kind, record_type in _KINDS.items()}

_DIGEST = """
SELECT md5(concat_ws(' ', current_setting('server_version_num'), current_user, current_schemas(true)::text,
    (SELECT string_agg(setting, chr(1) ORDER BY name) FROM pg_settings WHERE lower(name) IN (
        'search_path', 'datestyle', 'intervalstyle', 'timezone', 'lc_monetary', 'xmloption', 'extra_float_digits',
        'default_text_search_config', 'standard_conforming_strings', 'default_tablespace', 'array_nulls',
        'default_table_access_method', 'transform_null_equals', 'lc_numeric')),
    (SELECT string_agg(oid || ':' || xmin, ',' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_'),
    (SELECT string_agg(oid || ':' || xmin, ',' ORDER BY oid) FROM pg_extension),
    (SELECT string_agg(oid || ':' || xmin, ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
    (SELECT string_agg(oid || ':' || xmin, ',' ORDER BY oid) FROM pg_operator WHERE oid >= 16384),
    (SELECT string_agg(oid || ':' || xmin, ',' ORDER BY oid) FROM pg_opclass WHERE oid >= 16384),
    (SELECT string_agg(oid || ':' || xmin, ',' ORDER BY oid) FROM pg_collation WHERE oid >= 16384),
    (SELECT string_agg(oid || ':' || xmin, ',' ORDER BY oid) FROM pg_cast WHERE oid >= 16384),
    (SELECT string_agg(oid || ':' || xmin, ',' ORDER BY oid) FROM pg_ts_config),
    (SELECT string_agg(e.oid || ':' || e.xmin, ',' ORDER BY e.oid) FROM pg_enum AS e),
    (SELECT string_agg(t.oid || ':' || t.xmin, ',' ORDER BY t.oid) FROM pg_type AS t
     LEFT JOIN pg_class AS c ON c.oid = t.typrelid
     WHERE t.oid >= 16384 AND t.typcategory <> 'A' AND (t.typrelid = 0 OR c.relkind = 'c'))))
"""
"""All that an expression or a type may find in the database. Tables are not in it: models only name their own."""

_NEEDS_A_RELATION = ("nextval", "currval", "setval", "::reg", "to_reg", "as reg")
"""Words of expressions that find a relation of the database; they are not in the digest, so such a table is asked anew."""


class Known:
    """What is known about some models.

    Args:
        connection: In the settings in which the models would be created.
        directory: Of the cache.
        creation: Gets what is known, and gives what is found.
        base: The types and sequences of the models.
    """

    def __init__(self, connection: Connection, directory: Path, creation: Creation, base: list[Piece]) -> None:
        site = f"{_VERSION} {sqlalchemy.__version__} {connection.dialect.driver}"
        self._site = f"{site} {connection.execute(text(_DIGEST)).scalar_one()}"
        database = connection.execute(text("SELECT current_database()")).scalar_one()
        name = f"canonical-{_hash([database])[:16]}"
        self._cache, self._whole = Cache(directory, name), Cache(directory, f"{name}-whole")
        self._found: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._creation = creation
        self._base: dict[str, str] = {}
        for piece in base:
            if piece.creates:
                called = piece.creates[1].lower()
                self._base[called] = f"{self._base.get(called, '')}{piece.sql};"
        self._keys: dict[Key, str | None] = {}
        self.complete = False
        """Whether types and sequences are known."""

    def whole(self, tables: list[TableDDL]) -> Snapshot | None:
        """Return what was found for just these models, sorted; ``None`` if something changed or was refused."""
        key = self._whole_key(tables)
        if key is None:
            return None
        try:
            kinds, edges = self._whole.load()[key]
            records = [record for kind, rows in kinds for record in map(_makers()[kind], rows)]
            return Snapshot(tuple(records), tuple(map(_dependency, edges)))
        except (TypeError, KeyError, ValueError):
            return None

    def keep_whole(self, tables: list[TableDDL], snapshot: Snapshot) -> None:
        """Keep what was found for just these models.

        Args:
            tables: All of them.
            snapshot: Sorted; nothing was refused.
        """
        key = self._whole_key(tables)
        if key is not None:
            kinds = [
                (kind, [[getattr(each, name) for name in _FIELDS[kind]] for each in records])
                for kind, records in groupby(snapshot, key=lambda record: record.kind)
            ]
            edges = [[each.kind, each.key, each.needs_kind, each.needs_key] for each in snapshot.dependencies]
            self._whole.save({key: [kinds, edges]})

    def _whole_key(self, tables: list[TableDDL]) -> str | None:
        """Return the key of everything, ``None`` if something of the database is meant that is not in the digest."""
        keys: set[Key] = {table.key for table in tables}
        foreign_keys = [each for table in tables for each in table.foreign_keys]
        own = [piece.sql for table in tables for piece in (table.whole, *table.after)]
        own += [piece.sql for each in foreign_keys for piece in each.pieces]
        own += [piece.sql for piece in self._creation.stubs(foreign_keys, keys)]
        lowered = "\n".join(own).lower()
        if any(word in lowered for word in _NEEDS_A_RELATION) or any(
            table.parents or not table.whole.sql.startswith("CREATE TABLE") for table in tables
        ):
            return None
        return _hash([self._base_key(), *own])

    def recall(self, tables: list[TableDDL]) -> list[TableDDL]:
        """Give what is known to the creation; return the tables that are not."""
        self._found = self._cache.load()
        self.complete = self._get(self._base_key())
        family = {table.key for table in related(tables)}
        self._keys = {table.key: None if table.key in family else self._key(table) for table in tables}
        return [table for table in tables if not self._get(self._keys[table.key])]

    def keep(self, tables: list[TableDDL], *, complete: bool) -> None:
        """Keep what the creation has found.

        Args:
            tables: Those that were created.
            complete: Whether all types and sequences were.
        """
        records: dict[Key | None, list[Record]] = {}
        for record in (each for each in self._creation.records.values() if each.kind in _KINDS):
            records.setdefault(table_of(record), []).append(record)
        dependencies: dict[Key, list[Dependency]] = {}
        for dependency in self._creation.known_dependencies():
            owner = table_of(self._creation.records[dependency.kind, dependency.key])
            dependencies.setdefault(owner or dependency.key, []).append(dependency)
        if complete:
            base = records.get(None, [])
            self._put(self._base_key(), base, [each for record in base for each in dependencies.get(record.key, [])])
        for table in tables:
            key = self._keys[table.key]
            if key is not None and table.key not in self._creation.doubtful:
                self._put(key, records.get(table.key, []), dependencies.get(table.key, []))

    def save(self) -> None:
        """Write what was asked for and what was found, if that is not what was there."""
        if self._kept.keys() != self._found.keys():
            self._cache.save(self._kept)

    def _base_key(self) -> str:
        return _hash([self._site, *(f"{name} {sql}" for name, sql in sorted(self._base.items()))])

    def _key(self, table: TableDDL) -> str | None:
        """Return the key of a table, ``None`` for a view, or if its expressions find relations of the database."""
        own = [table.whole.sql, *(piece.sql for piece in table.after)]
        own += [piece.sql for foreign_key in table.foreign_keys for piece in foreign_key.pieces]
        own += [piece.sql for piece in self._creation.stubs(table.foreign_keys, {table.key})]
        own += [str(each.target.primary_key.name) for each in table.foreign_keys]
        lowered = "\n".join(own).lower()
        if not table.whole.sql.startswith("CREATE TABLE") or any(word in lowered for word in _NEEDS_A_RELATION):
            return None
        return _hash([self._site, *own, *self._types(lowered)])

    def _types(self, sql: str) -> list[str]:
        """Return the DDL of the types whose names occur, and of those in them."""
        found: dict[str, str] = {}
        waiting = [sql]
        while waiting:
            lowered = waiting.pop()
            for name, ddl in self._base.items():
                if name not in found and name in lowered:
                    found[name] = ddl
                    waiting.append(ddl.lower())
        return [found[name] for name in sorted(found)]

    def _get(self, key: str | None) -> bool:
        if key is None or key not in self._found:
            return False
        try:
            rows, edges = self._found[key]
            records = [_makers()[kind](row) for kind, row in rows]
            dependencies = list(map(_dependency, edges))
        except (TypeError, KeyError, ValueError):
            return False
        self._kept[key] = self._found[key]
        self._creation.records.update({(record.kind, record.key): record for record in records})
        self._creation.dependencies.update(dependencies)
        return True

    def _put(self, key: str, records: Iterable[Record], dependencies: Iterable[Dependency]) -> None:
        rows = [[each.kind, [getattr(each, name) for name in _FIELDS[each.kind]]] for each in records]
        self._kept[key] = [rows, [[each.kind, each.key, each.needs_kind, each.needs_key] for each in dependencies]]


@cache
def _makers() -> dict[str, Callable[[Iterable[Any]], Record]]:
    return {kind: maker(record_type, _FIELDS[kind]) for kind, record_type in _KINDS.items()}


def _dependency(row: list[Any]) -> Dependency:
    kind, key, needs_kind, needs_key = row
    return Dependency(kind, tuple(key), needs_kind, tuple(needs_key))


def _hash(texts: list[str]) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()
