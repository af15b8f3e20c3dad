"""A schema as SQLAlchemy has it, and the names that its parts get in generated modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql as pg

from alembic_assay.catalog import build, document
from alembic_assay.emit import names
from alembic_assay.emit.types import Types
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Sequence, Table

    from alembic_assay.catalog.snapshot import Snapshot


class Source:
    """What models are generated from.

    Args:
        schema: A document ``schema/1``.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self.snapshot: Snapshot = document.from_document(schema)
        builder = build._Builder(self.snapshot)  # noqa: SLF001 - one plan for models that are built and those that are written
        self.metadata = builder.metadata
        self.tables = list(self.metadata.tables.values())
        """In the order in which they can be made."""
        sequences = self.metadata._sequences.values()  # noqa: SLF001 - kept nowhere else
        self.sequences: list[Sequence] = sorted(sequences, key=lambda each: (str(each.schema), each.name))
        self.after = _statements(self.metadata.dispatch.after_create)
        self.enum_classes: dict[int, str] = {}
        self.type_names: dict[int, str] = {}
        self.before: list[Any] = []
        self._types(builder.types)
        self.types = Types(self.type_names, self.enum_classes)
        self.classes: dict[Table, str] = {}
        self.variables: dict[Table, str] = {}
        self.attributes: dict[Table, dict[str, str]] = {}
        self._name_tables()
        self.labels = _labels(schema)

    def _types(self, types: Any) -> None:
        """Name enums and domains, and put them between the statements in the order of their listeners."""
        own = names.Names({"Any", "MetaData"})
        by_listener = {id(type_): (key, type_) for key, type_ in types._named.items()}  # noqa: SLF001 - in the order in which they are made
        for listener in self.metadata.dispatch.before_create:
            if isinstance(listener, Statement):
                self.before.append(listener.sql)
                continue
            type_ = getattr(listener, "__self__", None)
            if id(type_) in by_listener:
                self._name_type(by_listener[id(type_)], own)
        for key, type_ in types._named.items():  # noqa: SLF001 - those that a statement makes
            if id(type_) not in self.type_names:
                self._name_type((key, type_), own)

    def _name_type(self, named: tuple[tuple[str, ...], Any], own: names.Names) -> None:
        (_, name), type_ = named
        self.type_names[id(type_)] = own.give(f"{names.identifier(name).lower()}_type")
        if isinstance(type_, pg.ENUM) and type_.enums:
            self.enum_classes[id(type_)] = own.give(names.camel(name))
        self.before.append(type_)

    def _name_tables(self) -> None:
        own = names.Names({"Base", "Any", "Optional", "Field", "Relationship", "Model"})
        for table in self.tables:
            if table.primary_key.columns:
                self.classes[table] = own.give(names.class_name(table.name))
            else:
                self.variables[table] = own.give(f"{names.identifier(table.name).lower()}_table")
            given = names.Names()
            self.attributes[table] = {column.name: given.give(names.attribute(column.name)) for column in table.columns}


def _statements(listeners: Any) -> list[str]:
    return [each.sql for each in listeners if isinstance(each, Statement)]


def _labels(schema: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, str]]:
    return {
        (f"{table['schema']}.{table['name']}", key["name"]): key["relationship"]
        for table in schema.get("tables") or ()
        for key in table.get("foreign_keys") or ()
        if key.get("relationship")
    }
