"""Expressions that the server writes otherwise when it reads its own text: ``BETWEEN`` becomes two comparisons.

Models that were written from a database hold that text, so what differs is compared once more, made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.canonical import canonical
from alembic_assay.catalog.diff import Action
from alembic_assay.ops.planning import restricted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from alembic_assay.catalog.diff import Change
    from alembic_assay.catalog.snapshot import Snapshot

_TEXTS = {"constraint": "definition", "index": "definition", "column": "default"}


def differing(connection: Connection, changes: Sequence[Change], whole: Snapshot, wanted: Snapshot) -> list[Change]:
    """Return the changes without those in which the server only writes the same expression in another way.

    Args:
        connection: As for ``canonical``.
        changes: What differs.
        whole: All that is there.
        wanted: All that the models want.
    """
    found = list(changes)
    for side, snapshot in (("before", whole), ("after", wanted)):
        doubtful = [change for change in found if _in_text_only(change)]
        if doubtful:
            again = canonical(connection, restricted(snapshot, {change.record.key[:2] for change in doubtful}))
            anew: dict[Any, Any] = {(record.kind, record.key): record for record in again}
            found = [each for each in found if each not in doubtful or not _equal(each, anew, side)]
    return found


def _in_text_only(change: Change) -> bool:
    field = _TEXTS.get(change.record.kind)
    if change.action is not Action.ALTER or change.fields != (field,):
        return False
    return all(getattr(record, str(field)) is not None for record in (change.before, change.after))


def _equal(change: Change, anew: dict[Any, Any], side: str) -> bool:
    """Whether one side, made anew, has the text of the other one."""
    field = _TEXTS[change.record.kind]
    old: Any = change.before
    new: Any = change.after
    again = anew.get((change.record.kind, change.record.key))
    other = new if side == "before" else old
    return again is not None and getattr(again, field) == getattr(other, field)
