"""Columns: added, dropped, changed, with the values that they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import render_op, renderers
from alembic.operations import ops

from alembic_assay.catalog import create_columns, create_grants, create_properties
from alembic_assay.catalog.names import parts
from alembic_assay.ops import column_values
from alembic_assay.ops.casts import using
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.layout import laid_out, lay_out
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.ops.script_columns import risky, script_column, script_type, server_default
from alembic_assay.ops.table_operations import lost
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

    from alembic_assay.catalog.columns import Column
    from alembic_assay.ops.planning import Side


class AddColumn(ops.AddColumnOp):
    """A column that can be dropped and made again as it was."""

    def reverse(self) -> DropColumn:
        """Drop it."""
        return DropColumn(self.table_name, self.column.name, self, schema=self.schema)


class AddColumnSql(SqlOp):
    """A column that only SQL can say.

    Args:
        statements: Which make it.
        column: The record.
        schema: Its schema, as scripts give it.
    """

    def __init__(self, statements: list[str], column: Column, schema: str | None) -> None:
        super().__init__(statements, title=column.title)
        self.table_name = column.table
        self.column_name = column.name
        self.schema = schema

    def reverse(self) -> Any:
        """Drop it."""
        return DropColumn(self.table_name, self.column_name, self, schema=self.schema)


class DropColumn(ops.DropColumnOp):
    """A column that can be made again as it was.

    Args:
        table_name: Its table.
        column_name: Its name.
        creation: What makes it again.
        schema: The schema of its table, as scripts give it.
    """

    def __init__(
        self, table_name: str, column_name: str, creation: AddColumn | AddColumnSql, *, schema: str | None
    ) -> None:
        known = creation if isinstance(creation, AddColumn) else None
        super().__init__(table_name, column_name, schema=schema, _reverse=known)
        self.creation = creation
        self.rows: int | None = None

    def reverse(self) -> Any:
        """Make it again."""
        return self.creation


class AlterColumn(ops.AlterColumnOp):
    """A changed column, whose values can be converted in both directions.

    Args:
        table_name: Its table.
        column_name: Its name.
        there: USING of the upgrade.
        back: USING of the downgrade.
        options: As of Alembic's operation.
    """

    def __init__(
        self, table_name: str, column_name: str, *, there: str | None = None, back: str | None = None, **options: Any
    ) -> None:
        extra: dict[str, Any] = {"postgresql_using": there} if there is not None else {}
        super().__init__(table_name, column_name, **options, **extra)
        self.there, self.back = there, back

    def reverse(self) -> AlterColumn:
        """Change it back."""
        options: dict[str, Any] = {"schema": self.schema}
        for name, unchanged in _CHANGES.items():
            modified, existing = getattr(self, f"modify_{name}"), getattr(self, f"existing_{name}")
            if modified is unchanged:
                options[f"existing_{name}"] = existing
            else:
                options |= {f"existing_{name}": modified, f"modify_{name}": existing}
        return AlterColumn(self.table_name, self.column_name, there=self.back, back=self.there, **options)


_CHANGES: dict[str, Any] = {"type": None, "nullable": None, "server_default": False, "comment": False}


@renderers.dispatch_for(AlterColumn)
def _render_alter(autogen_context: AutogenContext, operation: AlterColumn) -> str:
    plain = ops.AlterColumnOp(
        operation.table_name,
        operation.column_name,
        schema=operation.schema,
        **{f"modify_{name}": getattr(operation, f"modify_{name}") for name in _CHANGES},
        **{f"existing_{name}": getattr(operation, f"existing_{name}") for name in _CHANGES},
    )
    (text,) = render_op(autogen_context, plain)
    return laid_out(text if operation.there is None else f"{text[:-1]}, postgresql_using={operation.there!r})")


@renderers.dispatch_for(DropColumn)
def _render_drop(autogen_context: AutogenContext, operation: DropColumn) -> list[str]:
    plain = ops.DropColumnOp(operation.table_name, operation.column_name, schema=operation.schema)
    return [*lost(operation.rows, "column"), *map(laid_out, render_op(autogen_context, plain))]


lay_out(AddColumn)


def creation(record: Column, side: Side) -> list[Planned]:
    """Add a column to a table that is there."""
    place = (side.place["table", (record.schema, record.table)], record.position)
    schema = side.schema(record.schema)
    column = script_column(record, side)
    planned: list[Planned] = []
    details = list(create_columns.details(record))
    if column is not None:
        planned.append(Planned(AddColumn(record.table, column, schema=schema), Stage.COLUMN, (*place, 1)))
    else:
        planned.append(Planned(AddColumnSql(_added(record, side), record, schema), Stage.COLUMN, (*place, 1)))
        details += create_properties.comment(record) if record.comment is not None else ()
    owner: str = side.context.tables[record.schema, record.table].owner
    details += create_grants.grants(record, owner, owners=False)
    if details:
        planned.append(Planned(SqlOp(details, title=record.title), Stage.COLUMN, (*place, 2)))
    return planned


def _added(record: Column, side: Side) -> list[str]:
    table = qualified(record.table, record.schema)
    add = f"ALTER TABLE {table} ADD COLUMN {create_columns.written(record, side.context)}"
    sequence: Any = side.sequence(record)
    if sequence is None or sequence.identity:
        return [add]
    made = side.steps["sequence", sequence.key].statements
    return [*made, add, *side.steps["owned sequence", sequence.key].statements]


def dropped(record: Column, side: Side) -> list[Planned]:
    """Drop a column."""
    return [planned.reverse() for planned in creation(record, side)]


def rebuilt(before: Column, after: Column) -> bool:
    """Whether a column can only be dropped and added again."""
    if after.generated is None:
        return False
    return (before.generated, before.default, before.type) != (after.generated, after.default, after.type)


def altered(before: Column, after: Column, old: Side, new: Side) -> list[Planned]:
    """Change a column in place."""
    place = (new.place["table", (after.schema, after.table)], after.position)
    differing = set(before.differing_fields(after))
    planned: list[tuple[int, Any]] = []
    plain = column_values.source(before, old) == column_values.source(after, new) == "default"
    retyped = bool(differing & {"type", "collation"})
    if plain and not risky(before.default) and not risky(after.default):
        planned += _by_alembic(before, after, old, new)
    else:
        planned += _by_sql(before, after, old, new, retyped=retyped)
    there, back = _settings(before, after), _settings(after, before)
    if there or back:
        planned.append((9, SqlOp(there, back, title=after.title)))
    return [Planned(op, Stage.COLUMN, (*place, number)) for number, op in planned]


def _of_enum(record: Column, side: Side) -> bool:
    """Whether a column holds an enumerated type: the comparison of enums says how it is cast, moved or renamed."""
    return ("enum", parts(record.type.removesuffix("[]"))) in side.records


def _conversion(before: Column, after: Column) -> tuple[str | None, str | None]:
    name = identifier(after.name)
    return using(before.type, after.type, name), using(after.type, before.type, name)


def _by_alembic(before: Column, after: Column, old: Side, new: Side) -> list[tuple[int, Any]]:
    """Change type, default, NOT NULL and comment of a column without sequence and generation expression."""
    old_type, new_type = script_type(before, old), script_type(after, new)
    if before.type == after.type and before.collation == after.collation:
        old_type = new_type = new_type or old_type
    there, back = (None, None) if _of_enum(before, old) or _of_enum(after, new) else _conversion(before, after)
    retyped = (before.type, before.collation) != (after.type, after.collation)
    if retyped and (old_type is None or new_type is None):
        return _by_sql(before, after, old, new, retyped=True)
    first: dict[str, Any] = {"existing_type": old_type}
    changes: dict[str, Any] = {"existing_nullable": not before.not_null, "existing_comment": before.comment}
    if retyped:
        first |= {"modify_type": new_type, "there": there, "back": back}
    if before.not_null != after.not_null:
        changes["modify_nullable"] = not after.not_null
    if before.comment != after.comment:
        changes["modify_comment"] = after.comment
    defaults = (server_default(before, old), server_default(after, new))
    schema = new.schema(after.schema)
    if not (there or back) or (before.default is None and after.default is None):
        if before.default != after.default:
            first |= {"existing_server_default": defaults[0], "modify_server_default": defaults[1]}
        elif before.default is not None:
            first["existing_server_default"] = defaults[1]
        return [(3, AlterColumn(after.table, after.name, schema=schema, **first, **changes))]
    convert = AlterColumn(after.table, after.name, schema=schema, **first, **changes)
    return _around(convert, (old_type, new_type), defaults)


def _around(convert: AlterColumn, types: tuple[Any, Any], defaults: tuple[Any, Any]) -> list[tuple[int, Any]]:
    """Drop a default before a conversion that it would not survive, and set that of the new type after it."""
    found: list[tuple[int, Any]] = [(3, convert)]
    for place, type_, values in ((1, types[0], (defaults[0], None)), (5, types[1], (None, defaults[1]))):
        if values != (None, None):
            change = {"existing_server_default": values[0], "modify_server_default": values[1]}
            alter = AlterColumn(
                convert.table_name, convert.column_name, schema=convert.schema, existing_type=type_, **change
            )
            found.append((place, alter))
    return found


def _by_sql(before: Column, after: Column, old: Side, new: Side, *, retyped: bool) -> list[tuple[int, Any]]:
    there = _sql(before, after, old, new, retyped=retyped)
    back = _sql(after, before, new, old, retyped=retyped)
    return [(3, SqlOp(there, back, title=after.title))] if there or back else []


def _sql(before: Column, after: Column, old: Side, new: Side, *, retyped: bool) -> list[str]:
    alter = f"ALTER TABLE {qualified(after.table, after.schema)} ALTER COLUMN {identifier(after.name)}"
    values = column_values.changed(before, after, old, new)
    statements = []
    if before.not_null and not after.not_null and before.identity is None:
        statements.append(f"{alter} DROP NOT NULL")
    if not before.not_null and after.not_null:
        statements.append(f"{alter} SET NOT NULL")
    if retyped and after.generated is None:
        conversion = using(before.type, after.type, identifier(after.name))
        restored = before.default is not None and before.identity is None and conversion is not None
        words = [alter, "TYPE", after.type, *(["COLLATE", after.collation] if after.collation else [])]
        statements += [f"{alter} DROP DEFAULT"] if restored else []
        statements.append(" ".join([*words, *(["USING", conversion] if conversion else [])]))
        if restored and after.default is not None and not any(" SET DEFAULT " in each for each in values):
            values = [*values, f"{alter} SET DEFAULT {after.default}"]
    statements += values
    if before.not_null and not after.not_null and before.identity is not None:
        statements.append(f"{alter} DROP NOT NULL")
    if before.comment != after.comment:
        statements.append(create_properties.comment_on(after))
    return statements


def _settings(before: Column, after: Column) -> list[str]:
    """Return what makes the storage settings of a column those of another."""
    alter = f"ALTER TABLE {qualified(after.table, after.schema)} ALTER COLUMN {identifier(after.name)}"
    if before.statistics == after.statistics and before.options == after.options:
        return []
    return [f"{alter} SET STATISTICS {-1 if after.statistics is None else after.statistics}"]
