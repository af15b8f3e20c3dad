"""Is the database there, and how busy is the pool?"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from alembic_assay.neon import faults

if TYPE_CHECKING:
    from sqlalchemy import Engine, Pool
    from sqlalchemy.ext.asyncio import AsyncEngine

TIMEOUT = 5.0
"""Seconds; Kubernetes asks again after 10."""

_QUERY = text("SELECT 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The answer to a health check.

    Args:
        ok: Whether the database answered in time.
        seconds: How long it took.
        reason: Why not, in the server's own words; empty if it did.
        hint: What to do about it, where we know.
        in_use: Connections of the pool that are in use; ``None`` without a pool.
        size: Connections that the pool keeps; ``None`` without a pool.
    """

    ok: bool
    seconds: float
    reason: str = ""
    hint: str = ""
    in_use: int | None = None
    size: int | None = None


def check(engine: Engine, *, timeout: float = TIMEOUT) -> Health:
    """Ask the database for an answer; never raises, and never takes longer than ``timeout``.

    Args:
        engine: From :func:`~alembic_assay.session.engine.create_engine`.
        timeout: Seconds, waiting for a free connection included.

    Example:
        >>> check(engine).ok  # doctest: +SKIP
        True
    """
    started = time.perf_counter()
    errors: list[BaseException | None] = []

    def ask() -> None:
        try:
            with engine.connect() as connection:
                connection.execute(_QUERY)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            errors.append(error)
        else:
            errors.append(None)

    # A thread of its own: neither a full pool nor a server that is silent can be waited for with a limit otherwise.
    thread = threading.Thread(target=ask, name="assay-health", daemon=True)
    thread.start()
    thread.join(timeout)
    return _health(errors[0] if errors else TimeoutError(_late(timeout)), started, engine.pool)


async def check_async(engine: AsyncEngine, *, timeout: float = TIMEOUT) -> Health:  # noqa: ASYNC109 - part of the answer
    """Like :func:`check`, for an async engine.

    Args:
        engine: From :func:`~alembic_assay.session.engine.create_async_engine`.
        timeout: Seconds, waiting for a free connection included.
    """
    started = time.perf_counter()
    found: BaseException | None = None
    try:
        async with asyncio.timeout(timeout), engine.connect() as connection:
            await connection.execute(_QUERY)
    except TimeoutError:
        found = TimeoutError(_late(timeout))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        found = error
    return _health(found, started, engine.sync_engine.pool)


def _late(timeout: float) -> str:
    return f"no answer within {timeout:g} s"


def _health(error: BaseException | None, started: float, pool: Pool) -> Health:
    counted = isinstance(pool, QueuePool)
    return Health(
        ok=error is None,
        seconds=time.perf_counter() - started,
        reason="" if error is None else faults.reason(error),
        hint="" if error is None else faults.classify(error).hint,
        in_use=pool.checkedout() if counted else None,  # type: ignore[attr-defined] # of QueuePool
        size=pool.size() if counted else None,  # type: ignore[attr-defined] # of QueuePool
    )
