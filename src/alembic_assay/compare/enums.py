"""Enumerated types: created before their first use, changed in place, dropped with the last table that uses them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from alembic.operations import ops
from alembic.util import PriorityDispatchResult
from sqlalchemy import MetaData

from alembic_assay.catalog import enums
from alembic_assay.catalog import read as read_catalog
from alembic_assay.catalog.dependencies import needed_by
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.reading import Scope, fixed_settings
from alembic_assay.compare import renames
from alembic_assay.compare.enum_casts import cast_columns
from alembic_assay.compare.enum_defaults import drop_before, leave_to_rename
from alembic_assay.compare.enum_labels import additions, changes
from alembic_assay.compare.enum_rebuilds import describe, out_of_the_way
from alembic_assay.compare.model_enums import ModelEnum, model_enums
from alembic_assay.errors import RenameError
from alembic_assay.ops.enum_types import install_renderer
from alembic_assay.ops.enums import CreateEnumOp, DropEnumOp
from alembic_assay.ops.rename_enum import RenameEnumOp
from alembic_assay.ops.replace_enum import ReplaceEnumOp
from alembic_assay.ops.steps import BeforeRebuildOp
from alembic_assay.options import Options
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection, Table

    from alembic_assay.catalog.enums import Enum

__all__ = ["additions", "compare"]

log = logging.getLogger("alembic.assay.compare.enums")

Found = dict[tuple[str, ...], "Enum"]


def compare(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Add the operations that make the enumerated types of the database those of the models."""
    connection = cast("Connection", autogen_context.connection)
    install_renderer(autogen_context)
    tables = [table for table in autogen_context.sorted_tables if _included(autogen_context, table)]
    default_schema = connection.dialect.default_schema_name
    wanted = model_enums(tables, autogen_context.dialect, default_schema, _metadata(autogen_context))
    with fixed_settings(connection):
        present = {enum.key: enum for enum in enums.read(connection, Scope())}
    in_scope = {schema or default_schema for schema in schemas}
    unused = {
        key: present[key]
        for key in sorted(present.keys() - wanted.keys())
        if present[key].schema in in_scope and _named(autogen_context, present[key])
    }
    for key in sorted(wanted):
        existing = present.get(key) or _renamed(autogen_context, wanted[key], unused)
        unused.pop(existing.key if existing else (), None)
        upgrade_ops.ops.extend(_bring_about(autogen_context, wanted[key], existing, upgrade_ops))
    cast_columns(autogen_context, upgrade_ops)
    if unused:
        upgrade_ops.ops.extend(_drop(autogen_context, connection, upgrade_ops, unused))
    return PriorityDispatchResult.CONTINUE


def _metadata(autogen_context: AutogenContext) -> list[MetaData]:
    given = autogen_context.metadata
    return [given] if isinstance(given, MetaData) else list(given or ())


def _renamed(autogen_context: AutogenContext, model: ModelEnum, unused: Mapping[tuple[str, ...], Enum]) -> Enum | None:
    """Return the type of the database that is the model's under another name.

    Raises:
        RenameError: One looks like it, and nobody says whether it is.
    """
    said = renames.of(autogen_context)
    default_schema = autogen_context.dialect.default_schema_name
    for key, enum in unused.items():
        declared = parts(model.renamed_from) if model.renamed_from else ()
        if declared in {key, key[1:]}:
            return enum
        paths = [key, key[1:]] if enum.schema == default_schema else [key]
        new = said.renamed(*paths)
        if new is not None and new == model.name:
            return enum
        if enum.labels == model.labels and not said.removed(*paths) and _confirmed(said, model, enum):
            return enum
    return None


def _confirmed(said: renames.Renames, model: ModelEnum, enum: Enum) -> bool:
    old = display(enum.name)
    answer = said.ask(f"Was the enum {old} renamed to {model.title}? Both have the same labels.")
    if answer is None:
        path = renames.written(enum.name)
        raise RenameError(
            f"enum {old} is gone and enum {model.title} of {model.column} is new, with the same labels.",
            hint=(
                f"If it was renamed: -x rename={path}:{renames.written(model.name)}, or"
                f" info={{'type_renamed_from': {enum.name!r}}} on the column. If it is another one: -x remove={path}."
            ),
        )
    return answer


def _bring_about(
    autogen_context: AutogenContext, model: ModelEnum, existing: Enum | None, upgrade_ops: ops.UpgradeOps
) -> Iterator[ops.MigrateOperation]:
    if existing is None:
        log.info("Detected added enum type '%s'", model.title)
        yield CreateEnumOp(model.name, model.labels, schema=model.schema)
        return
    dialect = autogen_context.dialect
    schema = None if existing.schema == dialect.default_schema_name and not model.schema else existing.schema
    found = changes(model, existing, renames.of(autogen_context), schema)
    moved = model.schema is not None and model.schema != existing.schema
    leave_to_rename(upgrade_ops.ops, existing.name, model.name, found.renamed, dialect)
    for operation in found.ops:
        if isinstance(operation, ReplaceEnumOp):
            first = [
                *out_of_the_way(autogen_context, upgrade_ops.ops, existing, found.gone),
                *drop_before(upgrade_ops.ops, existing.name, found.gone, dialect),
            ]
            if first:
                yield BeforeRebuildOp(first)
            yield describe(autogen_context, operation, existing, first)
        else:
            yield operation
    if (
        existing.name != model.name
        or moved
        or (model.schema is None and existing.schema != dialect.default_schema_name)
    ):
        log.info("Detected renamed enum type '%s': now '%s'", display(*existing.key[::-1]), model.title)
        target = model.schema or dialect.default_schema_name
        yield RenameEnumOp(
            existing.name,
            model.name,
            schema=existing.schema if target != existing.schema else schema,
            new_schema=target if target != existing.schema else None,
        )


def _drop(
    autogen_context: AutogenContext, connection: Connection, upgrade_ops: ops.UpgradeOps, unused: Found
) -> Iterator[DropEnumOp]:
    """Drop a type when this revision drops the last columns that use it, or when the user asked for it."""
    options = autogen_context.opts.get("assay") or Options()
    default_schema = connection.dialect.default_schema_name
    snapshot = read_catalog(connection)
    hanging = needed_by(snapshot)
    tables = {record.key for record in snapshot if record.kind == "table"}
    gone = set(_vanishing_columns(upgrade_ops.ops, default_schema))
    said = renames.of(autogen_context)
    for enum in unused.values():
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


def _included(autogen_context: AutogenContext, table: Table) -> bool:
    return autogen_context.run_object_filters(table, table.name, "table", False, None)


def _named(autogen_context: AutogenContext, enum: enums.Enum) -> bool:
    """Ask the user's ``include_name``, which meets the type ``"enum"`` here."""
    default_schema = autogen_context.dialect.default_schema_name
    schema = None if enum.schema == default_schema else enum.schema
    return autogen_context.run_name_filters(enum.name, "enum", {"schema_name": schema})  # type: ignore[arg-type] # Alembic lists its own types only
