"""The fast path: models and a database that were found equal, and have not changed since, are not compared again."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from alembic_assay.catalog.build import BY_EVENTS
from alembic_assay.catalog.cache import Cache
from alembic_assay.catalog.fingerprint_quick import quick_fingerprint
from alembic_assay.compare import renames
from alembic_assay.compare.cached import directory
from alembic_assay.options import Options

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection, MetaData

    from alembic_assay.catalog.canonical import Compiled

_HOOKS = ("include_name", "include_object", "compare_type", "compare_server_default")


class Verified:
    """What is known about just these models and just this state of the database.

    Args:
        autogen_context: Of the run.
        schemas: The schemas that are compared.
        metadatas: The models.
        compiled: Their DDL.
    """

    def __init__(
        self,
        autogen_context: AutogenContext,
        schemas: set[str | None],
        metadatas: list[MetaData],
        compiled: Compiled,
    ) -> None:
        where = directory(autogen_context)
        self._cache: Cache | None = None
        if where is None or compiled.compiler.refused or _may_decide_otherwise(autogen_context):
            return
        connection = cast("Connection", autogen_context.connection)
        url = connection.engine.url
        self._cache = Cache(where, f"verified-{_hash(url.host, url.port, url.database)[:16]}")
        migration = autogen_context.migration_context
        self._key = _hash(
            [version(name) for name in ("alembic-assay", "alembic", "sqlalchemy")],
            autogen_context.opts.get("assay") or Options(),
            {name: autogen_context.opts.get(name) for name in ("include_schemas", *_HOOKS[2:])},
            sorted(schema or "" for schema in schemas),
            (migration.version_table, migration.version_table_schema),
            compiled.statements,
            *map(_beside_ddl, metadatas),
            quick_fingerprint(connection),
        )

    @property
    def equal(self) -> bool:
        """Whether they were found equal."""
        return self._cache is not None and self._key in self._cache.load()

    def keep(self) -> None:
        """Note that they are equal."""
        if self._cache is not None:
            self._cache.save({self._key: True})


def _may_decide_otherwise(autogen_context: AutogenContext) -> bool:
    """Whether a function of the user's decides, or something is said for this run: what that leads to is not known."""
    opts = autogen_context.opts
    said = bool(renames.of(autogen_context).unused())
    filters = autogen_context._object_filters or autogen_context._name_filters  # noqa: SLF001 - as Alembic has them
    return said or bool(filters) or any(callable(opts.get(name)) for name in _HOOKS)


def _beside_ddl(metadata: MetaData) -> Any:
    """Return what decides, too, and is not in the DDL."""
    keys = [
        (table.key, column.name, str(column.autoincrement), column.default is None)
        for table in metadata.tables.values()
        for column in table.primary_key
    ]
    named = [(table.key, sorted(str(each.name) for each in table.constraints)) for table in metadata.tables.values()]
    return keys, named, sorted(map(repr, metadata.info.get(BY_EVENTS, ())))


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
