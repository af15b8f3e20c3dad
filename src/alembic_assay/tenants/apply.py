"""Apply compiled SQL to many tenants at once, each in one transaction."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import psycopg

from alembic_assay.neon.engine import settings_of_a_transaction
from alembic_assay.neon.lock import FIRST_PAUSE, LONGEST_PAUSE, lock_key
from alembic_assay.sql import identifier, literal, set_local
from alembic_assay.tenants.connections import connect
from alembic_assay.tenants.report import Result, Status
from alembic_assay.tenants.targets import Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from sqlalchemy import URL

    from alembic_assay.tenants.compiled import Compiled
    from alembic_assay.tenants.survey import Revisions

HOW = "compiled"


async def apply(
    compiled: Compiled,
    targets: Sequence[Target],
    before: Revisions,
    *,
    width: int,
    done: Callable[[Target, Result | None], bool],
) -> None:
    """Apply it to every target; a few connections go from one to the next, as long as the database is the same.

    Args:
        compiled: The SQL from ``before`` on.
        targets: Tenants at ``before``.
        before: Their revisions.
        width: Connections.
        done: Gets each target with its result, or ``None`` if it has to be done by ``env.py``: the SQL did not work
            for this one, or it has moved meanwhile; nothing is left of the attempt. Says whether to begin another.
    """
    waiting = asyncio.Queue[Target]()
    for target in targets:
        waiting.put_nowait(target)

    async def lane() -> None:
        async with _Lane() as connections:
            while not waiting.empty():
                target = waiting.get_nowait()
                started = time.monotonic()
                try:
                    connection = await connections.to(target.url)
                    result = await _apply(connection, compiled, target, before, started)
                except psycopg.Error:
                    result = None
                if not done(target, result):
                    while not waiting.empty():
                        waiting.get_nowait()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(width, len(targets))):
            group.create_task(lane())


class _Lane(AsyncExitStack):
    """One connection at a time; it is kept while the next tenant is in the same database."""

    _connection: psycopg.AsyncConnection[Any] | None = None
    _url: URL | None = None

    async def to(self, url: URL) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed or self._url != url:
            await self.aclose()
            self._connection, self._url = await self.enter_async_context(await connect(url)), url
        return self._connection


async def _apply(
    connection: psycopg.AsyncConnection[Any], compiled: Compiled, target: Target, before: Revisions, started: float
) -> Result | None:
    async for _ in _pauses(compiled.options.lock_wait_seconds):
        async with connection.transaction():
            locked = await _begin(connection, compiled, target)
            if locked:
                if await _revisions(connection, compiled, target) != before:
                    return None
                await connection.execute(compiled.sql.encode())
        if locked:
            seconds = time.monotonic() - started
            return Result(
                name=target.name, group=target.group, status=Status.UPGRADED, before=before, how=HOW, seconds=seconds
            )
    return None


async def _begin(connection: psycopg.AsyncConnection[Any], compiled: Compiled, target: Target) -> bool:
    """Set what holds for the transaction, and try to get the lock of a migration."""
    options = compiled.options
    settings = settings_of_a_transaction(options.lock_timeout, options.statement_timeout, target.search_path)
    key = lock_key(target.url.database or "", target.schema, compiled.version_table)
    query = f"SELECT pg_try_advisory_xact_lock({key}), {set_local(settings)}"
    row = await (await connection.execute(query.encode())).fetchone()
    return bool(row and row[0])


async def _revisions(connection: psycopg.AsyncConnection[Any], compiled: Compiled, target: Target) -> Revisions:
    table = identifier(compiled.version_table)
    if target.schema is not None:
        table = f"{identifier(target.schema)}.{table}"
    row = await (await connection.execute(f"SELECT to_regclass({literal(table)})".encode())).fetchone()
    if not row or row[0] is None:
        return ()
    rows = await (await connection.execute(f"SELECT version_num FROM {table}".encode())).fetchall()  # noqa: S608 - quoted
    return tuple(sorted(revision for (revision,) in rows))


async def _pauses(seconds: float) -> AsyncIterator[None]:
    """Yield at once, and again after growing pauses, until the time is over."""
    deadline = time.monotonic() + seconds
    pause = FIRST_PAUSE
    while True:
        yield
        if time.monotonic() >= deadline:
            return
        await asyncio.sleep(random.uniform(FIRST_PAUSE, pause))  # noqa: S311 - no secret
        pause = min(pause * 2, LONGEST_PAUSE)
