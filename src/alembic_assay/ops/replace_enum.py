"""Enumerated types with another list of labels: ``op.replace_enum``, and the way back from added labels."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import render_op, renderers
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import OpContainer

from alembic_assay.errors import DirectiveError, IrreversibleError
from alembic_assay.ops.enums import AddEnumValueOp, check_labels, render_call
from alembic_assay.ops.layout import in_block
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alembic.autogenerate.api import AutogenContext


@Operations.register_operation("replace_enum")
class ReplaceEnumOp(MigrateOperation):
    """Give an enumerated type another list of labels by building it anew.

    Args:
        name: Name of the type.
        values: The labels that it shall have, in order.
        schema: Its schema.
        mapping: What rows that hold a vanishing label get instead.
        existing_values: The labels that it has, which its reverse needs.
        notes: What the script says of it in comments.
    """

    def __init__(
        self,
        name: str,
        values: Sequence[str],
        *,
        schema: str | None = None,
        mapping: Mapping[str, str] | None = None,
        existing_values: Sequence[str] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.values = list(values)
        self.schema = schema
        self.mapping = dict(mapping or {})
        self.existing_values = None if existing_values is None else list(existing_values)
        self.notes = list(notes)

    @classmethod
    def replace_enum(
        cls,
        operations: Operations,
        name: str,
        values: Sequence[str],
        *,
        schema: str | None = None,
        mapping: Mapping[str, str] | None = None,
    ) -> None:
        """Build a type anew with other labels, and move every column over.

        It rewrites each table that uses the type under ACCESS EXCLUSIVE. Nothing is changed when rows still
        hold a label that vanishes and ``mapping`` does not name its replacement.

        Args:
            name: Name of the type.
            values: The labels that it shall have, in order.
            schema: Its schema; left out, the first one of the ``search_path`` that has it.
            mapping: Vanishing label to the label that its rows get.

        Raises:
            DirectiveError: Labels that PostgreSQL cannot hold, or a mapping to a label that is not in ``values``.
            IrreversibleError: Rows hold a vanishing label; says which and how many.

        Example::

            op.replace_enum("priority", ["low", "high"], mapping={"medium": "low"})
        """
        check_labels("op.replace_enum", name, values)
        check_mapping("op.replace_enum", name, values, mapping or {})
        operations.invoke(cls(name, values, schema=schema, mapping=mapping))

    def reverse(self) -> ReplaceEnumOp:
        """Build the type anew with the labels that it had.

        Raises:
            IrreversibleError: Those are not known.
        """
        if self.existing_values is None:
            raise IrreversibleError(
                f"replacing enum {display(self.name, self.schema)} cannot be reversed: its labels are not known."
            )
        lost = [f"Rows that held {old!r} stay {new!r}: which ones is not known." for old, new in self.mapping.items()]
        return ReplaceEnumOp(
            self.name, self.existing_values, schema=self.schema, existing_values=self.values, notes=lost
        )

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("replace_enum", schema, name, values)``."""
        return ("replace_enum", self.schema, self.name, self.values)


def check_mapping(directive: str, name: str, values: Sequence[str], mapping: Mapping[str, str]) -> None:
    """Refuse replacements that are no labels.

    Raises:
        DirectiveError: A label is mapped to one that the type shall not have.
    """
    for old, new in mapping.items():
        if new not in values:
            raise DirectiveError(
                f"{directive}({name!r}): mapping {old!r} to {new!r}: expected one of {list(values)!r}."
            )


class ModifyEnumOps(OpContainer):
    """The additions to one enumerated type, reversed together by one rebuild.

    Args:
        name: Name of the type.
        ops: :class:`AddEnumValueOp`, in the order in which they must run.
        schema: Its schema.
        existing_values: The labels before.
        values: The labels after.

    Attributes:
        autocommit: Whether the labels are committed at once, because the same revision uses them.
        notes: What the script says of the way back.
    """

    def __init__(
        self,
        name: str,
        ops: Sequence[AddEnumValueOp],
        *,
        schema: str | None,
        existing_values: Sequence[str],
        values: Sequence[str],
    ) -> None:
        super().__init__(list(ops))
        self.additions = list(ops)
        self.name = name
        self.schema = schema
        self.existing_values = list(existing_values)
        self.values = list(values)
        self.autocommit = False
        self.notes: list[str] = []

    def reverse(self) -> ReplaceEnumOp:
        """Build the type anew with the labels that it had."""
        return ReplaceEnumOp(
            self.name, self.existing_values, schema=self.schema, existing_values=self.values, notes=self.notes
        )


@Operations.implementation_for(ReplaceEnumOp)
def _replace_enum(operations: Operations, operation: ReplaceEnumOp) -> None:
    from alembic_assay.ops import enum_rebuild  # noqa: PLC0415 - every alembic command loads this module, few rebuild a type

    enum_rebuild.replace_enum(operations, operation.name, operation.schema, operation.values, operation.mapping)


@Operations.implementation_for(ModifyEnumOps)
def _modify_enum(operations: Operations, operation: ModifyEnumOps) -> None:
    with operations.get_context().autocommit_block() if operation.autocommit else nullcontext():
        for addition in operation.additions:
            operations.invoke(addition)


@renderers.dispatch_for(ReplaceEnumOp)
def _render_replace_enum(autogen_context: AutogenContext, operation: ReplaceEnumOp) -> list[str]:
    call = render_call(
        autogen_context,
        "replace_enum",
        [operation.name, operation.values],
        schema=operation.schema,
        mapping=operation.mapping,
    )
    return [*(f"# {' '.join(note.split())}" for note in operation.notes), call]


@renderers.dispatch_for(ModifyEnumOps)
def _render_modify_enum(autogen_context: AutogenContext, operation: ModifyEnumOps) -> list[str]:
    lines = [line for addition in operation.additions for line in render_op(autogen_context, addition)]
    if not operation.autocommit:
        return lines
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    return [f"with {prefix}get_context().autocommit_block():", *map(in_block, lines), ""]  # a blank line ends the block
