"""A log of slow statements, without their parameters."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from alembic_assay.errors import short

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import ExceptionContext, ExecutionContext

log = logging.getLogger("alembic_assay.session.slow")

LONGEST_STATEMENT = 1000
"""Characters of a statement that are logged."""

_STARTED = "_assay_started"


def log_slow_queries(engine: Engine, seconds: float) -> None:
    """Log each statement that takes so long, or longer, also one that fails in the end.

    The logger is ``alembic_assay.session.slow``, the level WARNING. Parameters are not logged: they are the users'
    data. The record has ``seconds`` and ``statement`` for structured logs.

    Args:
        engine: Of an async engine, its ``sync_engine``.
        seconds: From how long on.

    Example:
        >>> log_slow_queries(engine, 0.5)  # doctest: +SKIP
    """

    @event.listens_for(engine, "before_cursor_execute")
    def start(_connection: Connection, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool) -> None:
        setattr(context, _STARTED, time.perf_counter())

    @event.listens_for(engine, "after_cursor_execute")
    def finish(_connection: Connection, _cursor: Any, sql: str, _values: Any, context: Any, _many: bool) -> None:
        _log(context, sql, seconds, "slow")

    @event.listens_for(engine, "handle_error")
    def fail(context: ExceptionContext) -> None:
        if context.execution_context is not None:
            _log(context.execution_context, context.statement or "", seconds, "slow, and failed")


def _log(context: ExecutionContext, statement: str, threshold: float, word: str) -> None:
    started: float | None = getattr(context, _STARTED, None)
    if started is None:
        return
    taken = time.perf_counter() - started
    if taken >= threshold:
        text = short(statement, LONGEST_STATEMENT)
        log.warning("%s: %.3f s: %s", word, taken, text, extra={"seconds": taken, "statement": text})
