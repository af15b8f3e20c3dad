"""Enumerated types: ``op.create_enum``, ``op.drop_enum``, ``op.add_enum_value``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import MigrateOperation, Operations

from alembic_assay.errors import DirectiveError, IrreversibleError
from alembic_assay.ops.layout import laid_out
from alembic_assay.sql import MAX_IDENTIFIER_BYTES, Statement, display, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.autogenerate.api import AutogenContext


@Operations.register_operation("create_enum")
class CreateEnumOp(MigrateOperation):
    """Create an enumerated type.

    Args:
        name: Name of the type.
        values: Its labels, in order.
        schema: Its schema; ``None`` for the first one of the ``search_path``.
    """

    def __init__(self, name: str, values: Sequence[str], *, schema: str | None = None) -> None:
        self.name = name
        self.values = list(values)
        self.schema = schema

    @classmethod
    def create_enum(
        cls, operations: Operations, name: str, values: Sequence[str], *, schema: str | None = None
    ) -> None:
        """Issue ``CREATE TYPE … AS ENUM``.

        Args:
            name: Name of the type.
            values: Its labels, in order: at most 63 bytes each, no two equal.
            schema: Its schema; left out, the first one of the ``search_path``.

        Raises:
            DirectiveError: Labels that PostgreSQL cannot hold.

        Example::

            op.create_enum("priority", ["low", "medium", "high"])
        """
        check_labels("op.create_enum", name, values)
        operations.invoke(cls(name, values, schema=schema))

    def reverse(self) -> DropEnumOp:
        """Drop the type."""
        return DropEnumOp(self.name, schema=self.schema, values=self.values)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("add_enum", schema, name, values)``."""
        return ("add_enum", self.schema, self.name, self.values)


