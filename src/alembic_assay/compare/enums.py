"""Enumerated types: created before their first use, changed in place, dropped with the last table that uses them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from alembic.operations import ops
from alembic.util import PriorityDispatchResult

from alembic_assay import catalog
from alembic_assay.catalog.aside_closure import refuse_partition_keys, type_of
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.dependencies import needed_by
from alembic_assay.compare import renames
from alembic_assay.compare.comparison import compared_here
from alembic_assay.compare.enum_casts import cast_columns
from alembic_assay.compare.enum_defaults import drop_before, leave_to_rename
from alembic_assay.compare.enum_labels import additions
from alembic_assay.compare.enum_plans import declared_enums, enum_plans, schemas_of
from alembic_assay.compare.enum_rebuilds import describe, out_of_the_way, text_notes
from alembic_assay.compare.whole_database import whole_database
from alembic_assay.errors import AsideError
from alembic_assay.ops.enum_texts import texts_naming
from alembic_assay.ops.enum_types import install_renderer
from alembic_assay.ops.enums import CreateEnumOp, DropEnumOp
from alembic_assay.ops.execute_sql import CreateSchemaOp
from alembic_assay.ops.rename_enum import RenameEnumOp, RenameEnumValueOp
from alembic_assay.ops.replace_enum import ModifyEnumOps
from alembic_assay.ops.steps import BeforeRebuildOp
from alembic_assay.options import Options
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection

    from alembic_assay.catalog.enums import Enum
    from alembic_assay.compare.enum_plans import EnumPlan, EnumPlans
    from alembic_assay.ops.enums import AddEnumValueOp

__all__ = ["additions", "compare"]

log = logging.getLogger("alembic.assay.compare.enums")


def compare(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Add the operations that make the enumerated types of the database those of the models."""
    install_renderer(autogen_context)
    compared = compared_here(autogen_context)
    found = _plans(autogen_context, schemas) if compared is None else compared.enums
    moved = found.sql if compared is None else compared.moved
    first = [each for plan in found.plans for each in _bring_about(autogen_context, plan, upgrade_ops, moved)]
    schemas_made = sum(isinstance(each, CreateSchemaOp) for each in upgrade_ops.ops)
    upgrade_ops.ops[schemas_made:schemas_made] = first  # who tries the operations out finds the types there
    cast_columns(autogen_context, upgrade_ops)
    if found.unused:
        upgrade_ops.ops.extend(_drop(autogen_context, upgrade_ops, found, moved))
    return PriorityDispatchResult.CONTINUE


def _plans(autogen_context: AutogenContext, schemas: set[str | None]) -> EnumPlans:
    """Find what happens to the types where Alembic's own comparison of tables runs."""
    connection = cast("Connection", autogen_context.connection)
    default_schema = connection.dialect.default_schema_name or "public"
    names = {schema or default_schema for schema in schemas}
    declared = declared_enums(autogen_context, default_schema)
    whole = catalog.read(connection, schemas=sorted(names | schemas_of(declared)))
    return enum_plans(autogen_context, declared, whole, names, default_schema)


def _bring_about(
    autogen_context: AutogenContext, plan: EnumPlan, upgrade_ops: ops.UpgradeOps, moved: Sequence[str]
) -> Iterator[ops.MigrateOperation]:
    model, existing = plan.model, plan.existing
    if existing is None:
        log.info("Detected added enum type '%s'", model.title)
        yield CreateEnumOp(model.name, model.labels, schema=model.schema)
        return
    dialect, target = autogen_context.dialect, plan.changes.target
    if plan.renames and compared_here(autogen_context) is None:
        leave_to_rename(upgrade_ops.ops, existing.name, model.name, plan.changes.renamed, dialect)
    added = additions(existing.name, plan.schema, existing.labels, target) if target else []
    if added:
        for addition in added:
            log.info("Detected added value %r of enum type '%s'", addition.value, model.title)
        yield _additions(autogen_context, plan, added)
    texts = texts_naming(whole_database(autogen_context, moved), renamed) if (renamed := plan.changes.renamed) else []
    for rename in plan.renames:
        if isinstance(rename, RenameEnumValueOp):
            rename.notes = text_notes(each for each in texts if each[1] == rename.value)
        _tell(rename, plan)
        yield rename
    if added is None:
        log.info("Detected changed enum type '%s': %s to %s", model.title, list(existing.labels), list(model.labels))
        gone = plan.changes.gone
        first = [
            *out_of_the_way(autogen_context, upgrade_ops.ops, plan, moved),
            *drop_before(upgrade_ops.ops, {existing.name, model.name}, gone, dialect),
        ]
        if first:
            yield BeforeRebuildOp(first)
        yield describe(autogen_context, plan, first, moved)


