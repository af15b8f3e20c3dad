"""Names of indexes that rules create: by the models' naming convention, else by a fixed pattern."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, MetaData, Table
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.types import NullType

from alembic_assay.sql import MAX_IDENTIFIER_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alembic_assay.rules.tables import TableKey

_DEFAULT_CONVENTION = MetaData().naming_convention


def index_name(table: TableKey, columns: Sequence[str], metadata: MetaData | None, taken: Collection[str] = ()) -> str:
    """Return the name for a new index.

    Args:
        table: Its table.
        columns: Its columns, in order.
        metadata: The models; their naming convention ``ix`` is used if they set one.
        taken: Names that other indexes of the schema have.

    Returns:
        A ``conv`` where a convention made it, which Alembic renders as ``op.f(…)``; at most 63 bytes.

    Example:
        >>> index_name((None, "comments"), ["task_id"], None)
        'idx_comments_task_id'
    """
    name = _conventional(table, columns, metadata) or "_".join(("idx", table[1], *columns))
    short = shorten(name)
    if short in taken:  # idx_a_b_c may be a_b(c) or a(b, c)
        short = _with_digest(name, "/".join((table[1], *columns)))
    return type(name)(short)


def shorten(name: str) -> str:
    """Cut a name to 63 bytes as SQLAlchemy does: its beginning, and four digits of its MD5.

    >>> shorten("x" * 64)
    'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_2456'
    """
    return name if len(name.encode()) <= MAX_IDENTIFIER_BYTES else _with_digest(name, name)


def model_index(name: str, table: TableKey, columns: Sequence[str], metadata: MetaData | None) -> str:
    """Return the line that a model needs to have the index too.

    >>> model_index("idx_comments_task_id", (None, "comments"), ["task_id"], None)
    'Index("idx_comments_task_id", "task_id")'
    """
    model = None if metadata is None else find_table(metadata, table)
    keys = {} if model is None else {column.name: column.key for column in model.columns}
    return f"Index({', '.join(_quoted(text) for text in (name, *(keys.get(column, column) for column in columns)))})"


def find_table(metadata: MetaData, key: TableKey) -> Table | None:
    """Return the model's table, whether the default schema is written there or not."""
    schema, name = key
    names = (name, f"public.{name}") if schema is None else (f"{schema}.{name}",)
    return next((metadata.tables[full] for full in names if full in metadata.tables), None)


def _conventional(table: TableKey, columns: Sequence[str], metadata: MetaData | None) -> str | None:
    """Let SQLAlchemy apply the convention, to a table of our own with the same names."""
    if metadata is None or metadata.naming_convention in (_DEFAULT_CONVENTION, {}):
        return None
    scratch = MetaData(naming_convention=metadata.naming_convention)
    like: list[Column[Any]] = [Column(column, NullType()) for column in columns]
    try:
        name = Index(None, *Table(table[1], scratch, *like, schema=table[0]).columns).name
    except InvalidRequestError:  # it builds on a given name; Alembic applies it to ours
        return None
    return name if isinstance(name, str) else None


def _with_digest(name: str, digested: str) -> str:
    beginning = name.encode()[: MAX_IDENTIFIER_BYTES - 8].decode(errors="ignore")
    return f"{beginning}_{hashlib.md5(digested.encode(), usedforsecurity=False).hexdigest()[-4:]}"


def _quoted(text: str) -> str:
    return repr(str(text)) if '"' in text or "\\" in text else f'"{text}"'
