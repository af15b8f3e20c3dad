"""Enumerated types: created before their first use, extended in place, dropped with the last table that uses them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from alembic.operations import ops
from alembic.util import PriorityDispatchResult

from alembic_assay.catalog import enum_uses, enums
from alembic_assay.catalog.reading import Scope, fixed_settings
from alembic_assay.compare.model_enums import ModelEnum, model_enums
from alembic_assay.ops.enum_types import install_renderer
from alembic_assay.ops.enums import AddEnumValueOp, CreateEnumOp, DropEnumOp
from alembic_assay.ops.replace_enum import ModifyEnumOps, ReplaceEnumOp
from alembic_assay.options import Options
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection, Table

log = logging.getLogger("alembic.assay.compare.enums")


def compare(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Add the operations that make the enumerated types of the database those of the models."""
    connection = cast("Connection", autogen_context.connection)
    install_renderer(autogen_context)
    tables = [table for table in autogen_context.sorted_tables if _included(autogen_context, table)]
    default_schema = connection.dialect.default_schema_name
    wanted = model_enums(tables, autogen_context.dialect, default_schema)
    with fixed_settings(connection):
        present = {enum.key: enum for enum in enums.read(connection, Scope())}
    for key in sorted(wanted):
        upgrade_ops.ops.extend(_bring_about(wanted[key], present.get(key)))
    unused = [present[key] for key in sorted(present.keys() - wanted.keys())]
    if unused:
        in_scope = {schema or default_schema for schema in schemas}
        candidates = [enum for enum in unused if enum.schema in in_scope and _named(autogen_context, enum)]
        upgrade_ops.ops.extend(_drop(autogen_context, connection, upgrade_ops, candidates))
    return PriorityDispatchResult.CONTINUE


def additions(
    name: str, schema: str | None, before: Sequence[str], after: Sequence[str]
) -> list[AddEnumValueOp] | None:
    """Return what must be added, each next to a label that is there by then.

    Args:
        name: Name of the type.
        schema: Its schema.
        before: The labels that it has.
        after: The labels that it shall have.

    Returns:
        ``None`` where labels vanish or change places, so that adding is not enough.

    Example:
        >>> [(op.value, op.before, op.after) for op in additions("e", None, ["b"], ["a", "b", "c"])]
        [('a', 'b', None), ('c', None, 'b')]
    """
    kept = [label for label in after if label in before]
    if kept != list(before):
        return None
    result: list[AddEnumValueOp] = []
    for position, label in enumerate(after):
        if label in before:
            continue
        before_it = before[0] if before and not position else None
        after_it = after[position - 1] if position else None
        result.append(AddEnumValueOp(name, label, before=before_it, after=after_it, schema=schema))
    return result


def _bring_about(model: ModelEnum, existing: enums.Enum | None) -> Iterator[ops.MigrateOperation]:
    title = display(model.name, model.schema)
    if existing is None:
        log.info("Detected added enum type '%s'", title)
        yield CreateEnumOp(model.name, model.labels, schema=model.schema)
    elif existing.labels != model.labels:
        added = additions(model.name, model.schema, existing.labels, model.labels)
        if added is None:
            log.info("Detected changed enum type '%s': %s to %s", title, list(existing.labels), list(model.labels))
            yield ReplaceEnumOp(model.name, model.labels, schema=model.schema, existing_values=existing.labels)
            return
        for addition in added:
            log.info("Detected added value %r of enum type '%s'", addition.value, title)
        yield ModifyEnumOps(
            model.name, added, schema=model.schema, existing_values=existing.labels, values=model.labels
        )


def _drop(
    autogen_context: AutogenContext,
    connection: Connection,
    upgrade_ops: ops.UpgradeOps,
    unused: Iterable[enums.Enum],
) -> Iterator[DropEnumOp]:
    """Drop a type when this revision drops the last columns that use it, or when the user asked for it."""
    options = autogen_context.opts.get("assay") or Options()
    default_schema = connection.dialect.default_schema_name
    uses = enum_uses.read(connection)
    gone = set(_vanishing_columns(upgrade_ops.ops, default_schema))
    for enum in unused:
        of_enum = uses[enum.key]
        in_use = [column for column in of_enum.columns if not _goes(column, gone)]
        wanted = bool(of_enum.columns) or options.drop_unused
        if wanted and not in_use and not of_enum.others:
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
