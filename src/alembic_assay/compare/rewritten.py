"""Expressions that the server writes otherwise when it reads its own text: ``BETWEEN`` becomes two comparisons.

Models that were written from a database hold that text, so what differs is compared once more, made anew.
"""

from __future__ import annotations

from dataclasses import replace
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


def differing(connection: Connection, changes: Sequence[Change], whole: Snapshot) -> list[Change]:
    """Return the changes without those in which the server only writes the same expression in another way.

    Args:
        connection: As for ``canonical``.
        changes: What differs.
        whole: All that is there.
    """
    doubtful = [change for change in changes if _in_text_only(change)]
    if not doubtful:
        return list(changes)
    tables = {change.record.key[:2] for change in doubtful}
    again = canonical(connection, restricted(whole, tables))
    found: dict[Any, Any] = {(record.kind, record.key): record for record in again}
    same = [change for change in doubtful if _equal(change, found.get((change.record.kind, change.record.key)))]
    return [change for change in changes if change not in same]


def _in_text_only(change: Change) -> bool:
    field = _TEXTS.get(change.record.kind)
    if change.action is not Action.ALTER or change.fields != (field,):
        return False
    return all(getattr(record, str(field)) is not None for record in (change.before, change.after))


def _equal(change: Change, again: Any) -> bool:
    field = _TEXTS[change.record.kind]
    before: Any = change.before
    return again is not None and replace(before, **{field: getattr(again, field)}) == change.after
