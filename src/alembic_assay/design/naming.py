"""Names of SQL from names of requirements; none is longer than PostgreSQL keeps."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from alembic_assay.sql import MAX_IDENTIFIER_BYTES, display, identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+[0-9]*")


def snake(name: str) -> str:
    """Write the name of an entity as one of SQL.

    >>> snake("ReadingProgress"), snake("HTTPRequest")
    ('reading_progress', 'http_request')
    """
    return "_".join(word.lower() for word in _WORDS.findall(name))


def plural(name: str) -> str:
    """Return the plural of the last word.

    >>> plural("category"), plural("reading_progress"), plural("person")
    ('categories', 'reading_progress', 'people')
    """
    head, separator, last = name.rpartition("_")
    if last in _UNCOUNTABLE or not last.isalpha():
        return name
    return f"{head}{separator}{_engine().plural_noun(last)}"


def singular(name: str) -> str:
    """Return the singular of the last word, which may be one already.

    >>> singular("categories"), singular("reading_progress"), singular("status"), singular("movies")
    ('category', 'reading_progress', 'status', 'movie')
    """
    head, separator, last = name.rpartition("_")
    if last in _UNCOUNTABLE or not last.isalpha() or last.endswith(("ss", "us", "is")):
        return name
    found = _SINGULARS.get(last) or _engine().singular_noun(last) or last
    return f"{head}{separator}{found}"


_QUOTED = frozenset(
    [
        "between",
        "bigint",
        "bit",
        "boolean",
        "char",
        "character",
        "coalesce",
        "dec",
        "decimal",
        "exists",
        "extract",
        "float",
        "greatest",
        "grouping",
        "inout",
        "int",
        "integer",
        "interval",
        "least",
        "national",
        "nchar",
        "none",
        "normalize",
        "nullif",
        "numeric",
        "out",
        "overlay",
        "position",
        "precision",
        "real",
        "row",
        "setof",
        "smallint",
        "substring",
        "time",
        "timestamp",
        "treat",
        "trim",
        "values",
        "varchar",
        "xmlattributes",
        "xmlconcat",
        "xmlelement",
        "xmlexists",
        "xmlforest",
        "xmlnamespaces",
        "xmlparse",
        "xmlpi",
        "xmlroot",
        "xmlserialize",
        "xmltable",
    ]
)
"""Words that may name a column but not a function: category C of ``pg_get_keywords()``."""

_UNCOUNTABLE = frozenset({"progress", "news", "series", "information", "equipment", "metadata", "feedback", "content"})
_SINGULARS = {"movies": "movie", "media": "media", "data": "data", "addresses": "address", "aliases": "alias"}


@cache
def _engine() -> Any:
    import inflect  # noqa: PLC0415 - costs 100 ms, and only names need it

    return inflect.engine()


def written(name: str, schema: str | None = None) -> str:
    """Write a name as the server does, which quotes words that SQLAlchemy does not.

    >>> written("position"), written("tasks", "public")
    ('"position"', 'public.tasks')
    """
    own = identifier(name) if name in _QUOTED else display(name)
    return own if schema is None else f"{written(schema)}.{own}"


def shortened(name: str) -> str:
    """Cut a name to what PostgreSQL keeps, with a hash of the whole name at its end.

    >>> len(shortened("x" * 64)), shortened("x")
    (63, 'x')
    """
    raw = name.encode()
    if len(raw) <= MAX_IDENTIFIER_BYTES:
        return name
    mark = f"_{sha256(raw).hexdigest()[:8]}"
    return raw[: MAX_IDENTIFIER_BYTES - len(mark)].decode(errors="ignore") + mark


def constraint(prefix: str, table: str, columns: Iterable[str], *more: str) -> str:
    """Name a constraint: ``fk_tasks_user_id_users``."""
    return shortened("_".join([prefix, table, *columns, *more]))


def index(table: str, columns: Iterable[str], suffix: str = "") -> str:
    """Name an index as the index guide does: ``idx_{table}_{columns}[_{type}]``.

    >>> index("tasks", ["tags"], "gin")
    'idx_tasks_tags_gin'
    """
    return shortened("_".join(["idx", table, *columns, *([suffix] if suffix else [])]))
