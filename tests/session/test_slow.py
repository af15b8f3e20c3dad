from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alembic_assay.session import AsyncDatabase, Database

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "Mrs. Smith"


@pytest.fixture
def slow(database: Database) -> Iterator[Database]:
    with Database(replace(database.settings, slow_query=0.1)) as slow:
        yield slow


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [each for each in caplog.records if each.name == "alembic_assay.session.slow"]
    assert {each.levelno for each in found} <= {logging.WARNING}
    return [re.sub(r"\d\.\d{3} s", "<time>", each.getMessage()) for each in found]


def test_a_slow_statement_is_logged_without_its_values(slow: Database, caplog: pytest.LogCaptureFixture) -> None:
    with slow.session() as session:
        session.execute(text("SELECT 1"))
        session.execute(text("SELECT pg_sleep(0.15),\n  CAST(:name AS text)"), {"name": SECRET})
    assert lines(caplog) == ["slow: <time>: SELECT pg_sleep(0.15), CAST(%(name)s AS text)"]
    record = caplog.records[-1]
    assert 0.1 < record.__dict__["seconds"] < 5
    assert record.__dict__["statement"] == "SELECT pg_sleep(0.15), CAST(%(name)s AS text)"
    assert SECRET not in caplog.text


def test_one_that_fails_in_the_end_is_logged_too(slow: Database, caplog: pytest.LogCaptureFixture) -> None:
    slowly = "DO $$BEGIN PERFORM pg_sleep(0.15); RAISE 'no'; END$$"
    with pytest.raises(DBAPIError), slow.session() as session:
        session.execute(text(slowly))
    with pytest.raises(DBAPIError), slow.session() as session:
        session.execute(text("SELECT * FROM nothing"))
    assert lines(caplog) == [f"slow, and failed: <time>: {slowly}"]


def test_async_and_long_statements(slow: Database, caplog: pytest.LogCaptureFixture) -> None:
    async def use() -> None:
        async with AsyncDatabase(slow.settings) as database, database.session() as session:
            await session.execute(text(f"SELECT pg_sleep(0.15) /* {'x' * 2000} */"))

    asyncio.run(use())
    (line,) = lines(caplog)
    assert line.startswith("slow: <time>: SELECT pg_sleep(0.15) /* xxx")
    assert line.endswith("x…")
    assert len(line) < 1100
