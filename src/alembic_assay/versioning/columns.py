"""Columns: which changes old statements survive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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
    from alembic_assay.catalog.columns import Column

_QUIET = frozenset({"comment", "storage", "compression", "statistics", "options", "position", "local", "parents"})
_INTEGERS = ("smallint", "integer", "bigint")
_VARCHAR = re.compile(r"character varying(?:\((\d+)\))?")
_NUMERIC = re.compile(r"numeric(?:\((\d+),(-?\d+)\))?")


def added(column: Column) -> Verdict:
    """Judge a new column of a table that was there."""
    filled = column.default is not None or column.identity is not None or column.generated is not None
    if column.not_null and not filled:
        return major("old inserts do not give a value that is now required", WRITER)
    return minor("a new column that old inserts may leave out")


def altered(before: Column, after: Column, *, in_unique: bool) -> Verdict:
    """Judge a column that is not as it was.

    Args:
        before: As it was.
        after: As it is.
        in_unique: Whether it is in a unique key.
    """
    found = []
    for field in before.differing_fields(after):
        if field in _QUIET:
            found.append(patch(f"{field} is seen by no statement"))
        elif field == "type":
            found.append(type_change(before.type, after.type, in_unique=in_unique))
        elif field == "not_null":
            found.append(_not_null(after))
        elif field == "default":
            found.append(_default(before, after))
        elif field == "identity":
            found.append(_identity(before, after))
        else:
            found.append(major(f"{field} changes what is stored, sorted or allowed"))
    return worst(found)


def type_change(before: str, after: str, *, in_unique: bool = False) -> Verdict:
    """Judge another type.

    >>> type_change("integer", "bigint").bump.name, type_change("text", "character varying(5)").bump.name
    ('MINOR', 'MAJOR')
    """
    if _widens(before, after):
        return minor(f"every {before} is a {after}", READER_RISK)
    texts = {"text", "citext"}
    if after.rpartition(".")[2] == "citext" and (_VARCHAR.fullmatch(before) or before in texts) and not in_unique:
        return minor("texts compare without regard to case", READER_RISK)
    return major(f"not every {before} is a {after}, or it means something else", READER, WRITER, DATA)


def _widens(before: str, after: str) -> bool:
    if before in _INTEGERS and after in _INTEGERS:
        return _INTEGERS.index(before) <= _INTEGERS.index(after)
    old, new = _VARCHAR.fullmatch(before), _VARCHAR.fullmatch(after)
    if old and (after == "text" or (new and (new[1] is None or (old[1] is not None and int(old[1]) <= int(new[1]))))):
        return True
    if before == "text" and new:
        return new[1] is None
    one, two = _NUMERIC.fullmatch(before), _NUMERIC.fullmatch(after)
    if not (one and two and one[1]):
        return False
    return two[1] is None or (one[2] == two[2] and int(one[1]) <= int(two[1]))


def _not_null(after: Column) -> Verdict:
    if after.not_null:
        return major("old writes may give NULL", WRITER)
    return minor("old readers may meet NULL", READER_RISK)


def _default(before: Column, after: Column) -> Verdict:
    if before.generated or after.generated:
        return major("the column is computed otherwise", READER, WRITER)
    if after.default is None and after.not_null and after.identity is None:
        return major("old inserts that leave it out have no value any more", WRITER)
    return minor("old inserts that leave it out store something else", WRITE_EFFECT)


def _identity(before: Column, after: Column) -> Verdict:
    if after.identity == "always":
        return major("old inserts that give a value are refused", WRITER)
    if after.identity is None and after.default is None and after.not_null:
        return major("old inserts that leave it out have no value any more", WRITER)
    relaxed = before.identity == "always"
    return patch("values may be given now") if relaxed else minor("the database gives values", WRITE_EFFECT)
