"""The enumerated types that models declare."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Enum as SQLEnum
from sqlalchemy.exc import CompileError

from alembic_assay.errors import ModelError
from alembic_assay.ops.enum_types import enum_of
from alembic_assay.sql import MAX_IDENTIFIER_BYTES, display

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Column, Dialect, MetaData, Table
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
        renamed_from: The type's old name, with its old schema if that was another: ``info["type_renamed_from"]``.
        renamed: Old label to new label: ``info["renamed_values"]`` of its columns.
        removed: Label that is gone to its replacement, or to ``None``: ``info["removed_values"]``.
    """

    type: postgresql.ENUM
    schema: str | None
    name: str
    labels: tuple[str, ...]
    column: str
    renamed_from: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its name for messages."""
        return display(self.name, self.schema)


def model_enums(
    tables: Iterable[Table], dialect: Dialect, default_schema: str | None, metadata: Iterable[MetaData] = ()
) -> dict[tuple[str, ...], ModelEnum]:
    """Collect what the models declare, by ``(schema, name)``.

    Args:
        tables: Of all metadata.
        dialect: PostgreSQL's.
        default_schema: Stands for a schema that is not given.
        metadata: Their types count that no column uses: ``Enum(..., metadata=metadata)``.

    Raises:
        ModelError: Two columns declare one type differently, or labels that PostgreSQL cannot hold.
    """
    found: dict[tuple[str, ...], ModelEnum] = {}
    for declared in (*_declared(tables, dialect), *_of_metadata(metadata, dialect)):
        key = (declared.schema or default_schema or "public", declared.name)
        first = found.setdefault(key, declared)
        if first.labels != declared.labels:
            raise ModelError(
                f"enum {declared.title} has two definitions: {first.column} says"
                f" {list(first.labels)!r}, {declared.column} says {list(declared.labels)!r}.",
                hint="Declare the type once and use it in both columns.",
            )
        found[key] = _together(first, declared)
    return found


def _together(first: ModelEnum, second: ModelEnum) -> ModelEnum:
    if first is second or not (second.renamed_from or second.renamed or second.removed):
        return first
    return ModelEnum(
        first.type,
        first.schema,
        first.name,
        first.labels,
        first.column,
        second.renamed_from or first.renamed_from,
        {**first.renamed, **second.renamed},
        {**first.removed, **second.removed},
    )


def _declared(tables: Iterable[Table], dialect: Dialect) -> Iterator[ModelEnum]:
    for table in tables:
        for column in table.columns:
            enum = enum_of(column.type, dialect)
            if enum is not None:
                yield _checked(enum, dialect, f"column {_title(column)}", column.info)


def _of_metadata(metadata: Iterable[MetaData], dialect: Dialect) -> Iterator[ModelEnum]:
    """Yield the types that are bound to a metadata itself, which SQLAlchemy creates with its tables."""
    for each in metadata:
        # SQLAlchemy keeps no public list of them, but has each create itself; 2.0 wraps the method.
        owners = [getattr(do, "__self__", getattr(do, "target", None)) for do in each.dispatch.before_create]
        types = [owner for owner in owners if isinstance(owner, SQLEnum)]
        for type_ in sorted(types, key=lambda type_: str(type_.name)):
            if (enum := enum_of(type_, dialect)) is not None:
                yield _checked(enum, dialect, "the metadata", {})


def _is_own(enum: postgresql.ENUM, dialect: Dialect) -> bool:
    """Whether PostgreSQL's own type of that name would be found first; early SQLAlchemy 2.0 does not look."""
    try:
        enum.compile(dialect=dialect)
    except CompileError:
        return True
    return str(enum.name) in getattr(dialect, "ischema_names", {})


def _title(column: Column[object]) -> str:
    return f"{display(column.table.name, column.table.schema)}.{display(column.name)}"


def _checked(enum: postgresql.ENUM, dialect: Dialect, where: str, info: Mapping[Any, Any]) -> ModelEnum:
    if not enum.name:
        raise ModelError(f"the enum of {where} has no name.", hint="Give it one: Enum(..., name='...').")
    if len(enum.name.encode()) > MAX_IDENTIFIER_BYTES:
        raise ModelError(
            f"the enum of {where} has a name of {len(enum.name.encode())} bytes, expected at most"
            f" {MAX_IDENTIFIER_BYTES}: {enum.name!r}."
        )
    for label in enum.enums:
        if not label or len(label.encode()) > MAX_IDENTIFIER_BYTES:
            raise ModelError(
                f"enum {display(enum.name, enum.schema)} of {where}: label {label!r} has"
                f" {len(label.encode())} bytes, expected 1 to {MAX_IDENTIFIER_BYTES}."
            )
    if enum.schema is None and _is_own(enum, dialect):
        raise ModelError(
            f"the enum of {where} is called {str(enum.name)!r}, as a type of PostgreSQL's own is.",
            hint="Call it something else, or name its schema: Enum(..., schema='public').",
        )
    return ModelEnum(
        enum,
        enum.schema,
        str(enum.name),
        tuple(map(str, enum.enums)),
        where.removeprefix("column "),
        info.get("type_renamed_from"),
        info.get("renamed_values", {}),
        info.get("removed_values", {}),
    )
