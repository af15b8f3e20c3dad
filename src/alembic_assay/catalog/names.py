"""Names as the server writes them: qualified, and quoted only where they must be."""

from __future__ import annotations

import keyword
import re
import unicodedata

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


def python_name(name: str) -> str:
    """Return the Python identifier nearest to a name; different names may have the same one.

    >>> python_name("created at"), python_name("2nd"), python_name("class")
    ('created_at', '_2nd', 'class_')
    """
    found = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))  # as Python reads identifiers
    if not found or found[0].isdigit():
        found = f"_{found}"
    return f"{found}_" if keyword.iskeyword(found) else found
