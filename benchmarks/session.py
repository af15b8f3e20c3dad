"""A thousand clients of the example application over twenty server connections of PgBouncer."""  # noqa: INP001 - scripts are no package

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import create_engine, text
from tests.support import pgbouncer

from alembic_assay.proof.server import running
from alembic_assay.session import AsyncDatabase, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL

CREATE = (
    "CREATE TABLE tasks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
    "ALTER TABLE tasks ADD user_id int NOT NULL, ADD title text NOT NULL, ADD done boolean NOT NULL DEFAULT false",
    "ALTER TABLE tasks ADD created_at timestamptz NOT NULL DEFAULT now()",
    "INSERT INTO tasks (user_id, title) SELECT mod(i, 200), 'task ' || i FROM generate_series(1, 20000) AS i",
    "CREATE INDEX ON tasks (user_id, created_at)",
    "ANALYZE tasks",
)
QUERIES: Mapping[str, tuple[str, int]] = {
    "single row": ("SELECT * FROM tasks WHERE id = :n", 50),
    "list of 100 rows": ("SELECT * FROM tasks WHERE user_id = :n % 200 ORDER BY created_at LIMIT 100", 100),
    "insert": ("INSERT INTO tasks (user_id, title) VALUES (:n % 200, 'new')", 20),
    "update": ("UPDATE tasks SET done = true WHERE id = :n", 20),
    "delete": ("DELETE FROM tasks WHERE id = :n", 20),
}
"""Each with the specification's target in milliseconds."""


async def client(
    database: AsyncDatabase, rounds: int, pause: float, taken: dict[str, list[float]], all_there: asyncio.Barrier
) -> None:
    """Connect, wait for the others, then do what a user does: one query after the other, with pauses."""
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        await connection.commit()
        await all_there.wait()
        for _ in range(rounds):
            for name, (query, _target) in QUERIES.items():
                await asyncio.sleep(random.uniform(0, 2 * pause))  # noqa: S311 - no secret
                started = time.perf_counter()
                await connection.execute(text(query), {"n": random.randint(1, 20000)})  # noqa: S311 - no secret
                await connection.commit()
                taken[name].append((time.perf_counter() - started) * 1000)


async def measure(url: URL, clients: int, rounds: int, pause: float) -> None:
    """Print the latencies."""
    settings = Settings(
        url=url.update_query_dict({"pgbouncer": "true"}), pool_size=clients, max_overflow=0, slow_query=0
    )
    taken: dict[str, list[float]] = {name: [] for name in QUERIES}
    async with AsyncDatabase(settings) as database:
        started = time.perf_counter()
        all_there = asyncio.Barrier(clients + 1)
        working = [asyncio.create_task(client(database, rounds, pause, taken, all_there)) for _ in range(clients)]
        await all_there.wait()
        print(f"{clients} clients connected in {time.perf_counter() - started:.1f} s")  # noqa: T201 - the result
        started = time.perf_counter()
        await asyncio.gather(*working)
        seconds = time.perf_counter() - started
    total = sum(map(len, taken.values()))
    print(f"{clients} clients, {total} transactions, {total / seconds:.0f} a second, no error")  # noqa: T201 - the result
    for name, values in taken.items():
        high = statistics.quantiles(values, n=100)[94]
        target, median = QUERIES[name][1], statistics.median(values)
        print(f"  {name:18} median {median:7.1f} ms, 95 %: {high:7.1f} ms, target {target} ms")  # noqa: T201 - the result


def main() -> None:
    """Start PostgreSQL and PgBouncer, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--pause", type=float, default=10.0, help="mean seconds between two queries of a client")
    given = parser.parse_args()
    with running() as server:
        with create_engine(server).begin() as connection:
            for statement in CREATE:
                connection.exec_driver_sql(statement)
        with pgbouncer.running(server, max_client_conn=given.clients + 50, default_pool_size=20) as url:
            asyncio.run(measure(url, given.clients, given.rounds, given.pause))


if __name__ == "__main__":
    main()
