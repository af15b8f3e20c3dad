"""``op.sync_enum_values``: what revisions that alembic-postgresql-enum wrote call, where that package is gone."""

from __future__ import annotations

import importlib.util
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.operations import MigrateOperation, Operations

from alembic_assay.errors import IrreversibleError
from alembic_assay.ops.enums import check_labels
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

PACKAGE = "alembic_postgresql_enum"


class SyncEnumValuesOp(MigrateOperation):
    """Give an enumerated type the labels that are listed.

    Args:
        schema: Its schema.
        name: Its name.
        new_values: The labels that it shall have, in order.
        renamed: Old label and new label of those that were renamed.
    """

    def __init__(self, schema: str, name: str, new_values: Sequence[str], renamed: Sequence[tuple[str, str]]) -> None:
        self.schema = schema
        self.name = name
        self.new_values = list(new_values)
        self.renamed = list(renamed)

    @classmethod
    def sync_enum_values(
        cls,
        operations: Operations,
        enum_schema: str,
        enum_name: str,
        new_values: Sequence[str],
        affected_columns: Iterable[Any] = (),  # noqa: ARG003 - the catalog knows them
        enum_values_to_rename: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Run what alembic-postgresql-enum wrote; new revisions have ``op.replace_enum``.

        Args:
            enum_schema: The type's schema.
            enum_name: The type's name.
            new_values: The labels that it shall have, in order.
            affected_columns: Not looked at: the database knows which columns use the type.
            enum_values_to_rename: Old label and new label of those that were renamed.

        Raises:
            DirectiveError: Labels that PostgreSQL cannot hold.
            IrreversibleError: Rows hold a label that vanishes.

        Example::

            op.sync_enum_values("public", "mood", ["sad", "happy"], enum_values_to_rename=[("glad", "happy")])
        """
        check_labels("op.sync_enum_values", enum_name, new_values)
        operations.invoke(cls(enum_schema, enum_name, new_values, list(enum_values_to_rename)))

    def reverse(self) -> MigrateOperation:
        """Refuse: it is never in a new revision.

        Raises:
            IrreversibleError: Always.
        """
        raise IrreversibleError(
            f"op.sync_enum_values of {display(self.name, self.schema)} cannot be reversed by itself."
        )

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """``("sync_enum_values", schema, name, new_values)``."""
        return ("sync_enum_values", self.schema, self.name, self.new_values)


@Operations.implementation_for(SyncEnumValuesOp)
def _sync_enum_values(operations: Operations, operation: SyncEnumValuesOp) -> None:
    from alembic_assay.ops import enum_rebuild  # noqa: PLC0415 - few rebuild a type

    enum_rebuild.replace_enum(
        operations,
        operation.name,
        operation.schema,
        operation.new_values,
        dict(operation.renamed),
    )


class _Finder(MetaPathFinder):
    """Lets ``from alembic_postgresql_enum import TableReference`` work in old revisions; asked after all others."""

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return our stand-in for that package, and nothing for any other."""
        del path, target
        if fullname != PACKAGE:
            return None
        return importlib.util.spec_from_file_location(fullname, Path(__file__).with_name("sync_enum_references.py"))


def offer() -> None:
    """Register the directive and the stand-in, unless that package is installed."""
    if importlib.util.find_spec(PACKAGE) is None:
        Operations.register_operation("sync_enum_values")(SyncEnumValuesOp)
        sys.meta_path.append(_Finder())
