"""Enumerated types under other names: ``op.rename_enum``, ``op.rename_enum_value``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import MigrateOperation, Operations

from alembic_assay.errors import DirectiveError
from alembic_assay.ops.enums import check_labels, render_call
from alembic_assay.sql import Statement, identifier, literal, qualified

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


@Operations.register_operation("rename_enum_value")
class RenameEnumValueOp(MigrateOperation):
    """Rename a label of an enumerated type.

    Args:
        name: Name of the type.
        value: The label as it is.
        new_value: The label as it shall be.
        schema: The type's schema.

    Attributes:
        notes: What the script says of it in comments.
    """

    def __init__(self, name: str, value: str, new_value: str, *, schema: str | None = None) -> None:
        self.notes: list[str] = []
        self.name = name
        self.value = value
        self.new_value = new_value
        self.schema = schema

    @classmethod
    def rename_enum_value(
        cls, operations: Operations, name: str, value: str, new_value: str, *, schema: str | None = None
    ) -> None:
        """Issue ``ALTER TYPE … RENAME VALUE``: at once, with all that uses the label, whatever the size of tables.

        Only the text of functions keeps the old label, where it is not written with ``BEGIN ATOMIC``.

        Args:
            name: Name of the type.
            value: The label as it is.
            new_value: The label as it shall be, at most 63 bytes.
            schema: The type's schema; left out, the first one of the ``search_path`` that has it.

        Raises:
            DirectiveError: A label that PostgreSQL cannot hold.

        Example::

            op.rename_enum_value("priority", "high", "urgent")
        """
        check_labels("op.rename_enum_value", name, [new_value])
        operations.invoke(cls(name, value, new_value, schema=schema))

    def reverse(self) -> RenameEnumValueOp:
        """Rename it back."""
        return RenameEnumValueOp(self.name, self.new_value, self.value, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("rename_enum_value", schema, name, value, new_value)``."""
        return ("rename_enum_value", self.schema, self.name, self.value, self.new_value)


@Operations.register_operation("rename_enum")
class RenameEnumOp(MigrateOperation):
    """Give an enumerated type another name, or another schema.

    Args:
        name: Name of the type.
        new_name: Its new name.
        schema: Its schema.
        new_schema: The schema that it is moved to; ``None`` leaves it where it is.
    """

    def __init__(
        self, name: str, new_name: str | None = None, *, schema: str | None = None, new_schema: str | None = None
    ) -> None:
        self.name = name
        self.new_name = name if new_name is None else new_name
        self.schema = schema
        self.new_schema = new_schema

    @classmethod
    def rename_enum(
        cls,
        operations: Operations,
        name: str,
        new_name: str | None = None,
        *,
        schema: str | None = None,
        new_schema: str | None = None,
    ) -> None:
        """Issue ``ALTER TYPE … RENAME TO`` and ``SET SCHEMA``: at once, with all that uses the type.

        Args:
            name: Name of the type.
            new_name: Its new name, at most 63 bytes; left out, it keeps its name.
            schema: Its schema; left out, the first one of the ``search_path`` that has it.
            new_schema: The schema to move it to; left out, it stays.

        Raises:
            DirectiveError: Neither a new name nor a new schema, or a name that is too long.

        Example::

            op.rename_enum("mood", "feeling")
            op.rename_enum("feeling", new_schema="app")
        """
        operation = cls(name, new_name, schema=schema, new_schema=new_schema)
        if operation.new_name == name and new_schema is None:
            raise DirectiveError(f"op.rename_enum({name!r}): expected a new name or new_schema, got neither.")
        check_labels("op.rename_enum", operation.new_name, [])
        operations.invoke(operation)

    def reverse(self) -> RenameEnumOp:
        """Give it back its name and schema.

        Raises:
            DirectiveError: The schema that it comes from is not known.
        """
        if self.new_schema is not None and self.schema is None:
            raise DirectiveError(
                f"op.rename_enum({self.name!r}, new_schema={self.new_schema!r}) cannot be reversed: the schema that it"
                " comes from is not known.",
                hint="Name it: schema=...",
            )
        moved = self.new_schema is not None
        return RenameEnumOp(
            self.new_name, self.name, schema=self.new_schema or self.schema, new_schema=self.schema if moved else None
        )

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("rename_enum", schema, name, new_schema, new_name)``."""
        return ("rename_enum", self.schema, self.name, self.new_schema, self.new_name)


def statements(operation: RenameEnumValueOp | RenameEnumOp) -> list[str]:
    """Return the SQL of a rename."""
    type_ = qualified(operation.name, operation.schema)
    if isinstance(operation, RenameEnumValueOp):
        return [f"ALTER TYPE {type_} RENAME VALUE {literal(operation.value)} TO {literal(operation.new_value)}"]
    found = []
    if operation.new_name != operation.name:
        found.append(f"ALTER TYPE {type_} RENAME TO {identifier(operation.new_name)}")
    if operation.new_schema is not None:
        type_ = qualified(operation.new_name, operation.schema)
        found.append(f"ALTER TYPE {type_} SET SCHEMA {identifier(operation.new_schema)}")
    return found


@Operations.implementation_for(RenameEnumValueOp)
@Operations.implementation_for(RenameEnumOp)
def _rename(operations: Operations, operation: RenameEnumValueOp | RenameEnumOp) -> None:
    for sql in statements(operation):
        operations.execute(Statement(sql))


@renderers.dispatch_for(RenameEnumValueOp)
def _render_rename_enum_value(autogen_context: AutogenContext, operation: RenameEnumValueOp) -> list[str]:
    arguments = [operation.name, operation.value, operation.new_value]
    call = render_call(autogen_context, "rename_enum_value", arguments, schema=operation.schema)
    return [*(f"# {' '.join(note.split())}" for note in operation.notes), call]


@renderers.dispatch_for(RenameEnumOp)
def _render_rename_enum(autogen_context: AutogenContext, operation: RenameEnumOp) -> str:
    names = [operation.name, *([operation.new_name] if operation.new_name != operation.name else [])]
    return render_call(autogen_context, "rename_enum", names, schema=operation.schema, new_schema=operation.new_schema)
