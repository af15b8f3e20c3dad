"""Types of columns as source: the construct of SQLAlchemy, and the annotation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql as pg

from alembic_assay.catalog.build_types import PgType
from alembic_assay.emit import python
from alembic_assay.emit.python import Code, call, text

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

_ARGUMENTS = {
    "VARCHAR": ("length", "collation"),
    "CHAR": ("length", "collation"),
    "TEXT": ("collation",),
    "BIT": ("length", "varying"),
    "NUMERIC": ("precision", "scale"),
    "TIME": ("timezone", "precision"),
    "TIMESTAMP": ("timezone", "precision"),
    "INTERVAL": ("fields", "precision"),
}
_POSITIONAL = frozenset({"length", "precision", "scale"})
_ANNOTATIONS = {
    "BIGINT": "int", "INTEGER": "int", "SMALLINT": "int", "BOOLEAN": "bool", "NUMERIC": "decimal.Decimal",
    "REAL": "float", "DOUBLE_PRECISION": "float", "TEXT": "str", "VARCHAR": "str", "CHAR": "str", "BYTEA": "bytes",
    "DATE": "dt.date", "TIME": "dt.time", "TIMESTAMP": "dt.datetime", "INTERVAL": "dt.timedelta", "UUID": "uuid.UUID",
    "CITEXT": "str", "MONEY": "str", "MACADDR": "str", "MACADDR8": "str", "OID": "int",
    "JSON": "dict[str, Any] | list[Any]", "JSONB": "dict[str, Any] | list[Any]",
}  # fmt: skip
"""What psycopg returns; ``Any`` for the rest."""


class Types:
    """Writes types.

    Args:
        named: The variable of each enum and domain.
        classes: The class of each enum.
        module: What stands before those names.
    """

    def __init__(self, named: dict[int, str], classes: dict[int, str], module: str = "types.") -> None:
        self._named = named
        self._classes = classes
        self._module = module

    def code(self, kind: TypeEngine[Any]) -> Code:
        """Return the construct."""
        if id(kind) in self._named:
            return f"{self._module}{self._named[id(kind)]}"
        if isinstance(kind, PgType):
            return call("base.PgType", text(kind.name))
        if isinstance(kind, pg.ARRAY):
            return call("pg.ARRAY", self.code(kind.item_type))
        name = type(kind).__name__
        precision_last = name in {"TIME", "TIMESTAMP", "INTERVAL"}
        items: list[Code] = []
        options: dict[str, Code | None] = {}
        for argument in _ARGUMENTS.get(name, ()):
            value = getattr(kind, argument, None)
            if value is None or value is False:
                continue
            written = text(value) if isinstance(value, str) else str(value)
            if argument in _POSITIONAL and not precision_last:
                items.append(written)
            else:
                options[argument] = written
        return call(f"pg.{name}", *items, **options)

    def annotation(self, kind: TypeEngine[Any]) -> str:
        """Return the annotation, of a value that is not NULL."""
        if id(kind) in self._classes:
            return f"{self._module}{self._classes[id(kind)]}"
        if isinstance(kind, pg.DOMAIN):
            return self.annotation(kind.data_type)
        if isinstance(kind, pg.ARRAY):
            return (
                f"list[{self.annotation(kind.item_type)}]" if not isinstance(kind.item_type, pg.ARRAY) else "list[Any]"
            )
        return _ANNOTATIONS.get(type(kind).__name__, "Any")


def clause(sql: str) -> Code:
    """Write ``text()`` around SQL that was escaped for it."""
    return call("sa.text", python.text(sql))
