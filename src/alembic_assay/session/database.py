"""One object for an application: engines, sessions, health, and an end in good order."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session, sessionmaker

from alembic_assay.errors import DatabaseClosedError
from alembic_assay.session import health
from alembic_assay.session.engine import close_late, create_async_engine, create_engine
from alembic_assay.session.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from typing import Self

    from sqlalchemy.ext.asyncio import AsyncSession

GRACE = 10.0
"""Seconds that ``close()`` waits for open sessions; Kubernetes kills after 30."""

_READ_ONLY = {"postgresql_readonly": True}


class Database:
    """The database of an application: make one for each process.

    Args:
        settings: How to connect.
        session_class: Of the sessions, such as ``sqlmodel.Session``.

    Attributes:
        engine: The primary's.
        replica: The replica's; the same one if there is none.
        sessions: The ``sessionmaker`` of the primary: events of sessions are attached here.

    Example:
        >>> with Database.from_environment() as database:  # doctest: +SKIP
        ...     with database.session() as session:  # commits at the end, or rolls back
        ...         session.add(user)
        ...     with database.session(read_only=True) as session:  # on the replica
        ...         session.scalars(select(User)).all()
    """

    def __init__(self, settings: Settings, *, session_class: type[Session] = Session) -> None:
        self.settings = settings
        self.engine = create_engine(settings)
        self.replica = self.engine if settings.replica_url is None else create_engine(_of_replica(settings))
        self.sessions = sessionmaker(self.engine, class_=session_class, expire_on_commit=False)
        self._visitors = _Visitors()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, **options: Any) -> Self:
        """Make one from ``DATABASE_URL`` and its companions.

        Args:
            environ: Where the variables are.
            options: Further arguments of the class.

        Raises:
            SettingsError: A variable is missing or wrong.
            DatabaseURLError: A URL is.
        """
        return cls(Settings.from_environment(environ), **options)

    @contextmanager
    def session(self, *, read_only: bool = False) -> Iterator[Session]:
        """Open a session; commit it at the end, roll it back if anything goes wrong.

        Objects stay readable after the commit: a response is often built from them then.

        Args:
            read_only: On the replica, if there is one, in transactions that cannot write. A replica is a little
                behind: read what has just been written from the primary.

        Raises:
            DatabaseClosedError: :meth:`close` was called.
        """
        with self._visitors.visit():
            bind = self.replica.execution_options(**_READ_ONLY) if read_only else self.engine
            with self.sessions(bind=bind) as session, session.begin():
                session.info["read_only"] = read_only
                yield session

    def health(self, *, timeout: float = health.TIMEOUT) -> health.Health:
        """Ask the database for an answer; not healthy from the moment that :meth:`close` is called.

        Args:
            timeout: Seconds.
        """
        return self._visitors.refusal() or health.check(self.engine, timeout=timeout)

    def close(self, *, grace: float = GRACE) -> int:
        """Open no more sessions, wait for those that are open, close all connections.

        Args:
            grace: Seconds to wait.

        Returns:
            How many sessions were still open.
        """
        left = self._visitors.wait(grace)
        for engine in {self.engine, self.replica}:
            close_late(engine)
            engine.dispose()
        return left

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncDatabase:
    """Like :class:`Database`, with async engines and sessions.

    Args:
        settings: How to connect.
        session_class: Of the sessions, such as ``sqlmodel.ext.asyncio.session.AsyncSession``.

    Attributes:
        engine: The primary's.
        replica: The replica's; the same one if there is none.
        sessions: The ``async_sessionmaker`` of the primary.

    Example:
        >>> async with AsyncDatabase.from_environment() as database:  # doctest: +SKIP
        ...     async with database.session() as session:
        ...         session.add(user)
    """

    def __init__(self, settings: Settings, *, session_class: type[AsyncSession] | None = None) -> None:
        self.settings = settings
        self.engine = create_async_engine(settings)  # says what is missing
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker  # noqa: PLC0415 - the extra `async`

        self.replica = self.engine if settings.replica_url is None else create_async_engine(_of_replica(settings))
        self.sessions = async_sessionmaker(self.engine, class_=session_class or AsyncSession, expire_on_commit=False)
        self._visitors = _Visitors()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, **options: Any) -> Self:
        """Make one from ``DATABASE_URL`` and its companions.

        Args:
            environ: Where the variables are.
            options: Further arguments of the class.
        """
        return cls(Settings.from_environment(environ), **options)

    @asynccontextmanager
    async def session(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """Open a session; commit it at the end, roll it back if anything goes wrong.

        Args:
            read_only: On the replica, if there is one, in transactions that cannot write.
        """
        with self._visitors.visit():
            bind = self.replica.execution_options(**_READ_ONLY) if read_only else self.engine
            async with self.sessions(bind=bind) as session, session.begin():
                session.info["read_only"] = read_only
                yield session

    async def health(self, *, timeout: float = health.TIMEOUT) -> health.Health:  # noqa: ASYNC109 - part of the answer
        """Ask the database for an answer.

        Args:
            timeout: Seconds.
        """
        return self._visitors.refusal() or await health.check_async(self.engine, timeout=timeout)

    async def close(self, *, grace: float = GRACE) -> int:
        """Open no more sessions, wait for those that are open, close all connections.

        Args:
            grace: Seconds to wait.

        Returns:
            How many sessions were still open.
        """
        left = await asyncio.to_thread(self._visitors.wait, grace)
        for engine in {self.engine, self.replica}:
            close_late(engine.sync_engine)
            await engine.dispose()
        return left

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Visitors:
    """Who is inside; nobody comes in once the door is closed."""

    def __init__(self) -> None:
        self.inside = 0
        self._closed = False
        self._changed = threading.Condition()

    @contextmanager
    def visit(self) -> Iterator[None]:
        with self._changed:
            if self._closed:
                raise DatabaseClosedError("the database was closed: this process is about to end.")
            self.inside += 1
        try:
            yield
        finally:
            with self._changed:
                self.inside -= 1
                self._changed.notify_all()

    def wait(self, seconds: float) -> int:
        """Close the door, wait until all have left, and return how many have not."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self.inside, seconds)
            return self.inside

    def refusal(self) -> health.Health | None:
        return health.Health(ok=False, seconds=0.0, reason="shutting down") if self._closed else None


def _of_replica(settings: Settings) -> Settings:
    url = settings.replica_url
    return settings if url is None else replace(settings, url=url, replica_url=None)
