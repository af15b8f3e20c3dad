"""What a rebuild of an enumerated type means for this database: refused or described before the script is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from alembic.operations import ops

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.enum_constants import labels_in
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.compare.comparison import compared_here
from alembic_assay.compare.renames import written
from alembic_assay.compare.whole_database import whole_database
from alembic_assay.errors import IrreversibleError
from alembic_assay.ops import enum_rebuild, enum_rows, enum_texts
from alembic_assay.ops.enum_switch import Switch
from alembic_assay.ops.replace_enum import ReplaceEnumOp
from alembic_assay.ops.switch_enum import SwitchEnumOp
from alembic_assay.options import Options
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection

    from alembic_assay.catalog.enums import Enum
    from alembic_assay.catalog.record import Record
    from alembic_assay.compare.comparison import Comparison
    from alembic_assay.compare.enum_plans import EnumPlan


def describe(
    autogen_context: AutogenContext, plan: EnumPlan, first: list[ops.MigrateOperation], moved: Sequence[str]
) -> ReplaceEnumOp:
    """Say in the script what the rebuild rewrites; refuse what would fail.

    Args:
        autogen_context: Of this run.
        plan: What happens to the type; the rebuild comes after its renames.
        first: What the script does before.
        moved: The statements of all renames.

    Returns:
        The rebuild, or the steps that do it while the application runs; these come before the renames.

    Raises:
        AssayError: It cannot be done, would lose rows, or ``enum_rebuild = "refuse"``.
    """
    operation = _replacement(plan)
    connection = cast("Connection", autogen_context.connection)
    title = display(operation.name, operation.schema)
    snapshot = _without(whole_database(autogen_context, moved), first, connection.dialect.default_schema_name)
    rebuild = enum_rebuild.plan(snapshot, plan.key, operation.values, operation.mapping)
    there = columns_before(rebuild.columns, compared_here(autogen_context))
    _refuse_rows(connection, title, rebuild, there)
    enum_texts.refuse_mentions(title, rebuild)
    sizes = enum_rows.sizes(connection, there)
    options = autogen_context.opts.get("assay") or Options()
    if options.enum_rebuild == "refuse" and sizes:
        raise IrreversibleError(
            f"enum {title} would have to be built anew, which rewrites {', '.join(sizes)} under ACCESS EXCLUSIVE.",
            hint="Keep the labels and their order, or allow it: enum_rebuild = 'rewrite' or 'online'.",
        )
    texts = text_notes(rebuild.texts)
    if options.enum_rebuild == "online" and sizes:
        _refuse_first(title, first)
        Switch(snapshot, plan.key, operation.mapping)  # refuses what must be rewritten
        return _switch(plan, [*(f"Fills a new column of {size}, batch by batch." for size in sizes), *texts])
    last = [f"Puts {column} last in its table: it is generated, so it is dropped and added." for column in rebuild.last]
    operation.notes = [*(f"Rewrites {size} under ACCESS EXCLUSIVE." for size in sizes), *last, *texts]
    return operation


def text_notes(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Say which functions name a label in their text, by :func:`~alembic_assay.ops.enum_texts.texts_naming`."""
    return [f"{function} names {label!r} in its text: change it by hand." for function, label in texts]


def _replacement(plan: EnumPlan) -> ReplaceEnumOp:
    renamed, labels = plan.changes.renamed, plan.existing.labels if plan.existing else ()
    schema = None if plan.key[0] == plan.default_schema and not plan.model.schema else plan.key[0]
    return ReplaceEnumOp(
        plan.model.name,
        plan.model.labels,
        schema=schema,
        mapping={old: renamed.get(new, new) for old, new in plan.changes.mapping.items()},
        existing_values=[renamed.get(label, label) for label in labels],
    )


def _switch(plan: EnumPlan, notes: list[str]) -> SwitchEnumOp:
    """Return the online way under the names of before: it commits, so it comes first."""
    existing = cast("Enum", plan.existing)
    return SwitchEnumOp(
        existing.name,
        plan.changes.target,
        schema=plan.schema,
        mapping=plan.changes.mapping,
        existing_values=existing.labels,
        notes=notes,
    )


