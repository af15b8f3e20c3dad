"""The enumerated types that models declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_assay.errors import ModelError
from alembic_assay.ops.enum_types import enum_of
from alembic_assay.sql import MAX_IDENTIFIER_BYTES, display

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Column, Dialect, Table
    from sqlalchemy.dialects import postgresql


@dataclass(frozen=True, slots=True)
class ModelEnum:
    """An enumerated type as the models declare it.

    Args:
        type: What SQLAlchemy makes of it on PostgreSQL.
        schema: As declared; ``None`` where the models leave it to the ``search_path``.
        name: Its name.
        labels: In order.
        column: The first column that declares it, for messages.
    """

    type: postgresql.ENUM
    schema: str | None
    name: str
    labels: tuple[str, ...]
    column: str


def model_enums(
    tables: Iterable[Table], dialect: Dialect, default_schema: str | None
) -> dict[tuple[str, ...], ModelEnum]:
    """Collect what the models declare, by ``(schema, name)``.

    Args:
        tables: Of all metadata.
        dialect: PostgreSQL's.
        default_schema: Stands for a schema that is not given.

    Raises:
        ModelError: Two columns declare one type differently, or labels that PostgreSQL cannot hold.
    """
    found: dict[tuple[str, ...], ModelEnum] = {}
    for declared in _declared(tables, dialect):
        key = (declared.schema or default_schema or "public", declared.name)
        first = found.setdefault(key, declared)
        if first.labels != declared.labels:
            raise ModelError(
                f"enum {display(declared.name, declared.schema)} has two definitions: {first.column} says"
                f" {list(first.labels)!r}, {declared.column} says {list(declared.labels)!r}.",
                hint="Declare the type once and use it in both columns.",
            )
    return found


def _declared(tables: Iterable[Table], dialect: Dialect) -> Iterator[ModelEnum]:
    for table in tables:
        for column in table.columns:
            enum = enum_of(column.type, dialect)
            if enum is not None:
                yield _checked(enum, column)


def _checked(enum: postgresql.ENUM, column: Column[object]) -> ModelEnum:
    title = f"{display(column.table.name, column.table.schema)}.{display(column.name)}"
    if not enum.name:
        raise ModelError(f"the enum of column {title} has no name.", hint="Give it one: Enum(..., name='...').")
    if len(enum.name.encode()) > MAX_IDENTIFIER_BYTES:
        raise ModelError(
            f"the enum of column {title} has a name of {len(enum.name.encode())} bytes, expected at most"
            f" {MAX_IDENTIFIER_BYTES}: {enum.name!r}."
        )
    for label in enum.enums:
        if not label or len(label.encode()) > MAX_IDENTIFIER_BYTES:
            raise ModelError(
                f"enum {display(enum.name, enum.schema)} of column {title}: label {label!r} has"
                f" {len(label.encode())} bytes, expected 1 to {MAX_IDENTIFIER_BYTES}."
            )
    return ModelEnum(enum, enum.schema, str(enum.name), tuple(map(str, enum.enums)), title)