def _additions(autogen_context: AutogenContext, plan: EnumPlan, added: list[AddEnumValueOp]) -> ModifyEnumOps:
    existing, target = cast("Enum", plan.existing), plan.changes.target
    found = ModifyEnumOps(existing.name, added, schema=plan.schema, existing_values=existing.labels, values=target)
    compared = compared_here(autogen_context)
    if compared is not None:
        columns = [("column", each.key) for each in compared.whole.of(Column) if type_of(each) == plan.key]
        try:
            refuse_partition_keys(compared.whole, set(columns))
        except AsideError as error:
            found.notes.append(f"Will be refused: {error.message}")
    return found


def _tell(rename: RenameEnumOp | RenameEnumValueOp, plan: EnumPlan) -> None:
    if isinstance(rename, RenameEnumOp):
        old = display(rename.name, None if plan.existing is None else plan.existing.schema)
        log.info("Detected renamed enum type '%s': now '%s'", old, plan.model.title)
    else:
        title = plan.model.title
        log.info("Detected renamed value %r of enum type '%s': now %r", rename.value, title, rename.new_value)


def _drop(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, found: EnumPlans, moved: Sequence[str]
) -> Iterator[DropEnumOp]:
    """Drop a type when this revision drops the last columns that use it, or when the user asked for it."""
    options = autogen_context.opts.get("assay") or Options()
    default_schema = autogen_context.dialect.default_schema_name
    snapshot = whole_database(autogen_context, moved)
    hanging = needed_by(snapshot)
    tables = {record.key for record in snapshot if record.kind == "table"}
    gone = set(_vanishing_columns(upgrade_ops.ops, default_schema))
    said = renames.of(autogen_context)
    for enum in found.unused.values():
        users = hanging.get((enum.kind, enum.key), ())
        columns = [key for kind, key in users if kind == "column" and key[:2] in tables]
        others = [key for kind, key in users if kind not in {"column", "constraint", "index"}]
        in_use = [column for column in columns if not _goes(column, gone)]
        wanted = bool(columns) or options.drop_unused or said.removed(enum.key, enum.key[1:])
        if wanted and not in_use and not others:
            schema = None if enum.schema == default_schema else enum.schema
            log.info("Detected removed enum type '%s'", display(enum.name, schema))
            yield DropEnumOp(enum.name, schema=schema, values=enum.labels)


def _goes(column: Sequence[str], gone: set[tuple[str | None, ...]]) -> bool:
    """Whether a column goes by itself or with its table."""
    return tuple(column) in gone or tuple(column[:2]) in gone


def _vanishing_columns(
    operations: Iterable[ops.MigrateOperation], default_schema: str | None
) -> Iterator[tuple[str | None, ...]]:
    """Yield ``(schema, table)`` of dropped tables and ``(schema, table, column)`` of dropped or retyped columns."""
    for operation in operations:
        if isinstance(operation, ops.OpContainer):
            yield from _vanishing_columns(operation.ops, default_schema)
        elif isinstance(operation, ops.DropTableOp):
            yield (operation.schema or default_schema, operation.table_name)
        elif isinstance(operation, ops.DropColumnOp) or (
            isinstance(operation, ops.AlterColumnOp) and operation.modify_type is not None
        ):
            yield (operation.schema or default_schema, operation.table_name, operation.column_name)
