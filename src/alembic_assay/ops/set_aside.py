"""What is in the way of a change, dropped before it or put back after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.ops.execute_sql import SqlOp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from alembic_assay.catalog.aside import Aside
    from alembic_assay.catalog.dependencies import Key


class AsideOp(SqlOp):
    """One half of setting something aside.

    Args:
        found: What is in the way.
        without: Finds it again where something of it is gone already.
        back: Whether it is put back.
    """

    def __init__(self, found: Aside, without: Callable[[Collection[Key]], Aside], *, back: bool = False) -> None:
        halves = (found.restore, found.drop) if back else (found.drop, found.restore)
        super().__init__(*halves, title=", ".join(record.title for record in found.records))
        self.found, self.without, self.back = found, without, back

    def reverse(self) -> AsideOp:
        """Do the other half."""
        return AsideOp(self.found, self.without, back=not self.back)

    def left(self, gone: Collection[Key]) -> AsideOp:
        """Leave to other operations what those drop before and make again after."""
        met = any((record.kind, record.key) in gone for record in self.found.records)
        return AsideOp(self.without(gone), self.without, back=self.back) if met else self
