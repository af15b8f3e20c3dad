"""Texts of the server as SQLAlchemy takes them, and definitions taken apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.sql import MAX_IDENTIFIER_BYTES, escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import TextClause

_PIECE = re.compile(r"""(?:E'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^'"])""", re.DOTALL)


def verbatim(sql: str) -> TextClause:
    r"""Return a text in which ``:x`` means itself; SQLAlchemy cares for ``%``.

    >>> verbatim("a <> ':x'").text
    "a <> '\\:x'"
    """
    return text(escaped(sql))


def split(listed: str) -> list[str]:
    """Split at the commas that are in no parentheses and no quotes.

    >>> split('lower(a, b), "c,d" DESC')
    ['lower(a, b)', '"c,d" DESC']
    """
    items, depth = [""], 0
    for piece in _PIECE.findall(listed):
        depth += (piece in "([") - (piece in ")]")
        if piece == "," and not depth:
            items.append("")
        else:
            items[-1] += piece
    return [item.strip() for item in items if item.strip()]


def enclosed(definition: str, start: int = 0) -> tuple[str, str]:
    """Return what the first parentheses enclose, and the rest behind them.

    >>> enclosed("(a, (b)) WHERE (c)")
    ('a, (b)', ' WHERE (c)')
    """
    depth, inside = 0, ""
    position = definition.index("(", start)
    for piece in _pieces(definition, position):
        position += len(piece)
        depth += (piece == "(") - (piece == ")")
        if not depth:
            return inside[1:], definition[position:]
        inside += piece
    msg = f"expected balanced parentheses, got {definition!r}"
    raise ValueError(msg)


def _pieces(definition: str, position: int) -> Iterator[str]:
    for found in _PIECE.finditer(definition, position):
        yield found[0]


def unquoted(name: str) -> str:
    """Return the name that an identifier written by the server stands for."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def plain(name: str) -> bool:
    """Whether a text is one identifier and nothing else."""
    return re.fullmatch(r'"(?:[^"]|"")+"|[a-z_\x80-\U0010ffff][\w$]*', name) is not None


def made_name(table: str, column: str, label: str) -> str:
    """Return the name that the server gives to what it makes for a column: ``makeObjectName`` in its ``indexcmds.c``.

    >>> made_name("tasks", "id", "seq")
    'tasks_id_seq'
    """
    first, second = table.encode(), column.encode()
    room = MAX_IDENTIFIER_BYTES - len(label.encode()) - 2
    lengths = [len(first), len(second)]
    while sum(lengths) > room:
        lengths[0 if lengths[0] > lengths[1] else 1] -= 1
    return "_".join((_clipped(first, lengths[0]), _clipped(second, lengths[1]), label))


def _clipped(name: bytes, length: int) -> str:
    return name[:length].decode(errors="ignore")
