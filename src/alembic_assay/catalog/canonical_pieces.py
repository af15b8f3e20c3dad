"""DDL in pieces: one for each object that the server may accept or refuse on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Table


@dataclass(frozen=True, slots=True, order=True)
class Refused:
    """What has no canonical form, because PostgreSQL or SQLAlchemy refuses it.

    Args:
        title: Which object: ``index public.tasks.ix_tasks_title``.
        message: The words of who refused it.
    """

    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement.

    Args:
        title: What it creates, for messages.
        sql: With real names.
        creates: Schema and name of a table, type or sequence; ``None`` for what belongs to one.
    """

    title: str
    sql: str
    creates: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key.

    Args:
        pieces: The constraint, then its comment.
        target: The table that it points to.
        columns: The columns there.
    """

    pieces: tuple[Piece, ...]
    target: Table
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableDDL:
    """A table in pieces.

    Args:
        whole: The table with its inline constraints but foreign keys.
        after: Constraints that are added later, indexes, comments.
        foreign_keys: Its foreign keys.
        parents: Names of the tables that it inherits from.
        table: The model.
    """

    whole: Piece
    after: tuple[Piece, ...]
    foreign_keys: tuple[ForeignKey, ...]
    parents: tuple[str, ...]
    table: Table

    @property
    def key(self) -> tuple[str, str]:
        """Schema and name."""
        assert self.whole.creates is not None  # noqa: S101 - a table has a name
        return self.whole.creates

    @property
    def relations(self) -> int:
        """How many relations the server makes of it, at most; it holds a lock on each."""
        return 4 + len(self.after) + len(self.table.constraints)
