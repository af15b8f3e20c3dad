"""What is known of an index, and which columns' values it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Column
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ColumnClause, TextClause, UnaryExpression

from alembic_assay.statements import index_column, not_null_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Index

EQUALITY_METHODS = ("btree", "hash")
"""Access methods that find rows by the value of a column."""


class IndexRecord(Protocol):
    """What a record of an index must have; ``catalog.indexes.Index`` does."""

    @property
    def name(self) -> str | None:
        """Its name."""

    @property
    def columns(self) -> Sequence[str | None]:
        """Its key columns in order; nothing stands for an expression."""

    @property
    def valid(self) -> bool:
        """Whether it was built to the end."""

    @property
    def partial(self) -> bool:
        """Whether it has a predicate."""

    @property
    def not_null(self) -> Sequence[str]:
        """The columns of a predicate that only says of columns that they are not NULL."""

    @property
    def method(self) -> str:
        """Its access method, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIndex:
    """An index, or that of a primary key or unique constraint.

    Args:
        name: Its name.
        columns: Its key columns in order, ``None`` for an expression.
        valid: Whether it was built to the end.
        partial: Whether it has a predicate.
        not_null: The columns of a predicate that only says of columns that they are not NULL.
        method: Its access method.
    """

    name: str | None
    columns: Sequence[str | None]
    valid: bool = True
    partial: bool = False
    not_null: Sequence[str] = ()
    method: str = "btree"


def of_index(index: Index) -> KnownIndex:
    """Return what an ``Index`` says."""
    options = index.dialect_options["postgresql"]
    return KnownIndex(
        name=index.name,
        columns=tuple(map(_column, index.expressions)),
        partial=options["where"] is not None,
        not_null=_not_null(options["where"]),
        method=(options["using"] or "btree").lower(),
    )


def serves(index: IndexRecord, columns: Sequence[str]) -> bool:
    """Tell whether PostgreSQL finds rows by the values of these columns with an index, whatever the values are.

    A predicate that they are not NULL does no harm: a row in which one is NULL refers to nothing.
    """
    complete = not index.partial or (bool(index.not_null) and set(index.not_null) <= set(columns))
    usable = index.valid and complete and index.method in EQUALITY_METHODS
    return usable and begins_with(index.columns, columns)


def begins_with(index_columns: Sequence[str | None], columns: Sequence[str]) -> bool:
    """Tell whether an index begins with these columns, in any order.

    >>> begins_with(("b", "a", "c"), ("a", "b")), begins_with(("a", "c", "b"), ("a", "b"))
    (True, False)
    """
    return set(index_columns[: len(set(columns))]) == set(columns)


def _column(element: object) -> str | None:
    while isinstance(element, UnaryExpression):
        element = element.element
    if isinstance(element, Column):
        return element.name
    written = getattr(element, "text", None)  # Alembic wraps a text in a class of its own
    if isinstance(written, TextClause):
        written = written.text
    if isinstance(element, ColumnClause) and element.is_literal:
        written = element.name
    return index_column(written) if isinstance(written, str) else None


def _not_null(predicate: ColumnElement[bool] | TextClause | None) -> tuple[str, ...]:
    if predicate is None:
        return ()
    if isinstance(predicate, TextClause):
        return not_null_columns(predicate.text)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's
    return not_null_columns(str(predicate.compile(dialect=dialect, compile_kwargs={"literal_binds": True})))
