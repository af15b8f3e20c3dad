"""What of the database is compared: nothing that belongs to others, and nothing that the user's filters leave out."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.names import parts
from alembic_assay.catalog.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.autogenerate.api import AutogenContext

    from alembic_assay.catalog.record import Record
    from alembic_assay.compare.models import Key, Models

COMPARED = frozenset({"domain", "sequence", "table", "column", "constraint", "index"})
_NAME_TYPES = {
    "index": "index",
    "unique": "unique_constraint",
    "foreign key": "foreign_key_constraint",
    "check": "check_constraint",
    "column": "column",
}
"""What ``include_name`` calls each."""


class Scope:
    """Decides about records of the database.

    Args:
        autogen_context: Has the filters.
        models: What the models declare.
        schemas: The schemas that are compared, as the database calls them.
        ignore: Patterns of tables and sequences that are other tools'.
    """

    def __init__(
        self, autogen_context: AutogenContext, models: Models, schemas: set[str], ignore: Sequence[str]
    ) -> None:
        self._context = autogen_context
        self._models = models
        self._schemas = schemas
        self._ignore = ignore
        migration = autogen_context.migration_context
        self._version_table = (migration.version_table_schema or models.default_schema, migration.version_table)

    def of(self, present: Snapshot) -> Snapshot:
        """Return what is compared of what is there."""
        tables = {record.key for record in present if record.kind == "table" and self._table(record)}
        kept = tuple(record for record in present if self._record(record, tables))
        known = {(record.kind, record.key) for record in kept}
        edges = (e for e in present.dependencies if (e.kind, e.key) in known and (e.needs_kind, e.needs_key) in known)
        return Snapshot(kept, tuple(edges))

    def includes(self, key: Key) -> bool:
        """Whether a table of the models is compared."""
        return key != self._version_table and self._named(key[1], "table", key[0])

    def _table(self, record: Any) -> bool:
        declared = record.key in self._models.tables
        if not self.includes(record.key) or record.persistence == "temporary":
            return False
        if declared:
            return True
        if record.form == "foreign" or record.partition_bound is not None or record.parents or record.of_type:
            return False
        return record.schema in self._schemas and not self.ignored(record.schema, record.name)

    def ignored(self, schema: str, name: str) -> bool:
        """Whether a pattern of the option ``ignore`` matches, with or without the schema."""
        return any(fnmatchcase(name, each) or fnmatchcase(f"{schema}.{name}", each) for each in self._ignore)

    def _record(self, record: Record, tables: set[Key]) -> bool:
        each: Any = record
        if record.kind not in COMPARED:
            return False
        if record.kind == "table":
            return record.key in tables
        if record.kind == "sequence":
            return parts(each.owned_by)[:2] in tables if each.owned_by else self._own_sequence(each)
        if record.kind == "domain":
            return each.schema in self._schemas
        return record.key[:2] in tables and self._part(each)

    def _own_sequence(self, record: Any) -> bool:
        return record.schema in self._schemas and not self.ignored(record.schema, record.name)

    def _part(self, record: Any) -> bool:
        if record.kind == "constraint" and (record.type == "not null" or not record.local):
            return False
        if record.kind == "index" and (record.constraint is not None or record.parent is not None):
            return False
        kind = _NAME_TYPES.get(record.kind) or _NAME_TYPES.get(getattr(record, "type", ""))
        return kind is None or self._named(record.name, kind, record.schema, record.table)

    def _named(self, name: str, kind: str, schema: str, table: str | None = None) -> bool:
        shown = None if schema == self._models.default_schema else schema
        names: Any = {"schema_name": shown, **({} if table is None else {"table_name": table})}
        return self._context.run_name_filters(name, kind, names)  # type: ignore[arg-type] # checks too
