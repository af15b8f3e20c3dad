"""Transactions in transactions."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session


@contextmanager
def atomic(session: Session) -> Iterator[Session]:
    """Do all of a block or nothing of it: in a transaction, or in a savepoint if there is one already.

    So a function that uses it can be called alone, and from another one that uses it: what fails inside is undone
    inside, and the outer one may go on.

    Args:
        session: A session.

    Example:
        >>> with atomic(session):  # doctest: +SKIP
        ...     session.add(user)
        ...     with suppress(IntegrityError), atomic(session):
        ...         session.add(duplicate)
    """
    with session.begin_nested() if session.in_transaction() else session.begin():
        yield session


@asynccontextmanager
async def atomic_async(session: AsyncSession) -> AsyncIterator[AsyncSession]:
    """Like :func:`atomic`, for an async session.

    Args:
        session: An async session.
    """
    async with session.begin_nested() if session.in_transaction() else session.begin():
        yield session
