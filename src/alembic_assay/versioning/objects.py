"""All other objects: tables, types, sequences, views, privileges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.create_grants import parsed
from alembic_assay.catalog.diff import Action
from alembic_assay.catalog.policies import Policy
from alembic_assay.versioning.verdicts import (
    DATA,
    READER,
    READER_RISK,
    WRITE_EFFECT,
    WRITER,
    Verdict,
    major,
    minor,
    patch,
    worst,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alembic_assay.catalog.diff import Change
    from alembic_assay.catalog.record import Record

_HARMLESS_WHEN_NEW = frozenset(
    {"schema", "extension", "enum", "domain", "composite type", "range type", "sequence", "table", "view", "function"}
)
_UNSEEN = frozenset({"statistics"})
_QUIET = frozenset(
    {
        "comment",
        "options",
        "toast_options",
        "tablespace",
        "access_method",
        "replica_identity",
        "persistence",
        "version",
        "populated",
        "constraint_comments",
        "attribute_comments",
        "depends_on_extensions",
        "unlogged",
        "owned_by",
        "cache",
        "start",
    }
)
_OF_PUBLIC = {"function": "X", "enum": "U", "domain": "U", "composite type": "U", "range type": "U"}


def judged(change: Change) -> Verdict:
    """Judge any object that is neither a column, a constraint nor an index."""
    record = change.record
    if record.kind in _UNSEEN:
        return patch("statistics change no result")
    if isinstance(record, Policy):
        return _policy(change, record)
    if change.action is Action.DROP:
        return major("what old statements name is gone", READER, WRITER, DATA)
    if change.action is Action.ADD:
        if record.kind in _HARMLESS_WHEN_NEW:
            return minor("old statements do not name it")
        return major(f"a new {record.kind} changes what old statements do", READER, WRITER)
    before, after = change.before, change.after
    assert before is not None  # noqa: S101 - it is altered
    assert after is not None  # noqa: S101 - it is altered
    return worst([_field(field, before, after) for field in change.fields])


def _field(field: str, before: Any, after: Any) -> Verdict:
    if field in _QUIET:
        return patch(f"{field} is seen by no statement")
    if field == "acl":
        return _privileges(before, after)
    judge = _JUDGES.get((after.kind, field))
    if judge is not None:
        return judge(getattr(before, field), getattr(after, field))
    return major(f"{field} is not what old statements rely on", READER, WRITER)


def labels(before: tuple[str, ...], after: tuple[str, ...]) -> Verdict:
    """Judge the labels of an enum.

    >>> labels(("low", "high"), ("low", "medium", "high")).bump.name, labels(("a", "b"), ("b", "a")).bump.name
    ('MINOR', 'MAJOR')
    """
    gone = [label for label in before if label not in after]
    if gone:
        return major(f"old statements may name {', '.join(map(repr, gone))}", READER, WRITER, DATA)
    if tuple(label for label in after if label in before) != before:
        return major("values sort and compare in another order", READER)
    return minor("old readers may meet a value that they do not know", READER_RISK)


def _row_security(_before: object, after: object) -> Verdict:
    if after:
        return major("old statements see and write fewer rows", READER, WRITER)
    return minor("old statements see more rows", READER_RISK)


def _policy(change: Change, policy: Policy) -> Verdict:
    if change.action is Action.ADD and policy.permissive:
        return minor("it allows more rows", READER_RISK)
    if change.action is Action.DROP and not policy.permissive:
        return minor("it allows more rows", READER_RISK)
    if change.action is Action.ALTER and set(change.fields) == {"comment"}:
        return patch("comment is seen by no statement")
    return major("old statements may see and write fewer rows", READER, WRITER)


def _privileges(before: Any, after: Any) -> Verdict:
    lost = _held(before) - _held(after)
    if lost:
        who = ", ".join(sorted({grantee or "PUBLIC" for grantee, _ in lost}))
        return major(f"privileges are taken from {who}", READER, WRITER)
    return minor("more may use it")


def _held(record: Record) -> set[tuple[str, str]]:
    acl = getattr(record, "acl", None)
    owner = getattr(record, "owner", "")
    if acl is None:
        return {("", letter) for letter in _OF_PUBLIC.get(record.kind, "")}
    items = [parsed(item) for item in acl]
    return {
        (item.grantee, letter) for item in items for letter in item.privileges if item.grantee != owner or not owner
    }


def _domain_constraints(before: Any, after: Any) -> Verdict:
    if set(after) - set(before):
        return major("old writes can be refused", WRITER)
    return patch("it refuses less", READER_RISK)


def _domain_default(_before: Any, _after: Any) -> Verdict:
    return minor("old inserts that leave it out store something else", WRITE_EFFECT)


def _other_values(_before: Any, _after: Any) -> Verdict:
    return minor("it gives other values", WRITE_EFFECT)


_JUDGES: Mapping[tuple[str, str], Callable[[Any, Any], Verdict]] = {
    ("table", "row_security"): _row_security,
    ("table", "force_row_security"): _row_security,
    ("enum", "labels"): labels,
    ("domain", "constraints"): _domain_constraints,
    ("domain", "default"): _domain_default,
    **{("sequence", field): _other_values for field in ("increment", "cycle", "minimum", "maximum", "type")},
}
"""How fields of some kinds are judged, by the values before and after."""
