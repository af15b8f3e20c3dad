"""Enumerated types of a migration between two documents: the operations of autogenerate, without a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.diff import diff
from alembic_assay.catalog.enum_constants import labels_in
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.compare.enum_labels import additions, changes
from alembic_assay.compare.model_enums import ModelEnum
from alembic_assay.compare.renames import Renames
from alembic_assay.emit.migration_renames import DEFAULT_SCHEMA
from alembic_assay.ops.enums import CreateEnumOp, DropEnumOp
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.replace_enum import ModifyEnumOps, ReplaceEnumOp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic.operations import MigrateOperation

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.compare.enum_labels import LabelChanges
    from alembic_assay.emit.migration_units import Whole

Removed = dict[tuple[str, ...], dict[str, str | None]]


@dataclass(slots=True)
class EnumOperations:
    """What happens to enumerated types.

    Args:
        early: Before tables are changed.
        late: After that.
        defaults: Kind and key of the columns whose default names a label that goes.
    """

    early: list[MigrateOperation] = field(default_factory=list)
    late: list[MigrateOperation] = field(default_factory=list)
    defaults: set[Key] = field(default_factory=set)


def enum_operations(before: Snapshot, after: Snapshot, removed: Removed) -> EnumOperations:
    """Return the operations that make the types of one side those of the other.

    Args:
        before: With renamed types and labels under their new names.
        after: The new side.
        removed: Of each type, the labels that are gone and their replacements.
    """
    found = EnumOperations()
    for change in diff(Snapshot(before.of(Enum)), Snapshot(after.of(Enum))):
        old, new = change.before, change.after
        if isinstance(new, Enum) and old is None:
            found.early.append(CreateEnumOp(new.name, new.labels, schema=_schema(new)))
        elif isinstance(old, Enum) and isinstance(new, Enum):
            if old.labels == new.labels:
                continue
            gone = {label: removed.get(new.key, {}).get(label) for label in old.labels if label not in new.labels}
            found.early.append(_changed(old, new, changes(_model(new, gone), old, Renames([]))))
            found.defaults |= _naming(before, old.key, gone)
        elif isinstance(old, Enum):
            found.late.append(DropEnumOp(old.name, schema=_schema(old), values=old.labels))
    return found


def _changed(old: Enum, new: Enum, labels: LabelChanges) -> MigrateOperation:
    """Return what gives a type other labels: added in place if that is enough, else the type is built anew."""
    name, schema, target = old.name, _schema(new), list(labels.target)
    added = additions(name, schema, old.labels, target)
    if added is None:
        return ReplaceEnumOp(name, target, schema=schema, mapping=labels.mapping, existing_values=old.labels)
    return ModifyEnumOps(name, added, schema=schema, existing_values=old.labels, values=target)


def with_properties(operations: list[MigrateOperation], old: Whole) -> list[MigrateOperation]:
    """Add to each type that is dropped how it gets its comment and privileges back."""
    found: list[MigrateOperation] = []
    for each in operations:
        if isinstance(each, DropEnumOp):
            record = old.records["enum", (each.schema or DEFAULT_SCHEMA, each.name)]
            if statements := list(old.properties(record)):
                found.append(SqlOp([], statements, title=record.title))
        found.append(each)
    return found


def _naming(snapshot: Snapshot, key: tuple[str, ...], gone: Mapping[str, str | None]) -> set[Key]:
    columns = [each for each in snapshot.of(Column) if each.default is not None and each.generated is None]
    return {(each.kind, each.key) for each in columns if labels_in(str(each.default), key) & gone.keys()}


def _model(record: Enum, removed: dict[str, str | None]) -> ModelEnum:
    type_ = postgresql.ENUM(*record.labels, name=record.name, schema=record.schema)
    return ModelEnum(type_, record.schema, record.name, record.labels, "the new document", removed=removed)


def _schema(record: Enum) -> str | None:
    return None if record.schema == DEFAULT_SCHEMA else record.schema