@Operations.register_operation("drop_enum")
class DropEnumOp(MigrateOperation):
    """Drop an enumerated type.

    Args:
        name: Name of the type.
        schema: Its schema.
        values: Its labels, which its reverse needs.
    """

    def __init__(self, name: str, *, schema: str | None = None, values: Sequence[str] | None = None) -> None:
        self.name = name
        self.schema = schema
        self.values = None if values is None else list(values)

    @classmethod
    def drop_enum(cls, operations: Operations, name: str, *, schema: str | None = None) -> None:
        """Issue ``DROP TYPE``; PostgreSQL refuses it while a column uses the type.

        Args:
            name: Name of the type.
            schema: Its schema; left out, the first one of the ``search_path`` that has it.

        Example::

            op.drop_enum("priority")
        """
        operations.invoke(cls(name, schema=schema))

    def reverse(self) -> CreateEnumOp:
        """Create the type again.

        Raises:
            IrreversibleError: The labels are not known.
        """
        if self.values is None:
            raise IrreversibleError(
                f"dropping enum {display(self.name, self.schema)} cannot be reversed: its labels are not known.",
                hint=f"Write op.create_enum({self.name!r}, [...]) into downgrade() yourself.",
            )
        return CreateEnumOp(self.name, self.values, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("remove_enum", schema, name, values)``."""
        return ("remove_enum", self.schema, self.name, self.values)


@Operations.register_operation("add_enum_value")
class AddEnumValueOp(MigrateOperation):
    """Add a label to an enumerated type.

    Args:
        name: Name of the type.
        value: The new label.
        before: The existing label that it comes before.
        after: The existing label that it comes after; with neither it comes last.
        schema: The type's schema.
        if_not_exists: Do nothing where the label is there already.
    """

    def __init__(
        self,
        name: str,
        value: str,
        *,
        before: str | None = None,
        after: str | None = None,
        schema: str | None = None,
        if_not_exists: bool = False,
    ) -> None:
        self.name = name
        self.value = value
        self.before = before
        self.after = after
        self.schema = schema
        self.if_not_exists = if_not_exists

    @classmethod
    def add_enum_value(  # noqa: PLR0913 - the clauses of ALTER TYPE … ADD VALUE
        cls,
        operations: Operations,
        name: str,
        value: str,
        *,
        before: str | None = None,
        after: str | None = None,
        schema: str | None = None,
        if_not_exists: bool = False,
    ) -> None:
        """Issue ``ALTER TYPE … ADD VALUE``.

        PostgreSQL refuses to *use* the label in the transaction that adds it. Where the same revision uses it,
        put the directive into ``with op.get_context().autocommit_block():``.

        Args:
            name: Name of the type.
            value: The new label, at most 63 bytes.
            before: The existing label that it comes before.
            after: The existing label that it comes after; with neither it comes last.
            schema: The type's schema; left out, the first one of the ``search_path`` that has it.
            if_not_exists: Do nothing where the label is there already.

        Raises:
            DirectiveError: Both ``before`` and ``after``, or a label that PostgreSQL cannot hold.

        Example::

            op.add_enum_value("priority", "urgent", after="high")
        """
        if before is not None and after is not None:
            raise DirectiveError(
                f"op.add_enum_value({name!r}, {value!r}): expected before or after, got both.",
                hint="Name one neighbour.",
            )
        check_labels("op.add_enum_value", name, [value])
        operations.invoke(cls(name, value, before=before, after=after, schema=schema, if_not_exists=if_not_exists))

    def reverse(self) -> MigrateOperation:
        """Refuse: only the whole type can be reversed, see :class:`ModifyEnumOps`.

        Raises:
            IrreversibleError: Always.
        """
        raise IrreversibleError(
            f"adding {self.value!r} to enum {display(self.name, self.schema)} cannot be reversed by itself.",
            hint=f"Write op.replace_enum({self.name!r}, [...]) with the labels to keep into downgrade().",
        )

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("add_enum_value", schema, name, value, before, after)``."""
        return ("add_enum_value", self.schema, self.name, self.value, self.before, self.after)


def check_labels(directive: str, name: str, labels: Sequence[str]) -> None:
    """Refuse labels that PostgreSQL cannot hold.

    Args:
        directive: What was called, for the message.
        name: Name of the type.
        labels: Its labels, or some of them.

    Raises:
        DirectiveError: A label that is no string, is empty, is longer than 63 bytes, or stands there twice; a name
            that is too long.
    """
    if len(name.encode()) > MAX_IDENTIFIER_BYTES:
        raise DirectiveError(
            f"{directive}: the name {name!r} has {len(name.encode())} bytes, expected at most {MAX_IDENTIFIER_BYTES}."
        )
    for label in labels:
        if not isinstance(label, str):
            raise DirectiveError(f"{directive}({name!r}): expected labels that are strings, got {label!r}.")
        size = len(label.encode())
        if not label or size > MAX_IDENTIFIER_BYTES:
            raise DirectiveError(
                f"{directive}({name!r}): label {label!r} has {size} bytes, expected 1 to {MAX_IDENTIFIER_BYTES}."
            )
    twice = sorted({label for label in labels if list(labels).count(label) > 1})
    if twice:
        raise DirectiveError(f"{directive}({name!r}): label {twice[0]!r} is there twice.")


def create_type(name: str, values: Sequence[str], schema: str | None = None) -> Statement:
    """Return ``CREATE TYPE … AS ENUM``."""
    return Statement(f"CREATE TYPE {qualified(name, schema)} AS ENUM ({', '.join(map(literal, values))})")


@Operations.implementation_for(CreateEnumOp)
def _create_enum(operations: Operations, operation: CreateEnumOp) -> None:
    operations.execute(create_type(operation.name, operation.values, operation.schema))


@Operations.implementation_for(DropEnumOp)
def _drop_enum(operations: Operations, operation: DropEnumOp) -> None:
    operations.execute(Statement(f"DROP TYPE {qualified(operation.name, operation.schema)}"))


@Operations.implementation_for(AddEnumValueOp)
def _add_enum_value(operations: Operations, operation: AddEnumValueOp) -> None:
    clauses = [f"ALTER TYPE {qualified(operation.name, operation.schema)} ADD VALUE"]
    if operation.if_not_exists:
        clauses.append("IF NOT EXISTS")
    clauses.append(literal(operation.value))
    if operation.before is not None:
        clauses.append(f"BEFORE {literal(operation.before)}")
    if operation.after is not None:
        clauses.append(f"AFTER {literal(operation.after)}")
    operations.execute(Statement(" ".join(clauses)))


def render_call(
    autogen_context: AutogenContext, directive: str, arguments: Sequence[object], **keywords: object
) -> str:
    """Write a call of a directive as a formatter would: ``op.create_enum("mood", ["sad"])``.

    Args:
        autogen_context: Knows the prefix (``op.``).
        directive: Name of the directive.
        arguments: Positional arguments, builtin values only.
        keywords: Left out where the value is ``None``, ``False`` or empty.
    """
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    parts = [repr(argument) for argument in arguments]
    parts += [f"{key}={value!r}" for key, value in keywords.items() if value]
    return laid_out(f"{prefix}{directive}({', '.join(parts)})")


@renderers.dispatch_for(CreateEnumOp)
def _render_create_enum(autogen_context: AutogenContext, operation: CreateEnumOp) -> str:
    return render_call(autogen_context, "create_enum", [operation.name, operation.values], schema=operation.schema)


@renderers.dispatch_for(DropEnumOp)
def _render_drop_enum(autogen_context: AutogenContext, operation: DropEnumOp) -> str:
    return render_call(autogen_context, "drop_enum", [operation.name], schema=operation.schema)


@renderers.dispatch_for(AddEnumValueOp)
def _render_add_enum_value(autogen_context: AutogenContext, operation: AddEnumValueOp) -> str:
    return render_call(
        autogen_context,
        "add_enum_value",
        [operation.name, operation.value],
        before=operation.before,
        after=operation.after,
        schema=operation.schema,
        if_not_exists=operation.if_not_exists,
    )
