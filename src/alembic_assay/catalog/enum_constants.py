"""Labels of enumerated types in expressions, as the server writes them: ``'sad'::public.mood``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.catalog.names import parts
from alembic_assay.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME = r'(?:"(?:[^"]|"")*"|[A-Za-z_\u0080-\uffff][\w$]*)'
_CONSTANT = re.compile(rf"(?P<escapes>E?)'(?P<text>(?:[^']|'')*)'::(?P<type>{_NAME}\.{_NAME})(?P<array>\[\])?")
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', re.DOTALL)

TypeKey = tuple[str, ...]
"""Schema and name of a type."""


def labels_in(sql: str, key: TypeKey) -> set[str]:
    r"""Return the labels of a type that an expression holds as constants, in arrays too.

    Args:
        sql: As the server writes it with an empty ``search_path``.
        key: Schema and name of the type.

    >>> sorted(labels_in("m <> 'sad'::public.mood OR ms = '{ok,\"a b\"}'::public.mood[]", ("public", "mood")))
    ['a b', 'ok', 'sad']
    """
    return {label for found in _constants(sql, key) for label in _labels(found)}


def with_labels(sql: str, key: TypeKey, mapping: Mapping[str, str]) -> str:
    """Return an expression with other labels in its constants.

    >>> with_labels("'sad'::public.mood", ("public", "mood"), {"sad": "blue"})
    "'blue'::public.mood"
    """
    for found in reversed(list(_constants(sql, key))):
        sql = sql[: found.start()] + _changed(found, mapping) + sql[found.end() :]
    return sql


def _constants(sql: str, key: TypeKey) -> Iterator[re.Match[str]]:
    return (found for found in _CONSTANT.finditer(sql) if parts(found["type"]) == key)


def _text(found: re.Match[str]) -> str:
    text = found["text"].replace("''", "'")
    return text.replace("\\\\", "\\") if found["escapes"] else text


def _labels(found: re.Match[str]) -> list[str]:
    return [_text(found)] if found["array"] is None else [_element(each) for each in _ELEMENT.finditer(_text(found))]


def _element(found: re.Match[str]) -> str:
    return found[2] if found[1] is None else re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)


def _changed(found: re.Match[str], mapping: Mapping[str, str]) -> str:
    text = _text(found)
    if found["array"] is None:
        changed = mapping.get(text, text)
    else:
        changed = _ELEMENT.sub(lambda each: _written(_element(each), each[0], mapping), text)
    return f"{literal(changed).lstrip()}::{found['type']}{found['array'] or ''}"


def _written(label: str, written: str, mapping: Mapping[str, str]) -> str:
    if label not in mapping:
        return written
    escaped = mapping[label].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def constant_of(sql: str) -> str | None:
    """Return the text of an expression that is nothing but a string constant, with or without a cast.

    >>> constant_of("'it''s'::public.mood"), constant_of("'a' || 'b'")
    ("it's", None)
    """
    found = re.fullmatch(r"(?P<escapes>E?)'(?P<text>(?:[^']|'')*)'(?:::.*)?", sql.strip(), re.DOTALL)
    return None if found is None or re.search(r"\s(?:\|\|)", sql[found.end("text") :]) else _text(found)
