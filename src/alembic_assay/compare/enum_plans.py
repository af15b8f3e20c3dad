"""What happens to each enumerated type of the models: found before tables are compared: their text changes too."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import MetaData

from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.schemas import Schema
from alembic_assay.compare import renames
from alembic_assay.compare.enum_labels import LabelChanges, changes
from alembic_assay.compare.model_enums import model_enums
from alembic_assay.errors import RenameError
from alembic_assay.ops.rename_enum import RenameEnumOp, RenameEnumValueOp, statements
from alembic_assay.sql import display, identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Table

    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.compare.model_enums import ModelEnum

Key = tuple[str, ...]


@dataclass(frozen=True)
class EnumPlan:
    """What happens to one type.

    Args:
        model: As it shall be.
        existing: As it is, or ``None``.
        changes: What becomes of its labels.
        default_schema: The schema that operations leave out.
    """

    model: ModelEnum
    existing: Enum | None
    changes: LabelChanges
    default_schema: str

    @property
    def key(self) -> Key:
        """Schema and name, as they shall be."""
        return self.model.schema or self.default_schema, self.model.name

    @property
    def schema(self) -> str | None:
        """The schema before, as operations name it."""
        if self.existing is None or (self.existing.schema == self.default_schema and not self.model.schema):
            return None
        return self.existing.schema

    @cached_property
    def renames(self) -> tuple[RenameEnumValueOp | RenameEnumOp, ...]:
        """What gives labels and type their new names; labels first."""
        if self.existing is None:
            return ()
        name, before = self.existing.name, self.existing.schema
        values = [RenameEnumValueOp(name, old, new, schema=self.schema) for old, new in self.changes.renamed.items()]
        if self.existing.key == self.key:
            return tuple(values)
        schema, new = self.key
        moved = schema if schema != before else None
        return (*values, RenameEnumOp(name, new, schema=before if moved else self.schema, new_schema=moved))


@dataclass(frozen=True)
class EnumPlans:
    """All types of a run.

    Args:
        plans: Those of the models, sorted.
        unused: Those that are in the schemas compared and that no model names, sorted by key.
        there: The schemas that there are.
    """

    plans: tuple[EnumPlan, ...] = ()
    unused: Mapping[Key, Enum] = field(default_factory=dict)
    there: frozenset[str] = frozenset()

    @property
    def sql(self) -> tuple[str, ...]:
        """The statements that give types and labels their new names."""
        found = [each for plan in self.plans for each in plan.renames]
        targets = {each.new_schema for each in found if isinstance(each, RenameEnumOp) and each.new_schema}
        schemas = [f"CREATE SCHEMA {identifier(each)}" for each in sorted(targets - self.there)]
        return (*schemas, *(sql for each in found for sql in statements(each)))


def declared_enums(autogen_context: AutogenContext, default_schema: str) -> dict[Key, ModelEnum]:
    """Return the types that the models declare, without those of tables that the user's filters leave out.

    Raises:
        ModelError: A type that cannot be.
    """
    tables = [table for table in autogen_context.sorted_tables if _included(autogen_context, table)]
    given = autogen_context.metadata
    metadata = [given] if isinstance(given, MetaData) else list(given or ())
    return model_enums(tables, autogen_context.dialect, default_schema, metadata)


def schemas_of(declared: Mapping[Key, ModelEnum]) -> set[str]:
    """Return the schemas that the types are in, or come from."""
    old = [parts(model.renamed_from) for model in declared.values() if model.renamed_from]
    return {key[0] for key in declared} | {path[0] for path in old if len(path) > 1}


def enum_plans(
    autogen_context: AutogenContext,
    declared: Mapping[Key, ModelEnum],
    whole: Snapshot,
    schemas: set[str],
    default_schema: str,
) -> EnumPlans:
    """Find out what happens to each type.

    Args:
        autogen_context: Knows what the user said, and the filters.
        declared: See :func:`declared_enums`.
        whole: What is there, of :func:`schemas_of` at least.
        schemas: Those that are compared.
        default_schema: Stands for a schema that is not given.

    Raises:
        RenameError: Something looks renamed, and nobody says whether it is.
        ModelError: A rename or a replacement is declared that cannot be.
    """
    present = {enum.key: enum for enum in whole.of(Enum)}
    free = {
        key: present[key]
        for key in sorted(present.keys() - declared.keys())
        if _named(autogen_context, present[key], default_schema)
    }
    said = renames.of(autogen_context)
    plans = []
    for key in sorted(declared):
        model = declared[key]
        existing = present.get(key) or _Before(said, model, free, default_schema).found(schemas)
        free.pop(existing.key if existing else (), None)
        found = LabelChanges() if existing is None else changes(model, existing, said)
        plans.append(EnumPlan(model, existing, found, default_schema))
    unused = {key: enum for key, enum in free.items() if enum.schema in schemas}
    return EnumPlans(tuple(plans), unused, frozenset(record.name for record in whole.of(Schema)))


class _Before:
    """Looks for a type of the database that is the model's under another name."""

    def __init__(self, said: renames.Renames, model: ModelEnum, free: Mapping[Key, Enum], default_schema: str) -> None:
        self.said, self.model, self.free, self.default_schema = said, model, free, default_schema

    def found(self, schemas: set[str]) -> Enum | None:
        """Return it: what is declared or said first, then what looks like it.

        Raises:
            RenameError: One looks like it, and nobody says whether it is.
        """
        declared = parts(self.model.renamed_from) if self.model.renamed_from else ()
        for key, enum in self.free.items():
            if declared in {key, key[1:]} or self.said.renamed(*self._paths(enum)) == self.model.name:
                return enum
        likely = (each for each in self.free.values() if each.schema in schemas and each.labels == self.model.labels)
        return next((each for each in likely if self._confirmed(each)), None)

    def _paths(self, enum: Enum) -> list[Key]:
        return [enum.key, enum.key[1:]] if enum.schema == self.default_schema else [enum.key]

    def _confirmed(self, enum: Enum) -> bool:
        paths = self._paths(enum)
        if self.said.removed(*paths):
            return False
        old, title = display(*reversed(paths[-1])), self.model.title
        answer = self.said.ask(f"Was the enum {old} renamed to {title}? Both have the same labels.")
        if answer is None:
            path = renames.written(*paths[-1])
            raise RenameError(
                f"enum {old} is gone and enum {title} of {self.model.column} is new, with the same labels.",
                hint=(
                    f"If it was renamed: -x rename={path}:{renames.written(self.model.name)}, or"
                    f" info={{'type_renamed_from': {old!r}}} on the column. If it is another one: -x remove={path}."
                ),
            )
        return answer


def _included(autogen_context: AutogenContext, table: Table) -> bool:
    return autogen_context.run_object_filters(table, table.name, "table", False, None)


def _named(autogen_context: AutogenContext, enum: Enum, default_schema: str) -> bool:
    """Ask the user's ``include_name``, which meets the type ``"enum"`` here."""
    schema = None if enum.schema == default_schema else enum.schema
    return autogen_context.run_name_filters(enum.name, "enum", {"schema_name": schema})  # type: ignore[arg-type] # Alembic lists its own types only
