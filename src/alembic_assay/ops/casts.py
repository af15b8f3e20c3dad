"""USING: how the values of a column become those of another type where PostgreSQL does not do it by itself."""

from __future__ import annotations

import re

_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
_TEXTS = ("text", "character varying", "character", "name")
_MOMENTS = ("date", "timestamp without time zone", "timestamp with time zone")
_TIMES = ("time without time zone", "time with time zone")
_FAMILIES = (_NUMBERS, _TEXTS, _MOMENTS, _TIMES, ("json", "jsonb"), ("inet", "cidr"), ("bit", "bit varying"))
_CONVERSIONS: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (_NUMBERS, ("boolean",), "({column} <> 0)"),
    (("boolean",), ("integer",), "{column}::integer"),
    (("boolean",), _NUMBERS, "{column}::integer::{new}"),
    (_MOMENTS, _NUMBERS, "extract(epoch FROM {column})::{new}"),
    (_NUMBERS, _MOMENTS, "to_timestamp({column})::{new}"),
    (_NUMBERS, ("interval",), "make_interval(secs => {column})"),
    (("interval",), _NUMBERS, "extract(epoch FROM {column})::{new}"),
    (_TEXTS, ("bytea",), "convert_to({column}, 'UTF8')"),
    (_MOMENTS, _TIMES, "{column}::{new}"),
    (("money",), _NUMBERS, "{column}::numeric::{new}"),
    (_NUMBERS, ("money",), "{column}::numeric::{new}"),
)
"""Types, the types that they become, and the expression."""

_MODIFIER = re.compile(r"\(\d+(?:,-?\d+)?\)")


def using(old: str, new: str, column: str) -> str | None:
    """Return the expression after USING, ``None`` where none is needed.

    PostgreSQL converts by itself where an assignment would
    (https://www.postgresql.org/docs/current/sql-createcast.html): between numbers, between texts, from anything to a
    text, between dates and timestamps.

    Args:
        old: The type as ``format_type`` writes it.
        new: The type that it becomes.
        column: The column, quoted.

    Example:
        >>> using("boolean", "smallint", '"done"')
        '"done"::integer::smallint'
    """
    before, after = base(old), base(new)
    if before == after or any(before in family and after in family for family in _FAMILIES):
        return None
    if before.endswith("[]") or after.endswith("[]"):
        return _arrays(old, new, column)
    if after in _TEXTS:
        return f"convert_from({column}, 'UTF8')" if before == "bytea" else None
    if before in _TEXTS and after != "bytea":
        return f"{column}::{new}"
    return _between(before, after, new, column)


def base(name: str) -> str:
    """Return a type without its arguments.

    >>> base("timestamp(3) without time zone"), base("numeric(10,2)[]")
    ('timestamp without time zone', 'numeric[]')
    """
    return _MODIFIER.sub("", name)


def _between(before: str, after: str, new: str, column: str) -> str:
    for olds, news, expression in _CONVERSIONS:
        if before in olds and after in news:
            return expression.format(column=column, new=new)
    return f"{column}::text::{new}"


def _arrays(old: str, new: str, column: str) -> str:
    if old.endswith("[]") and new.endswith("[]"):
        elements = using(old[:-2], new[:-2], column)
        return f"{column}::{new}" if elements is None else f"{column}::text[]::{new}"
    if new.endswith("[]"):
        return f"CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}]::text[]::{new} END"
    element = f"{column}[1]"
    return using(old[:-2], new, element) or f"{element}::{new}"