def _refuse_first(title: str, first: list[ops.MigrateOperation]) -> None:
    if first:
        raise IrreversibleError(
            f"enum {title} cannot be switched online: the same revision drops what names a label that goes.",
            hint="Drop that in a revision of its own before this one, or allow it: enum_rebuild = 'rewrite'.",
        )


def _refuse_rows(connection: Connection, title: str, rebuild: enum_rebuild.Rebuild, columns: Iterable[Column]) -> None:
    if held := enum_rows.held_by(connection, columns, rebuild.unmapped, rebuild.conversion):
        label = rebuild.unmapped[0]
        path = written(rebuild.enum.name, label)
        raise IrreversibleError(
            f"enum {title} would lose {', '.join(map(repr, rebuild.unmapped))}, but {held}.",
            hint=(
                f"Say what such rows get: -x remove={path}:..., or info={{'removed_values': {{{label!r}: ...}}}} on the"
                " column."
            ),
        )


def columns_before(columns: Iterable[Column], compared: Comparison | None) -> list[Column]:
    """Return columns under the names that they have now, before this revision renames tables and columns."""
    renames = () if compared is None else compared.renames
    tables: dict[tuple[str, ...], str] = {(each.table[0], each.new): each.old for each in renames if not each.column}
    names = {(*each.table, each.new): each.old for each in renames if each.column}
    return [
        replace(each, table=tables.get(each.key[:2], each.table), name=names.get(each.key, each.name))
        for each in columns
    ]


def out_of_the_way(
    autogen_context: AutogenContext, operations: list[ops.MigrateOperation], plan: EnumPlan, moved: Sequence[str]
) -> list[ops.MigrateOperation]:
    """Take out of the upgrade the drops of what names a label that goes; they must come before the rebuild.

    Args:
        autogen_context: Of this run.
        operations: Of the upgrade; changed in place.
        plan: What happens to the type.
        moved: The statements of all renames.
    """
    gone = set(plan.changes.gone)
    naming = {
        (record.key[0], record.key[-1])
        for record in (whole_database(autogen_context, moved) if gone and any(_drops(operations)) else ())
        if record.kind in {"constraint", "index"} and labels_in(enum_texts.definition(record), plan.key) & gone
    }
    found: list[ops.MigrateOperation] = []
    for holder, operation in list(_drops(operations)):
        name = getattr(operation, "constraint_name", None) or getattr(operation, "index_name", None)
        if (operation.schema or plan.default_schema, name) in naming:
            holder.remove(operation)
            found.append(operation)
    return found


def _drops(
    operations: list[ops.MigrateOperation],
) -> Iterator[tuple[list[ops.MigrateOperation], ops.DropIndexOp | ops.DropConstraintOp]]:
    for operation in operations:
        if isinstance(operation, ops.DropIndexOp | ops.DropConstraintOp):
            yield operations, operation
        elif isinstance(operation, ops.OpContainer):
            yield from _drops(operation.ops)


def _without(snapshot: Snapshot, first: list[ops.MigrateOperation], default_schema: str | None) -> Snapshot:
    """Return the snapshot as it is after the first operations."""
    dropped = {
        (operation.schema or default_schema, name)
        for operation in first
        if isinstance(operation, ops.DropIndexOp | ops.DropConstraintOp)
        and (name := getattr(operation, "constraint_name", None) or getattr(operation, "index_name", None))
    }
    defaults = {
        (operation.schema or default_schema, operation.table_name, operation.column_name)
        for operation in first
        if isinstance(operation, ops.AlterColumnOp)
    }

    def as_it_is(record: Record) -> Record:
        return replace(record, default=None) if isinstance(record, Column) and record.key in defaults else record

    kept = [
        as_it_is(record)
        for record in snapshot
        if record.kind not in {"constraint", "index"} or (record.key[0], record.key[-1]) not in dropped
    ]
    known = {(record.kind, record.key) for record in kept}
    edges = tuple(
        edge
        for edge in snapshot.dependencies
        if (edge.kind, edge.key) in known and (edge.needs_kind, edge.needs_key) in known
    )
    return Snapshot(tuple(kept), edges)
