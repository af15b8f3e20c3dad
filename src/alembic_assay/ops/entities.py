"""Views, functions, triggers, policies, extensions and grants in a revision: plain SQL in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from alembic.autogenerate import render
from alembic.operations import MigrateOperation, Operations

from alembic_assay.ops.execute import rendered
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

Key = tuple[str, tuple[str, ...]]
Place = Literal["first", "drop", "create", "last"]


@dataclass(frozen=True)
class Direction:
    """What is run one way.

    Args:
        statements: SQL, as the server gets it.
        drops: Kind and key of the records in ``catalog`` that are not there afterwards.
        creates: Those that are there afterwards, new or as they shall be.
    """

    statements: tuple[str, ...] = ()
    drops: frozenset[Key] = frozenset()
    creates: frozenset[Key] = frozenset()


class ReplaceEntitiesOp(MigrateOperation):
    """Statements that change objects with a definition, both ways.

    Args:
        upgrade: What it runs.
        downgrade: What its reverse runs.
        changes: What it does, for people: ``("added view public.v", …)``.
        place: Where it belongs in an upgrade. ``first``: before tables, what they may need. ``drop``: before the
            changes of tables, what these would meet. ``create``: after tables and columns were added, before any are
            dropped. ``last``: after all.
    """

    def __init__(
        self, upgrade: Direction, downgrade: Direction, changes: tuple[str, ...] = (), place: Place = "create"
    ) -> None:
        self.upgrade = upgrade
        self.downgrade = downgrade
        self.changes = changes
        self.place = place

    @property
    def drops(self) -> frozenset[Key]:
        """What is gone when it was run: a later operation need not take it aside."""
        return self.upgrade.drops - self.upgrade.creates

    @property
    def creates(self) -> frozenset[Key]:
        """What is there when it was run."""
        return self.upgrade.creates

    def reverse(self) -> ReplaceEntitiesOp:
        """Return the way back."""
        places: dict[Place, Place] = {"first": "last", "drop": "create", "create": "drop", "last": "first"}
        return ReplaceEntitiesOp(self.downgrade, self.upgrade, self.changes, places[self.place])

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """What ``alembic check`` and ``compare_metadata()`` show."""
        return ("replace_entities", self.changes, self.upgrade.statements)


@Operations.implementation_for(ReplaceEntitiesOp)
def _execute(operations: Operations, operation: ReplaceEntitiesOp) -> None:
    for sql in operation.upgrade.statements:
        operations.execute(Statement(sql))


@render.renderers.dispatch_for(ReplaceEntitiesOp)
def _render(autogen_context: AutogenContext, operation: ReplaceEntitiesOp) -> list[str]:
    prefix = autogen_context.opts["alembic_module_prefix"] or ""
    sa = autogen_context.opts["sqlalchemy_module_prefix"] or ""
    return [rendered(sql, prefix, sa) for sql in operation.upgrade.statements]
