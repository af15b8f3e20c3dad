"""OpenTelemetry: a span for each statement and each migration, and how busy the pool is. Needs the extra ``otel``."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic.runtime.migration import MigrationContext
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider
    from sqlalchemy import Connection, Engine

NAME = "alembic_assay"

_STARTED = "_assay_metric_started"


def instrument(
    engine: Engine, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
) -> None:
    """Trace every statement of an engine, and measure its pool and how long statements take.

    Spans are those of ``opentelemetry-instrumentation-sqlalchemy``. Its ``instrument()`` refuses SQLAlchemy 2.1,
    with a log line and no spans, and serves only once in a process; its tracer of one engine works with both, so
    that is used. Parameters are not recorded. Comments are not added to statements: each would be another one for
    the server.

    Metrics: ``db.client.connections.usage`` (connections, by ``state``: idle, used) and
    ``db.client.operation.duration`` (seconds), after the semantic conventions for databases:
    https://opentelemetry.io/docs/specs/semconv/database/database-metrics/.

    Args:
        engine: Of an async engine, its ``sync_engine``.
        tracer_provider: By default the global one.
        meter_provider: By default the global one.

    Raises:
        AssayError: The extra is not installed.

    Example:
        >>> instrument(database.engine)  # doctest: +SKIP
    """
    try:
        from opentelemetry.instrumentation.sqlalchemy.engine import EngineTracer  # noqa: PLC0415 - the extra `otel`
        from opentelemetry.metrics import get_meter  # noqa: PLC0415 - the extra `otel`
        from opentelemetry.trace import get_tracer  # noqa: PLC0415 - the extra `otel`
    except ImportError as error:
        raise _missing(error) from None
    meter = get_meter(NAME, meter_provider=meter_provider)
    usage = meter.create_up_down_counter("db.client.connections.usage", unit="connections")
    tracer: Any = EngineTracer  # without types
    if not _is_traced(engine, tracer):
        tracer(get_tracer(NAME, tracer_provider=tracer_provider), engine, usage)
    duration = meter.create_histogram("db.client.operation.duration", unit="s")
    _measure(engine, duration.record)


@contextmanager
def migration_spans(context: MigrationContext, *, tracer_provider: TracerProvider | None = None) -> Iterator[None]:
    """Have each revision that runs in the block recorded as a span, ``upgrade 8f2c1a``; statements become its children.

    Args:
        context: The one that is about to run them.
        tracer_provider: By default the global one.

    Raises:
        AssayError: The extra is not installed.
    """
    try:
        from opentelemetry.trace import get_tracer  # noqa: PLC0415 - the extra `otel`
    except ImportError as error:
        raise _missing(error) from None
    tracer = get_tracer(NAME, tracer_provider=tracer_provider)
    steps: Callable[..., Any] = context._migrations_fn  # type: ignore[assignment] # noqa: SLF001 - Alembic has no hook before a revision
    open_spans: list[Any] = []

    def close(error: BaseException | None = None) -> None:
        while open_spans:
            open_spans.pop().__exit__(type(error) if error else None, error, None)

    def traced(heads: Any, context: Any) -> Iterator[Any]:
        for step in steps(heads, context):
            close()
            span = tracer.start_as_current_span(_title(step), attributes=_attributes(step))
            span.__enter__()  # ended when Alembic asks for the next step, or the block ends
            open_spans.append(span)
            yield step
        close()

    context._migrations_fn = traced  # noqa: SLF001 - see above
    try:
        yield
    except BaseException as error:
        close(error)
        raise
    finally:
        close()
        context._migrations_fn = steps  # noqa: SLF001 - see above


def _is_traced(engine: Engine, tracer: type) -> bool:
    """Whether ``opentelemetry-instrument`` has been here, as with SQLAlchemy 2.0: each span would come twice."""
    listeners: Any = engine.dispatch.before_cursor_execute
    return any(isinstance(getattr(each, "__self__", None), tracer) for each in listeners)


def _title(step: Any) -> str:
    return f"{'upgrade' if step.is_upgrade else 'downgrade'} {', '.join(_revisions(step))}"


def _revisions(step: Any) -> tuple[str, ...]:
    return tuple(step.info.up_revision_ids)


def _attributes(step: Any) -> dict[str, Any]:
    return {
        "db.system.name": "postgresql",
        "alembic.revision": list(_revisions(step)),
        "alembic.operation": "upgrade" if step.is_upgrade else "downgrade",
    }


def _measure(engine: Engine, record: Callable[..., None]) -> None:
    attributes = {"db.system.name": "postgresql", "db.namespace": engine.url.database or ""}

    @event.listens_for(engine, "before_cursor_execute")
    def start(_connection: Connection, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool) -> None:
        setattr(context, _STARTED, time.perf_counter())

    @event.listens_for(engine, "after_cursor_execute")
    def finish(_connection: Connection, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool) -> None:
        record(time.perf_counter() - getattr(context, _STARTED), attributes)

    @event.listens_for(engine, "handle_error")
    def fail(context: Any) -> None:
        started = getattr(context.execution_context, _STARTED, None)
        if started is not None:
            error = type(context.original_exception).__name__
            record(time.perf_counter() - started, {**attributes, "error.type": error})


def _missing(error: ImportError) -> AssayError:
    return AssayError(f"OpenTelemetry is not installed: {error}.", hint="Run pip install 'alembic-assay[otel]'.")
