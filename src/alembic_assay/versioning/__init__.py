"""Semantic versions of schemas: which part of MAJOR.MINOR.PATCH a change raises, for whom, and why.

Three parties have a contract with a schema: old **readers**, old **writers** (insert, update, upsert, delete) and the
**data**. MAJOR is what makes a statement of an old client fail or mean something else: the tests run an old client's
statements against the schema after each kind of change.

A constraint that refuses more is MAJOR, although "only" a constraint changes: an old write can fail. A kind of change
that is not known here is MAJOR. Before 1.0.0, MAJOR raises the minor part.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.diff import Action, diff
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.errors import AssayError
from alembic_assay.versioning import columns, constraints, objects
from alembic_assay.versioning.verdicts import Bump, Verdict, patch

if TYPE_CHECKING:
    from alembic_assay.catalog.diff import Change
    from alembic_assay.catalog.snapshot import Snapshot

Strictness = Literal["usual", "strict"]
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_RELATIONS = frozenset({"table", "view"})
Key = tuple[str, ...]


def next_version(before: Snapshot, after: Snapshot, version: str, policy: Strictness = "usual") -> dict[str, Any]:
    """Return the version of a schema that was another one before.

    Args:
        before: The schema of ``version``.
        after: The schema now.
        version: ``MAJOR.MINOR.PATCH``.
        policy: With ``strict`` a change that has flags is MAJOR.

    Returns:
        ``bump``, ``from``, ``to``, and ``changes``, each with ``kind``, ``path``, ``bump``, ``parties``, ``why`` and
        ``flags``.

    Raises:
        AssayError: The version is none.

    Example:
        >>> from alembic_assay.catalog import Snapshot
        >>> from alembic_assay.catalog.enums import Enum
        >>> old, new = (Snapshot((Enum(schema="app", name="mood", labels=each),)) for each in (("a",), ("a", "b")))
        >>> next_version(old, new, "1.2.3")["to"]
        '1.3.0'
    """
    found = [(change, verdict) for change, verdict in judge(before, after) if verdict.bump is not Bump.NONE]
    raised = [Bump.MAJOR if policy == "strict" and verdict.flags else verdict.bump for _, verdict in found]
    bump = max(raised, default=Bump.NONE)
    return {
        "bump": bump.name.lower(),
        "from": version,
        "to": bumped(version, bump),
        "changes": [_entry(change, verdict, own) for (change, verdict), own in zip(found, raised, strict=True)],
    }


def bumped(version: str, bump: Bump) -> str:
    """Raise a version.

    >>> bumped("1.2.3", Bump.MAJOR), bumped("0.2.3", Bump.MAJOR), bumped("1.2.3", Bump.NONE)
    ('2.0.0', '0.3.0', '1.2.3')
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        raise AssayError(f"expected a version MAJOR.MINOR.PATCH, got {version!r}.", hint="The first one is 1.0.0.")
    first, second, third = (int(part) for part in match.groups())
    if bump is Bump.MAJOR and first:
        return f"{first + 1}.0.0"
    if bump >= Bump.MINOR:
        return f"{first}.{second + 1}.0"
    return f"{first}.{second}.{third + bump}"


def judge(before: Snapshot, after: Snapshot) -> list[tuple[Change, Verdict]]:
    """Return every change with its verdict; what belongs to a new or dropped table has the table's."""
    changes = diff(before, after)
    whole = {c.record.key for c in changes if c.action is not Action.ALTER and c.record.kind in _RELATIONS}
    changes = [c for c in changes if not _belongs(c, whole)]
    renamed = _renamed(changes)
    return [(c, patch("only its name changes") if id(c) in renamed else _verdict(c, changes, after)) for c in changes]


def _entry(change: Change, verdict: Verdict, bump: Bump) -> dict[str, Any]:
    return {
        "kind": f"{change.action} {change.record.kind}",
        "path": change.record.title,
        "bump": bump.name.lower(),
        "parties": list(verdict.parties),
        "why": verdict.why,
        "flags": list(verdict.flags),
    }


def _belongs(change: Change, whole: set[Key]) -> bool:
    """Whether a change says nothing of its own: of a new table, a key's index, an identity column's sequence."""
    record = change.record
    if record.key_fields[:2] == ("schema", "table") and record.key[:2] in whole:
        return True
    if isinstance(record, Sequence) and record.owned_by is not None and change.action is not Action.ALTER:
        return True
    return isinstance(record, Index) and record.constraint is not None


def _renamed(changes: list[Change]) -> set[int]:
    """Return the changes that are one constraint or index under two names."""
    dropped: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        if change.action is Action.DROP and (content := _content(change)):
            dropped.setdefault(content, []).append(change)
    found: set[int] = set()
    for change in changes:
        if change.action is Action.ADD and dropped.get(_content(change) or ()):
            found |= {id(change), id(dropped[_content(change) or ()].pop())}
    return found


def _content(change: Change) -> tuple[object, ...] | None:
    record = change.record
    if isinstance(record, Constraint):
        return record.key[:2], record.type, record.definition
    if isinstance(record, Index):
        unnamed = record.definition.partition(" ON ")[2]
        return record.key[:2], record.unique, unnamed
    return None


def _verdict(change: Change, changes: list[Change], after: Snapshot) -> Verdict:
    record = change.record
    if isinstance(record, Column):
        return _of_column(change, after)
    if isinstance(record, Constraint):
        return _of_constraint(change, changes, after)
    if isinstance(record, Index):
        return _of_index(change)
    return objects.judged(change)


def _of_column(change: Change, after: Snapshot) -> Verdict:
    match change.before, change.after:
        case Column() as old, Column() as new:
            keys = [i for i in after.of(Index) if i.unique and i.key[:2] == new.key[:2]]
            return columns.altered(old, new, in_unique=any(new.name in index.columns for index in keys))
        case None, Column() as new:
            return columns.added(new)
    return objects.judged(change)


def _of_constraint(change: Change, changes: list[Change], after: Snapshot) -> Verdict:
    match change.before, change.after:
        case Constraint() as old, Constraint() as new:
            return constraints.altered(old, new)
        case None, Constraint() as new:
            about = [c for c in after.of(Column) if c.key[:2] == new.key[:2] and c.name in new.columns]
            added = [c.record for c in changes if c.action is Action.ADD and isinstance(c.record, Column)]
            return constraints.added(new, about, {c.key[2] for c in added if c.key[:2] == new.key[:2]})
        case Constraint() as old, None:
            return constraints.dropped(old)
    return objects.judged(change)


def _of_index(change: Change) -> Verdict:
    match change.before, change.after:
        case Index() as old, Index() as new:
            return constraints.index_altered(old, new)
        case None, Index() as new:
            return constraints.index_added(new)
        case Index() as old, None:
            return constraints.index_dropped(old)
    return objects.judged(change)
