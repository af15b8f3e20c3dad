"""Constraints, indexes and policies: what they refuse, and what old statements rely on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.versioning.verdicts import DATA, READER, READER_RISK, WRITER, Verdict, major, minor, patch, worst

if TYPE_CHECKING:
    from alembic_assay.catalog.columns import Column
    from alembic_assay.catalog.constraints import Constraint
    from alembic_assay.catalog.indexes import Index

_ACTION = re.compile(r" ON (?:UPDATE|DELETE) (?!NO ACTION)")
_KEYS = frozenset({"primary key", "unique", "exclude"})
_STATE = re.compile(r"( DEFERRABLE| INITIALLY DEFERRED| NOT VALID)+$")
_QUIET = frozenset({"comment", "local", "parents"})


def added(constraint: Constraint, columns: list[Column], new: set[str]) -> Verdict:
    """Judge a new constraint of a table that was there.

    Args:
        constraint: The new one.
        columns: Those that it is about.
        new: The names of columns that are new.
    """
    if constraint.type == "not null":
        return patch("the column says whether NULL is refused")
    unseen = bool(columns) and all(column.name in new for column in columns)
    empty = unseen and all(column.default is None and not column.not_null for column in columns)
    if empty or (unseen and constraint.type in {"check", "foreign key"}):
        return minor("it is about new columns only, which old writes leave out")
    return major("old writes can be refused", WRITER)


def dropped(constraint: Constraint) -> Verdict:
    """Judge a constraint that is gone."""
    if constraint.type == "not null":
        return patch("the column says whether NULL is refused")
    if constraint.type in _KEYS:
        return major("ON CONFLICT has nothing to rely on; rows that were unique may not be", READER, WRITER)
    if constraint.type == "foreign key":
        if _ACTION.search(constraint.definition):
            return major("old deletes no longer reach the rows that point to what is deleted", WRITER, DATA)
        return minor("old readers may meet rows that point to nothing", READER_RISK)
    return patch("old readers may meet values that were refused", READER_RISK)


def altered(before: Constraint, after: Constraint) -> Verdict:
    """Judge a constraint that is not as it was."""
    found = []
    for field in before.differing_fields(after):
        if field in _QUIET:
            found.append(patch(f"{field} is seen by no statement"))
        elif field == "validated":
            found.append(patch("new rows were checked before, too"))
        elif field in {"deferrable", "deferred"}:
            found.append(_timing(before, after))
        elif field == "definition":
            same = _STATE.sub("", before.definition) == _STATE.sub("", after.definition)
            if not same:
                found.append(major("it refuses or does something else", WRITER, DATA))
        else:
            found.append(major(f"it has another {field}", WRITER))
    return worst(found) if found else patch("only its state changes")


def _timing(before: Constraint, after: Constraint) -> Verdict:
    if after.type in _KEYS and after.deferrable and not before.deferrable:
        return major("ON CONFLICT does not take deferrable keys", WRITER)
    return patch("it is checked at another moment")


def index_added(index: Index) -> Verdict:
    """Judge a new index."""
    if index.unique:
        return major("old writes can be refused", WRITER)
    return patch("an index changes no result")


def index_dropped(index: Index) -> Verdict:
    """Judge an index that is gone."""
    if index.unique:
        return major("ON CONFLICT has nothing to rely on; rows that were unique may not be", READER, WRITER)
    return patch("an index changes no result")


def index_altered(before: Index, after: Index) -> Verdict:
    """Judge an index that is not as it was."""
    quiet = {
        "comment",
        "options",
        "statistics",
        "tablespace",
        "clustered",
        "valid",
        "ready",
        "parent",
        "replica_identity",
    }
    if (before.unique or after.unique) and set(before.differing_fields(after)) - quiet:
        return major("it is unique over other rows or columns", WRITER)
    return patch("an index changes no result")
