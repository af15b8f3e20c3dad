from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alembic_assay.errors import AssayError
from alembic_assay.session import AsyncDatabase, Database
from alembic_assay.session.telemetry import instrument, migration_spans

if TYPE_CHECKING:
    from tests.support.project import Project

trace = pytest.importorskip("opentelemetry.sdk.trace")
pytest.importorskip("opentelemetry.instrumentation.sqlalchemy")


class Recorded:
    """Providers that keep everything in memory."""

    def __init__(self) -> None:
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - may not be installed
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415

        self._spans = InMemorySpanExporter()
        self._metrics = InMemoryMetricReader()
        self.tracer_provider: Any = trace.TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meter_provider = MeterProvider([self._metrics])

    @property
    def spans(self) -> dict[str, Any]:
        return {span.name: span for span in self._spans.get_finished_spans()}

    def metric(self, name: str) -> list[Any]:
        data: Any = self._metrics.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        return [
            point for scope in scopes for each in scope.metrics if each.name == name for point in each.data.data_points
        ]


def test_statements_are_spans_and_the_pool_is_measured(database: Database) -> None:
    recorded = Recorded()
    name = database.settings.url.database
    database.engine.dispose()
    instrument(database.engine, tracer_provider=recorded.tracer_provider, meter_provider=recorded.meter_provider)
    with database.session() as session:
        session.execute(text("SELECT :secret"), {"secret": "Mrs. Smith"})
        used = {point.attributes["state"]: point.value for point in recorded.metric("db.client.connections.usage")}
        assert used == {"idle": 0, "used": 1}
    with pytest.raises(DBAPIError), database.session() as session:
        session.execute(text("DELETE FROM nothing"))
    assert set(recorded.spans) == {f"SELECT {name}", f"DELETE {name}"}
    select = recorded.spans[f"SELECT {name}"]
    assert select.attributes["db.statement"].startswith("SELECT %(secret)s")
    assert "Smith" not in select.to_json()
    assert not recorded.spans[f"DELETE {name}"].status.is_ok
    points = recorded.metric("db.client.operation.duration")
    assert sorted(
        (point.attributes.get("error.type"), point.count) for point in points if "error.type" in point.attributes
    ) == [("UndefinedTable", 1)]
    assert sum(point.count for point in points) == 2


def test_two_engines_in_one_process_and_async(database: Database) -> None:
    recorded = Recorded()
    instrument(database.engine, tracer_provider=recorded.tracer_provider)
    with database.session() as session:
        session.execute(text("SELECT 1"))

    async def use() -> None:
        async with AsyncDatabase(database.settings) as other:
            instrument(other.engine.sync_engine, tracer_provider=recorded.tracer_provider)
            async with other.session() as session:
                await session.execute(text("VALUES (1)"))

    asyncio.run(use())
    assert {name.split()[0] for name in recorded.spans} >= {"SELECT", "VALUES"}


def test_what_opentelemetry_instrument_traces_already_is_not_traced_twice(database: Database) -> None:
    import sqlalchemy.ext.asyncio  # noqa: F401, PLC0415 - imported later it would keep what is instrumented now
    from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor  # noqa: PLC0415 - may not be installed

    recorded = Recorded()
    instrumentor = SQLAlchemyInstrumentor()
    instrumentor.instrument(tracer_provider=recorded.tracer_provider, skip_dep_check=True)
    try:
        with Database(database.settings) as other:
            for _ in range(2):
                instrument(
                    other.engine, tracer_provider=recorded.tracer_provider, meter_provider=recorded.meter_provider
                )
            with other.session() as session:
                session.execute(text("SELECT 1"))
    finally:
        instrumentor.uninstrument()
    assert [span.name.split()[0] for span in recorded._spans.get_finished_spans()].count("SELECT") == 1


def test_without_the_extra_it_is_said(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(AssayError, match=r"^OpenTelemetry is not installed: .*'alembic-assay\[otel\]'\.$"):
        instrument(database.engine)
    with (
        pytest.raises(AssayError, match=r"^OpenTelemetry is not installed: "),
        migration_spans(MigrationContext.configure(dialect_name="postgresql")),
    ):
        pass


ENV = """\
import os

from alembic import context
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from alembic_assay.env import run
from models import Base

provider = TracerProvider()
provider.add_span_processor(
    SimpleSpanProcessor(ConsoleSpanExporter(formatter=lambda s: f"SPAN {s.name} in {s.parent and s.parent.span_id} {s.status.status_code.name} {s.context.span_id}\\n"))
)
trace.set_tracer_provider(provider)
run(context, Base.metadata)
"""


def spans(output: str) -> list[tuple[str, str, str, str]]:
    """Name, parent, status, identifier."""
    lines = [line.removeprefix("SPAN ") for line in output.splitlines() if line.startswith("SPAN ")]
    found = []
    for line in lines:
        name, _, rest = line.rpartition(" in ")
        parent, status, identifier = rest.split()
        found.append((name, parent, status, identifier))
    return found


def test_each_migration_is_a_span_with_its_statements(project: Project) -> None:
    project.write_env(ENV)
    project.add_revision("op.execute('CREATE TABLE t (a int)')", "op.execute('DROP TABLE t')")
    project.add_revision(
        "with op.get_context().autocommit_block():\n    op.execute('CREATE INDEX CONCURRENTLY i ON t (a)')"
    )
    assert spans(project.alembic("upgrade", "0001").stdout) == []  # opt-in
    project.alembic("downgrade", "base")
    found = spans(project.alembic("-x", "assay.trace=on", "upgrade", "head").stdout)
    migrations = {
        name: (status, identifier) for name, _, status, identifier in found if "0" in name and name.startswith("up")
    }
    assert {name: status for name, (status, _) in migrations.items()} == {
        "upgrade 0001": "UNSET",
        "upgrade 0002": "UNSET",
    }
    children = {name.split()[0] for name, parent, *_ in found if parent == migrations["upgrade 0001"][1]}
    assert "CREATE" in children
    assert [
        name
        for name, *_ in spans(project.alembic("-x", "assay.trace=on", "downgrade", "base").stdout)
        if name.startswith("down")
    ] == [
        "downgrade 0002",
        "downgrade 0001",
    ]


def test_a_migration_that_fails_is_a_span_that_says_so(project: Project) -> None:
    project.write_env(ENV)
    project.add_revision("op.execute('DROP TABLE nothing')")
    found = spans(project.alembic("-x", "assay.trace=on", "upgrade", "head", expect=1).stdout)
    assert [(name, status) for name, _, status, _ in found if name.startswith("upgrade")] == [("upgrade 0001", "ERROR")]
