"""Names as the server writes them: qualified, and quoted only where they must be."""

from __future__ import annotations

import re

_PART = re.compile(r'"((?:[^"]|"")*)"|([^".\s]+)')


def parts(name: str) -> tuple[str, ...]:
    """Split a qualified name.

    >>> parts('"My App"."Or""der".id')
    ('My App', 'Or"der', 'id')
    """
    return tuple(found[1].replace('""', '"') if found[1] is not None else found[2] for found in _PART.finditer(name))


def split(text: str) -> tuple[str, str]:
    """Split what begins with a name into that name, as it is written, and the rest.

    >>> split('"a b" character varying(5)')
    ('"a b"', 'character varying(5)')
    """
    found = _PART.match(text)
    assert found is not None  # noqa: S101 - the server wrote it
    return found[0], text[found.end() :].removeprefix(" ")
