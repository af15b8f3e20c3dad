"""A thousand clients of the example application over twenty server connections of PgBouncer."""  # noqa: INP001 - scripts are no package

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

import psycopg
from sqlalchemy import create_engine, text
from tests.support import pgbouncer

from alembic_assay.proof.server import running
from alembic_assay.session import AsyncDatabase, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from sqlalchemy import URL

CREATE = (
    "CREATE TABLE tasks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
    "ALTER TABLE tasks ADD user_id int NOT NULL, ADD title text NOT NULL, ADD done boolean NOT NULL DEFAULT false",
    "ALTER TABLE tasks ADD created_at timestamptz NOT NULL DEFAULT now()",
    "INSERT INTO tasks (user_id, title) SELECT mod(i, 200), 'task ' || i FROM generate_series(1, 20000) AS i",
    "CREATE INDEX ON tasks (user_id, created_at)",
    "ANALYZE tasks",
)
EVERY = 0.1
OLDEST = "SELECT max(clock_timestamp() - query_start) FROM pg_stat_activity WHERE state = 'active' AND query ~ 'tasks'"
QUERIES: Mapping[str, tuple[str, int]] = {
    "single row": ("SELECT * FROM tasks WHERE id = :n", 50),
    "list of 100 rows": ("SELECT * FROM tasks WHERE user_id = :n % 200 ORDER BY created_at LIMIT 100", 100),
    "insert": ("INSERT INTO tasks (user_id, title) VALUES (:n % 200, 'new')", 20),
    "update": ("UPDATE tasks SET done = true WHERE id = :n", 20),
    "delete": ("DELETE FROM tasks WHERE id = :n", 20),
}
"""Each with the specification's target in milliseconds."""
POOL, CHECKOUTS = "from the pool", 200
TARGETS = {name: target for name, (_, target) in QUERIES.items()} | {POOL: 10}


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


async def checkout(database: AsyncDatabase) -> float:
    """Return how many milliseconds it takes to get a connection that has been tested."""
    started = time.perf_counter()
    async with database.engine.connect():
        return (time.perf_counter() - started) * 1000


class Watch:
    """Who a stall is due to: the machine, our event loop, the queue of PgBouncer, or a lock in the server.

    Each looks every 0.1 s and keeps the longest: how late a thread and a task wake up, the longest wait in ``SHOW
    POOLS``, and the oldest statement of a server connection.
    """

    def __init__(self, pooler: URL, server: URL) -> None:
        self.longest = dict.fromkeys(("machine", "event loop", "queue of PgBouncer", "server"), 0.0)
        self._pooler = pooler.set(database="pgbouncer").render_as_string(hide_password=False).replace("+psycopg", "")
        self._server = server.render_as_string(hide_password=False).replace("+psycopg", "")
        self._over = threading.Event()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._loop())]
        self._threads = [threading.Thread(target=each) for each in (self._machine, self._queue)]
        for thread in self._threads:
            thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        for task in self._tasks:
            task.cancel()
        for thread in self._threads:
            thread.join()

    def _keep(self, what: str, seconds: float) -> None:
        self.longest[what] = max(self.longest[what], seconds)

    async def _loop(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(EVERY)
            self._keep("event loop", time.perf_counter() - started - EVERY)

    def _machine(self) -> None:
        while not self._over.is_set():
            started = time.perf_counter()
            time.sleep(EVERY)
            self._keep("machine", time.perf_counter() - started - EVERY)

    def _queue(self) -> None:
        with psycopg.connect(self._pooler, autocommit=True) as pools, psycopg.connect(self._server) as server:
            while not self._over.wait(EVERY):
                found = psycopg.ClientCursor(pools).execute("SHOW POOLS")
                names = [column.name for column in found.description or ()]
                for row in map(dict, (zip(names, row, strict=True) for row in found)):
                    self._keep("queue of PgBouncer", int(row["maxwait"]) + int(row["maxwait_us"]) / 1e6)
                (taken,) = server.execute(OLDEST).fetchone() or (None,)
                self._keep("server", taken.total_seconds() if taken else 0.0)
                server.rollback()


async def measure(url: URL, server: URL, clients: int, rounds: int, pause: float) -> None:
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
        async with Watch(url, server) as watch:
            await asyncio.gather(*working)
        seconds = time.perf_counter() - started
        taken[POOL] = [await checkout(database) for _ in range(CHECKOUTS)]
    total = sum(map(len, taken.values())) - CHECKOUTS
    print(f"{clients} clients, {total} transactions, {total / seconds:.0f} a second, no error")  # noqa: T201 - the result
    for name, values in taken.items():
        high = statistics.quantiles(values, n=100)[94]
        target, median = TARGETS[name], statistics.median(values)
        line = f"  {name:18} median {median:7.1f} ms, 95 %: {high:7.1f} ms, longest {max(values):7.1f} ms"
        print(f"{line}, target {target} ms")  # noqa: T201 - the result
    waits = ", ".join(f"{what} {seconds * 1000:.0f} ms" for what, seconds in watch.longest.items())
    print(f"  longest waits: {waits}")  # noqa: T201 - the result


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
        # Its queue of connections that have not been accepted yet is 128 long; more at once are slow to come in.
        settings = {"max_client_conn": given.clients + 50, "listen_backlog": given.clients, "admin_users": "postgres"}
        with pgbouncer.running(server, default_pool_size=20, **settings) as url:
            asyncio.run(measure(url, server, given.clients, given.rounds, given.pause))


if __name__ == "__main__":
    main()
