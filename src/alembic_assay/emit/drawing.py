"""A schema as diagrams and reports need it: tables with columns, keys and edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import document
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A foreign key.

    Args:
        constraint: The record.
        source: The table that holds it.
        target: The table that it points to.
        one: Whether a row of the target has one such row at most.
        optional: Whether it can be NULL.
        label: The name of the relationship.
    """

    constraint: Constraint
    source: Box
    target: Box
    one: bool
    optional: bool
    label: str

    @property
    def pointed(self) -> tuple[str, ...]:
        """The columns that it points to."""
        inside = self.constraint.definition.partition(" REFERENCES ")[2].partition("(")[2].partition(")")[0]
        return parts(inside.replace(", ", "."))

    @property
    def action(self) -> str:
        """What happens on delete, empty for NO ACTION."""
        rest = self.constraint.definition.partition(" ON DELETE ")[2]
        return next((each for each in ("CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT") if rest.startswith(each)), "")


@dataclass(frozen=True, slots=True)
class Box:
    """A table.

    Args:
        table: The record.
        columns: In their order.
        constraints: All of it.
        indexes: All of it, those of constraints too.
    """

    table: Table
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...]
    indexes: tuple[Index, ...]

    @property
    def name(self) -> str:
        """With its schema, where that is not ``public``."""
        return self.table.name if self.table.schema == "public" else f"{self.table.schema}.{self.table.name}"

    def of(self, kind: str) -> list[Constraint]:
        """Return the constraints of a type."""
        return [each for each in self.constraints if each.type == kind]

    @property
    def own_indexes(self) -> list[Index]:
        """Those that are no constraint's."""
        return [index for index in self.indexes if index.constraint is None]

    def marks(self, column: str) -> list[str]:
        """Return ``PK``, ``FK`` and ``UK`` as far as they hold for a column."""
        primary = any(column in each.columns for each in self.of("primary key"))
        foreign = any(column in each.columns for each in self.of("foreign key"))
        unique = any(each.columns == (column,) for each in self.of("unique"))
        return [mark for mark, holds in (("PK", primary), ("FK", foreign), ("UK", unique)) if holds]


class Drawing:
    """A schema, looked up by table.

    Args:
        schema: A document ``schema/1``.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self.snapshot = document.from_document(schema)
        self.boxes = {table.key: self._box(table) for table in self.snapshot.of(Table)}
        labels: dict[Key, str] = {
            (table["schema"], table["name"], key["name"]): key["relationship"]["name"]
            for table in schema.get("tables") or ()
            for key in table.get("foreign_keys") or ()
            if key.get("relationship")
        }
        self.edges = [edge for box in self.boxes.values() for edge in self._edges(box, labels)]

    def _box(self, table: Table) -> Box:
        columns = sorted((c for c in self.snapshot.of(Column) if c.key[:2] == table.key), key=lambda c: c.position)
        constraints = tuple(each for each in self.snapshot.of(Constraint) if each.key[:2] == table.key)
        indexes = tuple(each for each in self.snapshot.of(Index) if each.key[:2] == table.key)
        return Box(table, tuple(columns), constraints, indexes)

    def _edges(self, box: Box, labels: Mapping[Key, str]) -> list[Edge]:
        found = []
        for each in box.of("foreign key"):
            target = self.boxes.get(parts(each.references or ""))
            if target is None:
                continue
            unique = [set(i.columns) for i in box.indexes if i.unique and not i.partial]
            one = any(keys and keys <= set(each.columns) for keys in unique)
            optional = any(c.name in each.columns and not c.not_null for c in box.columns)
            usual = each.columns[0].removesuffix("_id") if each.columns else each.name
            found.append(Edge(each, box, target, one, optional, labels.get(each.key, usual)))
        return found


def short_type(name: str) -> str:
    """Return a type as people say it.

    >>> short_type("character varying(20)"), short_type("timestamp with time zone"), short_type("public.mood")
    ('varchar(20)', 'timestamptz', 'mood')
    """
    said = name.removeprefix("public.").replace("character varying", "varchar").replace(" without time zone", "")
    return said.replace("timestamp with time zone", "timestamptz").replace("time with time zone", "timetz")
