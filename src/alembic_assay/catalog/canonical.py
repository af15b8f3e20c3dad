"""Models as the server itself would store them: created in a scratch schema, read back, rolled back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import MetaData

from alembic_assay.catalog.canonical_cache import Known
from alembic_assay.catalog.canonical_creation import Creation
from alembic_assay.catalog.canonical_ddl import Compiler
from alembic_assay.catalog.canonical_pieces import Refused
from alembic_assay.catalog.canonical_scratch import CanonicalError, Scratch, Site, rolled_back, site
from alembic_assay.catalog.canonical_snapshot import remade
from alembic_assay.catalog.reading import without_collector
from alembic_assay.catalog.snapshot import KIND_ORDER, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from alembic_assay.catalog.canonical_pieces import Piece, TableDDL
    from alembic_assay.catalog.dependencies import Dependency
    from alembic_assay.catalog.record import Record

__all__ = ["Canonical", "CanonicalError", "Refused", "canonical"]


@dataclass(frozen=True, slots=True)
class Canonical(Snapshot):
    """A snapshot of models.

    What models say nothing of is empty: schemas, extensions, owners (``""``) and privileges (``None``).

    Args:
        records: As in every snapshot.
        refused: What PostgreSQL or SQLAlchemy refuses, by title; of these objects there are no records.
    """

    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """The DDL of models.

    Args:
        where: The database's part in it.
        compiler: Knows what SQLAlchemy refused.
        base: Types and sequences.
        tables: In the order of the models.
    """

    where: Site
    compiler: Compiler
    base: list[Piece]
    tables: list[TableDDL]

    @property
    def statements(self) -> list[str]:
        """All of it."""
        found = [piece.sql for piece in self.base]
        for table in self.tables:
            pieces = [*table.after, *(piece for key in table.foreign_keys for piece in key.pieces)]
            found += [table.whole.sql, *(piece.sql for piece in pieces)]
        return found


def canonical(
    connection: Connection, models: MetaData | Sequence[MetaData] | Snapshot | Compiled, *, cache: Path | None = None
) -> Canonical:
    """Return models as the server would store them.

    What is not known beforehand is created in scratch schemas inside a savepoint on the same connection, read with
    the one reader and rolled back. No existing table is locked, not even one that a foreign key points to. An
    expression may use whatever the ``search_path`` finds; the ``schema_translate_map`` is honoured.

    Args:
        connection: In a transaction that may write, of a role with CREATE on the database. Transaction and
            settings are afterwards as they were.
        models: One or several ``MetaData``; or a snapshot, whose expressions are then as the server writes them when
            it reads them again, in one transaction and without the cache.
        cache: A directory, usually :data:`alembic_assay.catalog.cache.DIRECTORY`, in which what was found is kept:
            a table whose DDL is the same, in a database with the same types and functions, is not created again.

    Raises:
        CanonicalError: The role may not create a schema, or the connection cannot be written to.

    Example:
        >>> wanted = canonical(connection, Base.metadata)  # doctest: +SKIP
        >>> diff(read(connection), wanted)  # doctest: +SKIP
    """
    if isinstance(models, Snapshot):
        found_again, refused = remade(connection, models)
        return _sorted(found_again.records, found_again.dependencies, refused)
    with without_collector(), rolled_back(connection):
        if not isinstance(models, Compiled):
            models = compiled(connection, [models] if isinstance(models, MetaData) else list(models))
        return _of_models(connection, models, cache)


def compiled(connection: Connection, models: Sequence[MetaData]) -> Compiled:
    """Return the DDL of models, as ``canonical`` takes it: for who wants to look at it before.

    Args:
        connection: As for ``canonical``.
        models: All of them.
    """
    where = site(connection)
    translate = connection.get_execution_options().get("schema_translate_map") or {}
    compiler = Compiler(connection.dialect, where.schema or "public", translate)
    base = [*compiler.sequences(list(models)), *compiler.types(list(models))]
    tables = [compiler.table(table) for metadata in models for table in metadata.tables.values()]
    return Compiled(where, compiler, base, [table for table in tables if table is not None])


def _of_models(connection: Connection, models: Compiled, cache: Path | None) -> Canonical:
    where, compiler, base, tables = models.where, models.compiler, models.base, models.tables
    creation = Creation(compiler)
    known = None if cache is None else Known(connection, cache, creation, base)
    whole = None if known is None else known.whole(tables)
    if whole is not None:
        return Canonical(whole.records, whole.dependencies, tuple(sorted(set(compiler.refused))))
    missing = tables if known is None else known.recall(tables)
    if known is None or not known.complete or missing:
        scratch = Scratch(
            connection, where, _schemas(compiler, base, tables), [each.sql for each in base] + _sql(tables)
        )
        complete = creation.create(scratch, base, missing)
        if known is not None:
            known.keep(missing, complete=complete)
    found = _sorted(creation.records.values(), creation.known_dependencies(), creation.refused + compiler.refused)
    if known is not None:
        known.save()
        if not creation.refused:
            known.keep_whole(tables, found)
    return found


def _sorted(records: Iterable[Record], dependencies: tuple[Dependency, ...], refused: list[Refused]) -> Canonical:
    return Canonical(
        records=tuple(sorted(records, key=lambda record: (KIND_ORDER[record.kind], record.key))),
        dependencies=dependencies,
        refused=tuple(sorted(set(refused))),
    )


def _schemas(compiler: Compiler, base: list[Piece], tables: list[TableDDL]) -> list[str]:
    targets = {compiler.key(key.target)[0] for table in tables for key in table.foreign_keys}
    return sorted(targets | {table.key[0] for table in tables} | {piece.creates[0] for piece in base if piece.creates})


def _sql(tables: list[TableDDL]) -> list[str]:
    return [table.whole.sql for table in tables] + [piece.sql for table in tables for piece in table.after]
