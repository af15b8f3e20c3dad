"""Texts of the server in which something has another name: the same text, or what it would be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

_TOKEN = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*'|[^\W\d][\w$]*|\s+|.)""", re.DOTALL)


def same(before: object, after: object, words: Mapping[str, AbstractSet[str]]) -> bool:
    """Whether two values differ in nothing but names.

    Args:
        before: A text, a sequence of texts, or any other value of a record.
        after: The same.
        words: Name before to the names that it may have now; labels of types are names too.

    >>> same("(title <> ''::text)", "(name <> ''::text)", {"title": {"name"}})
    True
    >>> same("'sad'::public.mood", "'blue'::public.mood", {"happy": {"blue"}})
    False
    """
    if isinstance(before, str) and isinstance(after, str):
        if before == after or after in words.get(before, ()):
            return True
        one, two = _TOKEN.findall(before), _TOKEN.findall(after)
        return len(one) == len(two) and all(_same_token(a, b, words) for a, b in zip(one, two, strict=True))
    if isinstance(before, tuple) and isinstance(after, tuple):
        return len(before) == len(after) and all(same(a, b, words) for a, b in zip(before, after, strict=True))
    return before == after


def _same_token(before: str, after: str, words: Mapping[str, AbstractSet[str]]) -> bool:
    if before == after:
        return True
    if before[0] == "'" and after[0] == "'":
        return same(before[1:-1].replace("''", "'"), after[1:-1].replace("''", "'"), words)
    return _name(after) in words.get(_name(before), ())


def translated(value: object, words: Mapping[str, str], *, columns: AbstractSet[str] = frozenset()) -> object:
    """Return what a value would be with other names in it.

    Args:
        value: As of :func:`same`.
        words: Name before to name now.
        columns: Those of them that are no functions and no types.

    >>> translated("lower(lower)", {"lower": "Name"}, columns={"lower"})
    'lower("Name")'
    """
    if isinstance(value, tuple):
        return tuple(translated(each, words, columns=columns) for each in value)
    if not isinstance(value, str):
        return value
    if value in words:
        return words[value]
    tokens = _TOKEN.findall(value)
    return "".join(_translated(tokens, place, words, columns) for place in range(len(tokens)))


def _translated(tokens: Sequence[str], place: int, words: Mapping[str, str], columns: AbstractSet[str]) -> str:
    token = str(tokens[place])
    if token[0] == "'":
        inner = token[1:-1].replace("''", "'")
        return "'" + str(translated(inner, words)).replace("'", "''") + "'"
    name = _name(token)
    called = tokens[place + 1 : place + 2] == ["("] or tokens[max(place - 2, 0) : place] == [":", ":"]
    if name not in words or (called and name in columns):
        return token
    return display(words[name])


def _name(token: str) -> str:
    return token[1:-1].replace('""', '"') if token[0] == '"' else token
