"""What stands behind the stand-in for Neon's proxy: a server, or PgBouncer in front of it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import pq
from psycopg.conninfo import make_conninfo
from tests.support.neon_client import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg.pq.abc import PGconn

UNSUPPORTED = (
    ". Please use unpooled connection or remove this parameter from the startup package. More details:"
    " https://neon.tech/docs/connect/connection-errors#unsupported-startup-parameter"
)
_FORWARDED = ("user", "database", "application_name", "replication", "options")


@dataclass(frozen=True, slots=True)
class Compute:
    """Where the bytes go: a server's address, and what the proxy knows of the role."""

    port: int
    pooler_port: int
    password: str
    database: str | None = None
    """Of a branch: the database that stands for its copy; ``None`` for the one that the client names."""


async def connect(compute: Compute, parameters: Mapping[str, str], *, pooled: bool) -> PGconn:
    """Connect to the compute or its PgBouncer; libpq authenticates."""
    forwarded = {name: parameters[name] for name in _FORWARDED if name in parameters}
    named = forwarded.pop("database", forwarded["user"])
    port = compute.pooler_port if pooled else compute.port
    conninfo = make_conninfo(
        **{"options": "", **forwarded, "host": "127.0.0.1", "hostaddr": "127.0.0.1", "sslmode": "disable"},
        port=port,
        dbname=compute.database or named,
        password=compute.password,
        client_encoding="UTF8",
    )
    server = pq.PGconn.connect_start(conninfo.encode())
    polled: int = pq.PollingStatus.WRITING
    while polled in {pq.PollingStatus.READING, pq.PollingStatus.WRITING}:
        await ready(server.socket, write=polled == pq.PollingStatus.WRITING)
        polled = server.connect_poll()
    if polled != pq.PollingStatus.OK:
        text = server.error_message.decode("utf-8", "replace").strip().rpartition("FATAL:  ")[2].partition("\n")[0]
        server.finish()
        raise RefusedError(text + (UNSUPPORTED if text.startswith("unsupported startup parameter") else ""))
    return server


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: PGconn) -> None:
    """Pass bytes both ways until one side ends."""
    connection = socket.socket(fileno=socket.dup(server.socket))
    connection.setblocking(False)
    try:
        from_server, to_server = await asyncio.open_connection(sock=connection)
    except BaseException:
        connection.close()
        raise

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()

    ways = [asyncio.create_task(pump(reader, to_server)), asyncio.create_task(pump(from_server, writer))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        to_server.transport.abort()  # not close(): nobody waits for what is not yet sent


async def ready(file: int, *, write: bool) -> None:
    loop = asyncio.get_running_loop()
    now = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    add(file, lambda: None if now.done() else now.set_result(None))
    try:
        await now
    finally:
        remove(file)
