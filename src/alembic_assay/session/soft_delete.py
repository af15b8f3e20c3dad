"""Rows that are marked as deleted instead, and left out of what is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import delete, event, func, inspect, select, update
from sqlalchemy.orm import Session, with_loader_criteria

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import ORMExecuteState, sessionmaker

INCLUDE_DELETED = "include_deleted"
"""Execution option: read deleted rows too."""

HARD_DELETE = "hard_delete"
"""Execution option of a DELETE in bulk, and key of ``session.info``: delete for good."""

BATCH = 1000
"""Rows that :func:`purge` deletes in one statement."""


class SoftDeletable:
    """Marks a model as one whose rows are marked; the model has a nullable timestamp column for it.

    Attributes:
        deleted_at_name: The column's attribute.

    Example:
        >>> class Task(SoftDeletable, Base):  # doctest: +SKIP
        ...     __tablename__ = "tasks"
        ...     id: Mapped[int] = mapped_column(primary_key=True)
        ...     deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """

    deleted_at_name: ClassVar[str] = "deleted_at"


def soft_delete(sessions: sessionmaker[Any] | type[Session]) -> None:
    """Make sessions mark rows of :class:`SoftDeletable` models as deleted, and leave marked rows out.

    ``session.delete(task)`` and ``session.execute(delete(Task))`` set the column; SELECT, lazy loading and joins of
    the ORM leave such rows out, and so do UPDATE and DELETE in bulk. The execution option ``include_deleted=True``
    reads all; ``hard_delete=True`` of a DELETE in bulk, or ``session.info["hard_delete"] = True``, deletes for good.
    With SQLAlchemy 2.0, ``any()`` and ``has()`` of a relationship still see marked rows; with 2.1 they do not.
    Rows that a cascade would delete with a marked one stay, unless they are marked likewise. A unique constraint
    still sees marked rows: use a unique index ``WHERE deleted_at IS NULL``.

    Args:
        sessions: A ``sessionmaker`` or a class of sessions; of an ``async_sessionmaker``, its sync session class.

    Example:
        >>> soft_delete(database.sessions)  # doctest: +SKIP
    """
    event.listen(sessions, "do_orm_execute", _filter)
    event.listen(sessions, "before_flush", _mark)


def purge(session: Session, model: type[Any], *, older_than: timedelta, batch: int = BATCH) -> int:
    """Delete for good what was marked long ago, in batches, each committed.

    Args:
        session: Outside of a transaction: it commits.
        model: A :class:`SoftDeletable` model with a primary key of one column.
        older_than: How long ago.
        batch: Rows of one statement, so that locks are short.

    Returns:
        How many rows are gone.

    Example:
        >>> purge(session, Task, older_than=timedelta(days=30))  # doctest: +SKIP
        4000
    """
    (key,) = inspect(model).primary_key
    old = getattr(model, model.deleted_at_name) < datetime.now(UTC) - older_than
    gone = 0
    while True:
        some = select(key).where(old).limit(batch).execution_options(**{INCLUDE_DELETED: True})
        statement = (
            delete(model)
            .where(key.in_(some))
            .execution_options(**{HARD_DELETE: True, INCLUDE_DELETED: True, "synchronize_session": False})
        )
        with session.begin():
            count: int = session.execute(statement).rowcount  # type: ignore[attr-defined] # of CursorResult
        gone += count
        if count < batch:
            return gone


def _filter(state: ORMExecuteState) -> Any:
    options = state.execution_options
    if state.is_delete and not options.get(HARD_DELETE) and (marking := _marking(state)) is not None:
        return state.session.execute(marking, state.parameters, execution_options=dict(options))
    reads = state.is_select and not state.is_column_load
    if (reads or state.is_update) and not options.get(INCLUDE_DELETED):
        state.statement = state.statement.options(*(_criterion(model) for model in _models(SoftDeletable)))
    return None


def _models(base: Any) -> Iterator[Any]:
    for model in base.__subclasses__():
        if inspect(model, raiseerr=False) is not None:
            yield model
        yield from _models(model)


@cache
def _criterion(model: Any) -> Any:
    return with_loader_criteria(model, getattr(model, model.deleted_at_name).is_(None), include_aliases=True)


def _marking(state: ORMExecuteState) -> Any:
    """The UPDATE instead of a DELETE in bulk."""
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, SoftDeletable):
        return None
    statement: Any = state.statement
    marked = update(mapper.class_).values({mapper.class_.deleted_at_name: func.now()})
    conditions = () if statement.whereclause is None else (statement.whereclause,)
    returning = statement._returning  # noqa: SLF001 - SQLAlchemy has no public name for it
    marked = marked.where(*conditions)
    return marked.returning(*returning) if returning else marked


def _mark(session: Session, _context: object, _instances: object) -> None:
    if session.info.get(HARD_DELETE):
        return
    for instance in [each for each in session.deleted if isinstance(each, SoftDeletable)]:
        state = inspect(instance)
        kept = [each for each, *_ in state.mapper.cascade_iterator("delete", state)]
        session.add(instance)  # takes it out of the deleted ones
        setattr(instance, instance.deleted_at_name, func.now())
        for child in kept:
            if not isinstance(child, SoftDeletable) and child in session.deleted:
                session.add(child)
