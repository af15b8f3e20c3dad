"""Neon on this machine: PostgreSQL, PgBouncer in transaction mode, and a stand-in for the proxy in front of both.

URLs are Neon's own, unchanged. Only their host name leads here, by libpq's ``PGHOSTADDR`` and ``PGPORT``; the
certificate, made anew for each bench, is checked as ever, against ``PGSSLROOTCERT``.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import URL
from tests.support import pgbouncer
from tests.support.neon_compute import Compute
from tests.support.neon_proxy import Proxy
from tests.support.servers import libpq_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENDPOINT, REGION = "ep-cool-sun-a1b2c3d4", "us-east-2.aws.neon.tech"
PASSWORD = "npg_s3cret"
_QUERY = {"sslmode": "verify-full", "channel_binding": "require"}
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Bench:
    """A project of Neon with one branch.

    Args:
        server_url: The database, for its superuser, past everything.
        role: Who owns it; no superuser, as at Neon.
        proxy: The stand-in: faults, cold start, who came.
        certificates: The file of the authority that signed the proxy's certificate.
    """

    server_url: URL
    role: str
    proxy: Proxy
    certificates: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> URL:
        """As the console shows it with pooling switched off."""
        return self.of(ENDPOINT)

    @property
    def pooled_url(self) -> URL:
        """As the console shows it."""
        return self.of(f"{ENDPOINT}-pooler")

    def of(self, endpoint: str, **parts: Any) -> URL:
        """The URL of an endpoint."""
        url = URL.create(
            "postgresql", self.role, PASSWORD, f"{endpoint}.{REGION}", database=self.server_url.database, query=_QUERY
        )
        return url.set(**parts)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser, past the proxy."""
        with psycopg.connect(libpq_url(self.server_url), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def suspend(self, wake_up: float = 0.0) -> None:
        """End all connections as a compute does that is suspended; the next one wakes it up.

        Args:
            wake_up: Seconds that this takes.
        """
        self.proxy.wake_up = wake_up
        self.sql(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE usename = '{self.role}' AND datname = current_database()"
        )

    def endpoints(self) -> list[str]:
        """The endpoints of those who got in, each once, sorted."""
        return sorted({visit.endpoint for visit in self.proxy.visits})


@contextmanager
def running(database_url: URL, directory: Path, **settings: Any) -> Iterator[Bench]:
    """Serve a database as Neon does.

    Args:
        database_url: Of an empty database, for a superuser.
        directory: For the authority's certificate.
        settings: Of PgBouncer, over those of the pooler that tests use otherwise.
    """
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    leaf = authority.issue_cert(f"*.{REGION}", key_type=trustme.KeyType.ECDSA)
    certificates = directory / "neon-root.pem"
    authority.cert_pem.write_to_path(certificates)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    certificate = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    with _role(database_url) as role:
        inside = database_url.set(username=role, password=PASSWORD)
        with pgbouncer.running(inside, **settings) as pooled:
            compute = Compute(database_url.port or 5432, pooled.port or 0, PASSWORD)
            proxy = Proxy(context, certificate, {ENDPOINT: compute})
            with _served(proxy):
                bench = Bench(database_url, role, proxy, certificates)
                bench.environment.update(
                    PGHOSTADDR="127.0.0.1", PGPORT=str(proxy.port), PGSSLROOTCERT=str(certificates)
                )
                yield bench


def arrive(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Neon's host names lead to the bench in this process, also for asyncpg, which asks the resolver itself."""
    for name, value in bench.environment.items():
        monkeypatch.setenv(name, value)
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **keywords: Any) -> Any:
        return resolve("127.0.0.1" if str(host).endswith(REGION) else host, *arguments, **keywords)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@contextmanager
def _role(database_url: URL) -> Iterator[str]:
    role = f"neondb_owner_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(libpq_url(database_url), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN CREATEDB CREATEROLE BYPASSRLS PASSWORD '{PASSWORD}'")
        connection.execute(f"GRANT pg_read_all_data, pg_write_all_data, pg_monitor TO {role}")  # as neon_superuser has
        connection.execute(f'ALTER DATABASE "{database_url.database}" OWNER TO {role}')
        try:
            yield role
        finally:
            connection.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{role}'")
            connection.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")


@contextmanager
def _served(proxy: Proxy) -> Iterator[None]:
    started, loops = threading.Event(), list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

    async def serve() -> None:
        ready, stop = asyncio.Event(), asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        serving = asyncio.create_task(proxy.serve(ready, stop))
        await ready.wait()
        started.set()
        await serving

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="neon-proxy")
    thread.start()
    try:
        assert started.wait(10), "the stand-in for Neon's proxy did not start"
        yield
    finally:
        for loop, stop in loops:
            loop.call_soon_threadsafe(stop.set)
        thread.join()
