"""Names that the server makes up for constraints, indexes and sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 63
"""Bytes of the longest identifier: NAMEDATALEN - 1."""


def generated(table: str, columns: Sequence[str], label: str) -> str:
    """Return the name of an object, as if nothing else had it: ``tasks_user_id_fkey``.

    The rules are those of ``makeObjectName`` and ``ChooseIndexNameAddition`` (PostgreSQL, indexcmds.c). Where a name
    is taken, the server appends a number.

    Args:
        table: The table.
        columns: What the name tells of it; none for a primary key.
        label: ``pkey``, ``key``, ``fkey``, ``check``, ``seq`` or ``not_null``.

    >>> generated("tasks", ["user_id", "role"], "fkey")
    'tasks_user_id_role_fkey'
    >>> len(generated("a" * 60, ["b" * 60], "key"))
    63
    """
    first, second = table.encode(), _addition(columns)
    available = LONGEST - len(label) - 1 - (1 if columns else 0)
    kept, added = len(first), len(second)
    while kept + added > available:
        if kept > added:
            kept -= 1
        else:
            added -= 1
    parts = [_clipped(first, kept), *([_clipped(second, added)] if columns else []), label]
    return "_".join(parts)


def _addition(columns: Sequence[str]) -> bytes:
    joined = b""
    for column in columns:
        joined += (b"_" if joined else b"") + column.encode()
        if len(joined) > LONGEST:
            break
    return joined


def _clipped(text: bytes, length: int) -> str:
    """Cut after so many bytes, and not within a character."""
    return text[:length].decode(errors="ignore")
