"""Directives of the online way: ``op.start_enum_switch``, ``op.copy_enum_values``, ``op.finish_enum_switch``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import MigrateOperation, Operations

from alembic_assay.errors import DirectiveError
from alembic_assay.ops.enums import check_labels, render_call
from alembic_assay.ops.layout import in_block
from alembic_assay.ops.replace_enum import ReplaceEnumOp, check_mapping
from alembic_assay.options import Options
from alembic_assay.sql import Statement, literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection

    from alembic_assay.catalog.snapshot import Snapshot


class _SwitchOp(MigrateOperation):
    """One step of the way.

    Args:
        name: Name of the type.
        values: The labels that it shall have.
        schema: Its schema.
        mapping: Label that vanishes to the one that its rows get.
        batch_pages: How many pages of a table one transaction fills.
    """

    def __init__(
        self,
        name: str,
        values: Sequence[str] = (),
        *,
        schema: str | None = None,
        mapping: Mapping[str, str] | None = None,
        batch_pages: int = 100,
    ) -> None:
        self.name = name
        self.values = list(values)
        self.schema = schema
        self.mapping = dict(mapping or {})
        self.batch_pages = batch_pages


@Operations.register_operation("start_enum_switch")
class StartEnumSwitchOp(_SwitchOp):
    """Make the new type and its columns beside the old ones, and write both from now on."""

    @classmethod
    def start_enum_switch(
        cls,
        operations: Operations,
        name: str,
        values: Sequence[str],
        *,
        schema: str | None = None,
        mapping: Mapping[str, str] | None = None,
    ) -> None:
        """Make the new type and a new column for each old one, which a trigger fills from now on.

        Each lock is short, and waited for no longer than ``lock_timeout``. It may be run again after a failure.
        Belongs into ``autocommit_block()``.

        Args:
            name: Name of the type.
            values: The labels that it shall have, in order.
            schema: Its schema; left out, the first one of the ``search_path`` that has it.
            mapping: Vanishing label to the label that its rows get.

        Raises:
            DirectiveError: Labels that PostgreSQL cannot hold, or a mapping to a label that is not in ``values``.
            IrreversibleError: A column cannot be switched online, or rows hold a label that vanishes.

        Example::

            op.start_enum_switch("priority", ["low", "high"], mapping={"medium": "low"})
        """
        check_labels("op.start_enum_switch", name, values)
        check_mapping("op.start_enum_switch", name, values, mapping or {})
        operations.invoke(cls(name, values, schema=schema, mapping=mapping))


@Operations.register_operation("copy_enum_values")
class CopyEnumValuesOp(_SwitchOp):
    """Fill the new columns of rows that were there before, batch by batch, and build their indexes."""

    @classmethod
    def copy_enum_values(
        cls,
        operations: Operations,
        name: str,
        *,
        schema: str | None = None,
        mapping: Mapping[str, str] | None = None,
        batch_pages: int = 100,
    ) -> None:
        """Fill the new columns in batches that commit one by one, then build their indexes concurrently.

        Triggers of the tables that run on UPDATE run for each row. Belongs into ``autocommit_block()``.

        Args:
            name: Name of the type.
            schema: Its schema; left out, the first one of the ``search_path`` that has it.
            mapping: As for ``op.start_enum_switch``.
            batch_pages: How many pages of 8 KiB one batch covers.

        Raises:
            DirectiveError: It is not in ``autocommit_block()``.

        Example::

            op.copy_enum_values("priority", mapping={"medium": "low"})
        """
        operations.invoke(cls(name, schema=schema, mapping=mapping, batch_pages=batch_pages))


@Operations.register_operation("finish_enum_switch")
class FinishEnumSwitchOp(_SwitchOp):
    """Drop the old columns and the old type, and give the new ones their names."""

    @classmethod
    def finish_enum_switch(
        cls,
        operations: Operations,
        name: str,
        *,
        schema: str | None = None,
        mapping: Mapping[str, str] | None = None,
    ) -> None:
        """Put the new type and its columns in the place of the old ones, with all that hangs on them.

        One transaction under ACCESS EXCLUSIVE, which changes catalogs; only where a CHECK names such a column, or a
        materialised view reads it, that is checked or filled anew. The columns come last in their tables.

        Args:
            name: Name of the type.
            schema: Its schema; left out, the first one of the ``search_path`` that has it.
            mapping: As for ``op.start_enum_switch``.

        Example::

            op.finish_enum_switch("priority", mapping={"medium": "low"})
        """
        operations.invoke(cls(name, schema=schema, mapping=mapping))


class SwitchEnumOp(ReplaceEnumOp):
    """All three steps, in place of one ``op.replace_enum``."""

    def reverse(self) -> SwitchEnumOp:
        """Switch back to the labels that it had."""
        back = super().reverse()
        return SwitchEnumOp(
            back.name, back.values, schema=back.schema, existing_values=back.existing_values, notes=back.notes
        )


def _connection(operations: Operations, directive: str) -> Connection:
    context = operations.get_context()
    if context.as_sql or context.connection is None:
        raise DirectiveError(
            f"{directive} cannot be written with --sql: which columns use the type is known to the database only.",
            hint="Run it online.",
        )
    return context.connection


def _read(connection: Connection) -> Snapshot:
    """Read the catalogs; reading fixes settings, for which it needs a transaction, also in an autocommit block."""
    from alembic_assay.catalog.aside import read  # noqa: PLC0415 - few switch a type

    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        return read(connection)
    connection.exec_driver_sql("BEGIN")
    try:
        return read(connection)
    finally:
        connection.exec_driver_sql("ROLLBACK")


@Operations.implementation_for(StartEnumSwitchOp)
def _start(operations: Operations, operation: StartEnumSwitchOp) -> None:
    from alembic_assay.ops import enum_rebuild, enum_rows, enum_switch  # noqa: PLC0415 - few switch a type

    connection = _connection(operations, "op.start_enum_switch")
    key = enum_rebuild.find(connection, "op.start_enum_switch", operation.name, operation.schema)
    snapshot = _read(connection)
    switch = enum_switch.Switch(snapshot, key, operation.mapping)
    vanishing = [each for each in switch.enum.labels if each not in operation.values and each not in switch.mapping]
    enum_rows.refuse_labels(connection, operation.name, switch.columns, vanishing, switch.conversion)
    existing = frozenset(record.key for record in snapshot if record.kind == "enum")
    for sql in switch.start(operation.values, existing):
        _briefly(operations, connection, sql)


@Operations.implementation_for(CopyEnumValuesOp)
def _copy(operations: Operations, operation: CopyEnumValuesOp) -> None:
    from alembic_assay.ops import enum_rebuild, enum_switch  # noqa: PLC0415 - few switch a type

    connection = _connection(operations, "op.copy_enum_values")
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        raise DirectiveError(
            f"op.copy_enum_values({operation.name!r}) commits batch by batch.",
            hint="Put it into with op.get_context().autocommit_block():.",
        )
    key = enum_rebuild.find(connection, "op.copy_enum_values", operation.name, operation.schema)
    switch = enum_switch.Switch(_read(connection), key, operation.mapping)
    for table, update in switch.batches():
        size = "SELECT pg_relation_size(CAST(:name AS regclass)) / current_setting('block_size')::int + 1"
        pages = connection.exec_driver_sql(size.replace(":name", _literal(table))).scalar_one()
        for first in range(0, pages, operation.batch_pages):
            operations.execute(Statement(update.format(first=first, last=first + operation.batch_pages)))
    for sql in switch.check_not_null():
        _briefly(operations, connection, sql)
    for sql in switch.build_indexes():
        operations.execute(Statement(sql))


def _briefly(operations: Operations, connection: Connection, sql: str) -> None:
    """Run a statement that locks a table; where it does not get the lock soon, nobody shall queue behind it."""
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        operations.execute(Statement(sql))
        return
    options = operations.get_context().opts.get("assay") or Options()
    connection.exec_driver_sql("BEGIN")
    try:
        connection.execute(Statement(f"SET LOCAL lock_timeout = {literal(options.lock_timeout)}"))
        operations.execute(Statement(sql))
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''").replace("%", "%%") + "'"


@Operations.implementation_for(FinishEnumSwitchOp)
def _finish(operations: Operations, operation: FinishEnumSwitchOp) -> None:
    from alembic_assay.ops import enum_rebuild, enum_switch  # noqa: PLC0415 - few switch a type

    connection = _connection(operations, "op.finish_enum_switch")
    key = enum_rebuild.find(connection, "op.finish_enum_switch", operation.name, operation.schema)
    snapshot = _read(connection)
    for sql in enum_switch.Switch(snapshot, key, operation.mapping).finish():
        operations.execute(Statement(sql))


@renderers.dispatch_for(SwitchEnumOp)
def _render(autogen_context: AutogenContext, operation: SwitchEnumOp) -> list[str]:
    common: dict[str, Any] = {"schema": operation.schema, "mapping": operation.mapping}
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    start = render_call(autogen_context, "start_enum_switch", [operation.name, operation.values], **common)
    copy = render_call(autogen_context, "copy_enum_values", [operation.name], **common)
    finish = render_call(autogen_context, "finish_enum_switch", [operation.name], **common)
    return [
        *(f"# {' '.join(note.split())}" for note in operation.notes),
        f"with {prefix}get_context().autocommit_block():",
        in_block(start),
        in_block(copy),
        "",
        finish,
    ]
