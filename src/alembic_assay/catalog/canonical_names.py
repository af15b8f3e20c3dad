"""Real names to scratch names in DDL text, and back in what the server deparses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from alembic_assay.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_assay.catalog.dependencies import Dependency
    from alembic_assay.catalog.record import Record

R = TypeVar("R", bound="Record | Dependency")

_IDENTIFIER = r'(?:"(?:[^"]|"")+"|[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)'
_TOKEN = re.compile(
    r"""
      (?P<escaped>\b[eE]'(?:[^'\\]|''|\\.)*')
    | (?P<literal>'(?:[^']|'')*')
    | (?P<dollar>\$(?P<tag>(?:[A-Za-z_\x80-\U0010ffff]\w*)?)\$.*?\$(?P=tag)\$)
    | (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<schema>IDENTIFIER)\s*\.\s*(?P<name>IDENTIFIER|[-+*/<>=~!@\#%^&|`?]+)
    | (?P<word>IDENTIFIER)
    """.replace("IDENTIFIER", _IDENTIFIER),
    re.VERBOSE | re.DOTALL,
)
_CAST_TO_OBJECT = re.compile(r"\s*::\s*(?:pg_catalog\s*\.\s*)?reg\w+", re.IGNORECASE)
_CODE_FOLLOWS = re.compile(r"(?:(?:nextval|currval|setval)\s*\(|^DO)\s*$", re.IGNORECASE)

_OPERATOR = re.compile(r"[-+*/<>=~!@#%^&|`?]+")
_OPERATOR_FOLLOWS = re.compile(r"\bOPERATOR\s*(?:\(|\d+ )?$", re.IGNORECASE)


@dataclass(slots=True)
class Names:
    """Which scratch schema stands for which real one.

    Args:
        scratch: The scratch schema of each real one; a name that needs no quotes and occurs nowhere else.
        quoted: How the server writes the name of each real schema (``quote_ident``).
        created: Schema and name of what the models create: only these are moved, so that whatever else an
            expression names is found where it really is.
    """

    scratch: Mapping[str, str]
    quoted: Mapping[str, str]
    created: set[tuple[str, ...]]
    _real: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._real = {scratch: real for real, scratch in self.scratch.items()}

    def to_scratch(self, sql: str) -> str:
        """Move the qualified names of created objects, also in ``nextval('…')``, ``'…'::regclass`` and ``DO '…'``.

        Other literals, comments and bodies of functions are data and stay as they are.
        """
        return _TOKEN.sub(self._moved, sql)

    def to_real_schema(self, scratch: str) -> str:
        """Return the real schema that a scratch schema stands for."""
        return self._real[scratch]

    def to_real(self, text: str) -> str:
        """Put the real names back into one text that the server wrote."""
        for real, scratch in self.scratch.items():
            if scratch in text:
                text = self._back(text, scratch, real)
        return text

    def record_to_real(self, record: R) -> R:
        """Put the real names back into all fields of a record or a dependency."""
        values: dict[str, Any] = {each.name: self._value_to_real(getattr(record, each.name)) for each in fields(record)}
        return type(record)(**values)

    def _value_to_real(self, value: object) -> object:
        if isinstance(value, str):
            return self._real.get(value) or self.to_real(value)
        if isinstance(value, tuple):
            return tuple(self._value_to_real(item) for item in value)
        return value

    def _moved(self, token: re.Match[str]) -> str:
        if token["literal"] and _is_code(token):
            inner = token["literal"][1:-1].replace("''", "'")
            return "'" + self.to_scratch(inner).replace("'", "''") + "'"
        if token["escaped"] and _is_code(token):
            inner = token["escaped"][2:-1].replace("''", "'").replace("\\\\", "\\")
            return "E'" + self.to_scratch(inner).replace("\\", "\\\\").replace("'", "''") + "'"
        if not token["schema"]:
            return token[0]
        schema, name = _folded(token["schema"]), _folded(token["name"])
        if (schema, name) not in self.created:
            return token[0]
        if _OPERATOR.fullmatch(name):
            # "t.*" is all columns of t, also where a schema of that name has such an operator.
            return (
                token[0]
                if name == "*" and not _OPERATOR_FOLLOWS.search(_before(token))
                else f"{self.scratch[schema]}.{name}"
            )
        return f"{self.scratch[schema]}.{identifier(name)}"

    def _back(self, text: str, scratch: str, real: str) -> str:
        quoted = self.quoted[real]
        if "'" not in quoted:
            return text.replace(f"{scratch}.", f"{quoted}.")

        def replaced(token: re.Match[str]) -> str:
            inside = quoted.replace("'", "''") if token["literal"] else quoted
            return token[0].replace(f"{scratch}.", f"{inside}.")

        return _TOKEN.sub(replaced, text)


def _is_code(token: re.Match[str]) -> bool:
    """Whether a literal names a relation, or is the body of DO."""
    return bool(_CAST_TO_OBJECT.match(token.string, token.end()) or _CODE_FOLLOWS.search(_before(token)))


def _before(token: re.Match[str]) -> str:
    return token.string[max(0, token.start() - 20) : token.start()]


def _folded(token: str) -> str:
    """Return the name that the server takes an identifier for."""
    return token[1:-1].replace('""', '"') if token.startswith('"') else token.lower()
