"""Names of Python for names of SQL: valid, not taken, and none that means something else."""

from __future__ import annotations

import keyword
import re
import unicodedata
from typing import TYPE_CHECKING

from alembic_assay.design.naming import singular

if TYPE_CHECKING:
    from collections.abc import Iterable

MODULES = frozenset({"sa", "pg", "orm", "dt", "decimal", "uuid", "ipaddress", "typing", "types", "base"})
"""What generated modules import; an attribute of that name would hide it in its class."""

_BUILTINS = frozenset({"int", "str", "bool", "float", "bytes", "list", "dict", "object", "type", "property", "super"})
_DECLARATIVE = frozenset({"metadata", "registry", "mapped_column", "Mapped"})
_PYDANTIC = frozenset(
    {"copy", "json", "dict", "schema", "schema_json", "validate", "construct", "fields", "Field", "Any"}
)
RESERVED = MODULES | _BUILTINS | _DECLARATIVE | _PYDANTIC | {"self", "cls", "Relationship", "SQLModel", "Base"}


class Names:
    """Gives each name once.

    Args:
        reserved: Names that are taken from the start.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = set(reserved)

    def give(self, wanted: str) -> str:
        """Return a name that nobody has: the wanted one, or with a number behind it."""
        found, number = wanted, 2
        while found in self._taken:
            found, number = f"{wanted}_{number}", number + 1
        self._taken.add(found)
        return found


def identifier(name: str, fallback: str = "x") -> str:
    """Make an identifier of Python from any name.

    >>> identifier("my col"), identifier("1st"), identifier("class"), identifier("__x")
    ('my_col', 'x_1st', 'class_', 'x__x')
    """
    found = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))  # as Python reads identifiers
    if not found.isidentifier() or found.startswith("_"):
        found = f"{fallback}{found}" if found.startswith("_") else f"{fallback}_{found}"
    found = found if found.isidentifier() else fallback
    return f"{found}_" if keyword.iskeyword(found) or keyword.issoftkeyword(found) else found


def attribute(name: str) -> str:
    """Name the attribute of a column."""
    found = identifier(name)
    hidden = found in RESERVED or found.startswith("model_") or found == name.upper() == "_"
    return f"{found}_" if hidden else found


def camel(name: str) -> str:
    """Write a name in CamelCase."""
    words = [word for word in re.split(r"[\W_]+", name) if word]
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return identifier(joined or "X", "X")


def class_name(table: str) -> str:
    """Name the class of a table: singular, in CamelCase.

    >>> class_name("reading_progress"), class_name("tasks"), class_name("Order details")
    ('ReadingProgress', 'Task', 'OrderDetail')
    """
    words = re.sub(r"\W", "_", table)
    return camel(singular(words) if words.isascii() else words)


def member(label: str) -> str:
    """Name the member of an enumeration."""
    found = identifier(re.sub(r"\W", "_", label).upper() or "EMPTY", "VALUE")
    return f"{found}_" if found == "MRO" else found
