"""Sequences and domains that models do not name: kept, unless the last thing that used them goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.dependencies import needed_by
from alembic_assay.catalog.diff import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_assay.catalog.diff import Change
    from alembic_assay.catalog.snapshot import Snapshot

_SHARED = frozenset({"sequence", "domain"})


def kept(changes: Sequence[Change], present: Snapshot, *, drop_unused: bool) -> list[Change]:
    """Return the changes without drops of what something else may still use.

    Args:
        changes: What differs.
        present: All that is there.
        drop_unused: Whether to drop also what nothing used before.
    """
    drops = [
        each for each in changes if each.action is Action.DROP and each.record.kind in _SHARED and not _owned(each)
    ]
    if not drops:
        return list(changes)
    users = needed_by(present)
    leaving = {(each.record.kind, each.record.key) for each in changes if each.action is not Action.ADD}
    tables = {each.record.key for each in changes if each.action is Action.DROP and each.record.kind == "table"}
    removed = set()
    for drop in sorted(drops, key=lambda each: each.record.kind == "domain"):
        using = users.get((drop.record.kind, drop.record.key), ())
        gone = all(user in leaving or user[1][:2] in tables for user in using)
        if not gone or not (using or drop_unused):
            removed.add((drop.record.kind, drop.record.key))
    return [
        each for each in changes if each.action is not Action.DROP or (each.record.kind, each.record.key) not in removed
    ]


def _owned(change: Change) -> bool:
    return getattr(change.record, "owned_by", None) is not None
