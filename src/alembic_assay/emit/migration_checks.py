"""Changes that lose data, that rows may stand against, or that PostgreSQL cannot make: refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.diff import Action, diff
from alembic_assay.ops.columns import rebuilt
from alembic_assay.versioning.columns import type_change
from alembic_assay.versioning.verdicts import Bump

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from alembic_assay.catalog.diff import Change
    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.emit.migration_declared import Declared

Problem = dict[str, str]

CODES = {
    "MIG101": "a table is dropped, with its rows",
    "MIG102": "a column is dropped, with its values",
    "MIG103": "a label of an enumerated type is gone, and nothing says what its rows get",
    "MIG104": "a column is or becomes NOT NULL, and nothing says what rows without a value get",
    "MIG105": "a column gets a type that not all of its values may fit",
    "MIG106": "a sequence is dropped, with its position",
    "MIG107": "the values of a column are computed anew, or no longer its own",
    "MIG201": "PostgreSQL cannot change it",
}
"""What is refused; of these, what begins with ``MIG1`` can be allowed."""

_FIXED = {
    "table": ("form", "partition_key", "partition_bound", "parents", "of_type", "foreign_server", "foreign_options"),
    "domain": ("type", "collation"),
}


def problems(before: Snapshot, after: Snapshot, declared: Declared, allow: Collection[str]) -> list[Problem]:
    """Return what stands against a migration, and is not allowed.

    Args:
        before: Under the names of the new side.
        after: The new side.
        declared: What the new document says.
        allow: Codes of :data:`CODES`, titles of objects (``"column public.tasks.notes"``), or ``"all"``.
    """
    changes = diff(before, after)
    views = {each.key for side in (before, after) for each in side if each.kind == "view"}
    made = {c.record.key for c in changes if c.record.kind == "table" and c.action is not Action.ALTER}
    found = []
    for change in changes:
        if change.record.kind == "column" and change.record.key[:2] in views | made:
            continue
        for code, message, hint in _found(change, declared):
            possible = code.startswith("MIG1")
            if not (possible and {"all", code, change.record.title} & set(allow)):
                way = f" Or allow it: {change.record.title!r} or {code!r}." if possible else ""
                path = declared.pointers.get((change.record.kind, change.record.key))
                found.append(_problem(code, f"/new{path}" if path else "", message, f"{hint}{way}".strip()))
    return found


def _problem(code: str, path: str, message: str, hint: str) -> Problem:
    return {"code": code, "path": path, "message": message, "hint": hint}


def _found(change: Change, declared: Declared) -> Iterator[tuple[str, str, str]]:
    old: Any = change.before
    new: Any = change.after
    title, kind = change.record.title, change.record.kind
    if new is None and kind == "table":
        yield "MIG101", f"{title} is gone, with its rows.", "If it was renamed: 'renamed_from' of the new one."
    elif new is None and kind == "column":
        yield "MIG102", f"{title} is gone, with its values.", "If it was renamed: 'renamed_from' of the new one."
    elif new is None and kind == "sequence" and not old.owned_by:
        yield "MIG106", f"{title} is gone, with its position.", ""
    elif kind == "column":
        yield from _of_column(old, new, declared)
    elif kind == "enum" and old is not None and new is not None:
        yield from _of_labels(old, new, declared)
    elif old is not None and new is not None:
        for field in _FIXED.get(kind, ()):
            if field in change.fields:
                yield "MIG201", f"{title}: {field} cannot be changed.", "Make another one, and drop this one later."


def _of_column(old: Any, new: Any, declared: Declared) -> Iterator[tuple[str, str, str]]:
    filled = new.default is not None or new.generated or new.identity or new.key in declared.backfill
    if new.not_null and not filled and (old is None or not old.not_null):
        what = "is new and NOT NULL" if old is None else "becomes NOT NULL"
        yield "MIG104", f"{new.title} {what}.", "Give it a default, or 'backfill': SQL for rows without a value."
    if old is None:
        return
    if rebuilt(old, new) or rebuilt(new, old):
        yield "MIG107", f"{new.title} is dropped and added again: its expression is another one.", ""
    elif old.type != new.type and type_change(old.type, new.type).bump is Bump.MAJOR:
        yield "MIG105", f"{new.title}: not every {old.type} is a {new.type}.", ""


def _of_labels(old: Any, new: Any, declared: Declared) -> Iterator[tuple[str, str, str]]:
    said = declared.removed.get(new.key, {})
    for label in old.labels:
        if label not in new.labels and label not in said:
            hint = f"Say it in 'renamed_values', or in 'removed_values': {{{label!r}: what its rows get, or null}}."
            yield "MIG103", f"{new.title}: label {label!r} is gone.", hint
