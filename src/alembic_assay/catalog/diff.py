"""The one comparison: what must happen to one snapshot to make it the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from alembic_assay.catalog.dependencies import Dependants
from alembic_assay.catalog.snapshot import KIND_ORDER

if TYPE_CHECKING:
    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot


class Action(StrEnum):
    """What happens to an object."""

    ADD = "add"
    DROP = "drop"
    ALTER = "alter"


def _place(key: Key) -> tuple[int, tuple[str, ...]]:
    return KIND_ORDER[key[0]], key[1]


@dataclass(frozen=True, slots=True)
class Change:
    """One object that is not the same on both sides.

    Args:
        action: See :class:`Action`.
        before: The record on the first side; ``None`` if it is added.
        after: The record on the second side; ``None`` if it is dropped.
        known: Knows what hangs on the objects of the first side.
    """

    action: Action
    before: Record | None
    after: Record | None
    known: Dependants | None = field(default=None, repr=False, compare=False)

    @property
    def record(self) -> Record:
        """The record on either side, the first one if there are two."""
        record = self.before or self.after
        assert record is not None  # noqa: S101 - a change has a side
        return record

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of an altered object that differ."""
        return self.before.differing_fields(self.after) if self.before and self.after else ()

    @property
    def dependants(self) -> tuple[Record, ...]:
        """What hangs on the object on the first side and could not stay as it is without it."""
        return self.known.on(self.before) if self.known is not None and self.before is not None else ()

    def __str__(self) -> str:
        """One line: ``column public.tasks.title: type text → character varying(200)``."""
        if not (self.before and self.after):
            return f"{self.record.title} {'added' if self.before is None else 'dropped'}"
        parts = (
            f"{name} {_show(getattr(self.before, name))} → {_show(getattr(self.after, name))}" for name in self.fields
        )
        return f"{self.record.title}: {', '.join(parts)}"


def diff(before: Snapshot, after: Snapshot) -> list[Change]:
    """Compare two snapshots.

    Args:
        before: What there is.
        after: What there should be.

    Returns:
        The changes, by kind in the order in which objects can be created, then by key.
    """
    old = {(record.kind, record.key): record for record in before}
    new = {(record.kind, record.key): record for record in after}
    changed = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
    known = Dependants(before)
    return [_change(old.get(key), new.get(key), known) for key in sorted(changed, key=_place)]


def _change(before: Record | None, after: Record | None, known: Dependants) -> Change:
    action = Action.ADD if before is None else Action.DROP if after is None else Action.ALTER
    return Change(action, before, after, known)


def _show(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"({', '.join(str(item) for item in value)})"
    return str(value)
