"""The one comparison: what must happen to one snapshot to make it the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from alembic_assay.catalog.dependencies import Dependants
from alembic_assay.catalog.renaming import renamed
from alembic_assay.catalog.snapshot import KIND_ORDER
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.renaming import Renames
    from alembic_assay.catalog.snapshot import Snapshot


class Action(StrEnum):
    """What happens to an object."""

    ADD = "add"
    DROP = "drop"
    RENAME = "rename"
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
        if self.action is Action.RENAME and self.before.key != self.after.key:
            return f"{self.before.title} renamed to {display(self.after.key[-1])}"
        parts = (
            f"{name} {_show(getattr(self.before, name))} → {_show(getattr(self.after, name))}" for name in self.fields
        )
        return f"{self.record.title}: {', '.join(parts)}"


def diff(before: Snapshot, after: Snapshot, renames: Renames | None = None) -> list[Change]:
    """Compare two snapshots.

    Args:
        before: What there is.
        after: What there should be.
        renames: What has another name there; nothing is guessed. A rename is one change; what else changes of such an
            object is another one, from the record under its new name.

    Returns:
        The renames; then the changes, by kind in the order in which objects can be created, then by key.

    Example:
        >>> from alembic_assay.catalog import Renames
        >>> renames = Renames(columns={("public", "tasks"): {"title": "name"}})
        >>> [str(change) for change in diff(a, b, renames)]  # doctest: +SKIP
        ['column public.tasks.title renamed to name']
    """
    known = Dependants(before)
    moved, first = before, list[Change]()
    if renames:
        moved, originals = renamed(before, after, renames)
        first = _renames(moved, originals, known)
    old = {(record.kind, record.key): record for record in moved}
    new = {(record.kind, record.key): record for record in after}
    changed = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
    knows = known if moved is before else Dependants(moved)
    return [*first, *(_change(old.get(key), new.get(key), knows) for key in sorted(changed, key=_place))]


def _renames(moved: Snapshot, originals: Mapping[Key, Record], known: Dependants) -> list[Change]:
    """Return a change for each object with another name of its own, and for each type with other names of labels."""
    found = []
    for record in moved:
        was = originals[record.kind, record.key]
        if was.key[-1] != record.key[-1] or (record.kind == "enum" and was != record):
            found.append(Change(Action.RENAME, was, record, known))
    return found


def _change(before: Record | None, after: Record | None, known: Dependants) -> Change:
    action = Action.ADD if before is None else Action.DROP if after is None else Action.ALTER
    return Change(action, before, after, known)


def _show(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"({', '.join(str(item) for item in value)})"
    return str(value)
