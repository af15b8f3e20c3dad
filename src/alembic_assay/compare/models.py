"""The tables that models declare, by the names that they have in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from alembic_assay.catalog.build import BY_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Dialect, Table

Key = tuple[str, ...]

_OF_NO_TABLE_NAME = frozenset({"ix"})


class Models:
    """All metadata of a run.

    Args:
        metadata: One or several.
        dialect: PostgreSQL's.
        default_schema: Where tables without a schema are.
    """

    def __init__(self, metadata: MetaData | Sequence[MetaData], dialect: Dialect, default_schema: str) -> None:
        self.metadatas = [metadata] if isinstance(metadata, MetaData) else list(metadata)
        self.default_schema = default_schema
        self._dialect = dialect
        self.tables: dict[Key, Table] = {}
        for each in self.metadatas:
            for table in each.tables.values():
                self.tables[table.schema or default_schema, str(table.name)] = table

    @property
    def by_events(self) -> set[tuple[str, Key]]:
        """Kind and key of what DDL events of the models make: ``catalog.build`` notes it."""
        return {node for each in self.metadatas for node in each.info.get(BY_EVENTS, ())}

    @property
    def formal(self) -> bool:
        """Whether a naming convention would change names that scripts give: then they are marked as final."""
        return any(each.naming_convention.keys() - _OF_NO_TABLE_NAME for each in self.metadatas)

    @property
    def schemas(self) -> set[str]:
        """The schemas that the models name."""
        found = {table_key[0] for table_key in self.tables}
        for each in self.metadatas:
            found |= {sequence.schema or self.default_schema for sequence in each._sequences.values()}  # noqa: SLF001 - no public list
        return found

    def named(self, key: Key) -> set[str]:
        """Return the names that a table's constraints have been given, as the server has them."""
        table = self.tables.get(key)
        return set() if table is None else set(self._names(table.constraints))

    def _names(self, constraints: Iterable[Any]) -> Iterable[str]:
        preparer: Any = self._dialect.identifier_preparer
        for constraint in constraints:
            if isinstance(constraint.name, str):
                name = preparer.format_constraint(constraint, _alembic_quote=False)
                if name:
                    yield str(name)
