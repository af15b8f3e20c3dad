"""Every text of Neon's proxy, as drivers hand it on: who tries again, and who does not."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import asyncpg
import psycopg
import pytest
from sqlalchemy.exc import DBAPIError
from tests.neon.test_faults import TEXTS

from alembic_assay.errors import DatabaseUnreachableError
from alembic_assay.neon import faults
from alembic_assay.neon.engine import connect, create
from alembic_assay.neon.url import parse
from alembic_assay.session import Settings
from alembic_assay.session import engine as engines

if TYPE_CHECKING:
    from tests.support.neon_bench import Bench

NOT_OF_A_SERVER = (
    "connection timeout",
    "server closed",
    "SSL connection has been closed",
    "could not receive",
    "connection to server on",
)
SERVERS = [row for row in TEXTS if row[1] != "unknown" and not row[0].startswith(NOT_OF_A_SERVER)]


async def of_asyncpg(bench: Bench) -> BaseException:
    url = bench.pooled_url.difference_update_query(["channel_binding"]).render_as_string(hide_password=False)
    try:
        connection = await asyncpg.connect(url)
    except (asyncpg.PostgresError, OSError) as error:
        return error
    await connection.close()
    raise AssertionError("it got in")


def test_every_text_is_classified_whichever_driver_hands_it_on(bench: Bench) -> None:
    async def of_all() -> list[BaseException]:
        errors = []
        for text, _, _ in SERVERS:
            bench.proxy.faults.append(text)
            errors.append(await of_asyncpg(bench))
        await asyncio.sleep(0.1)  # asyncpg leaves connections that failed to the event loop
        return errors

    url = bench.pooled_url.render_as_string(hide_password=False)
    for (text, name, retry), of_asyncpg_s in zip(SERVERS, asyncio.run(of_all()), strict=True):
        bench.proxy.faults.append(text)
        with pytest.raises(psycopg.OperationalError) as raised:
            psycopg.connect(url)
        for error in (raised.value, of_asyncpg_s):
            assert (faults.classify(error).name, faults.classify(error).retry) == (name, retry), error
            assert faults.reason(error) == text
        assert getattr(of_asyncpg_s, "sqlstate", None) == "XX000"


def test_a_migration_tries_again_what_passes_and_nothing_else(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "alembic.assay.connect")
    engine = create(parse(bench.url), lock_timeout="2s", application_name="alembic:upgrade")
    for text, name, retry in SERVERS:
        caplog.clear()
        bench.proxy.faults.append(text)
        if retry:
            connect(engine, patience=20).close()
            assert [record.getMessage().partition(";")[0] for record in caplog.records] == [f"{text} ({name})"]
        else:
            with pytest.raises(DatabaseUnreachableError) as raised:
                connect(engine)
            hint = next(fault.hint for _, fault in faults.FATAL if fault.name == name)
            assert raised.value.message.endswith(f": {text.rstrip('.')}.")
            assert (raised.value.hint, caplog.records) == (hint, [])
    assert not bench.proxy.faults


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_an_application_s_engine_does_so_too(bench: Bench, driver: str) -> None:
    settings = Settings(url=parse(bench.pooled_url), driver=driver, pool_size=1)  # type: ignore[arg-type] # a parameter

    async def answer() -> object:
        engine = engines.create_async_engine(settings)
        try:
            async with engine.connect() as connection:
                return (await connection.exec_driver_sql("SELECT 1")).scalar_one()
        finally:
            await engine.dispose()

    bench.suspend(wake_up=0.3)
    bench.proxy.faults += ["Couldn't connect to compute node", "Too many connections attempts"]
    assert asyncio.run(answer()) == 1
    bench.proxy.faults += ["active endpoints limit exceeded"] * 2
    with pytest.raises((DBAPIError, asyncpg.PostgresError), match="active endpoints limit exceeded"):
        asyncio.run(answer())
    assert len(bench.proxy.faults) == 1
