"""A stand-in for Neon's proxy: TLS, the endpoint from SNI, SCRAM-SHA-256-PLUS, and then bytes to a real server.

What it follows, from the proxy's source (``proxy/src``: types.rs, auth/credentials.rs, compute, stream.rs) and Neon's
documentation:

- no TLS, no entry; TLS after ``SSLRequest``, or at once (``sslnegotiation=direct``, ALPN ``postgresql``)
- the endpoint is the first label of the SNI host, else ``options=endpoint=…`` (formerly ``project=``), else what
  precedes the password: ``endpoint=…;``; SNI and option must be equal, ``-pooler`` included
- exactly the suffix ``-pooler`` means PgBouncer, all else the compute
- SCRAM-SHA-256 and -PLUS with ``tls-server-end-point`` end here; the compute gets a connection of the proxy's own
- of the start-up packet only ``user``, ``database``, ``application_name``, ``replication`` and ``options`` go further
- every error on the way in has SQLSTATE XX000, also the compute's own
- a compute that sleeps is woken up by the connection, which waits for it
- its own keys for canceling queries

Not there: the proxy's own retries, its limits, WebSockets and HTTP. Their texts can be had by :attr:`Proxy.faults`.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import secrets
import socket
import struct
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tests.support.neon_client import Client, RefusedError, error
from tests.support.neon_compute import Compute, connect, ready, relay

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from psycopg.pq.abc import PGconn

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
_TLS_HANDSHAKE = 0x16
_WORD = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Visit:
    """A client that got in."""

    endpoint: str
    mechanism: str
    parameters: Mapping[str, str]


@dataclass(slots=True)
class Proxy:
    """The stand-in; :meth:`serve` runs in an event loop, everything else may be called from elsewhere.

    Args:
        context: TLS with our certificate.
        certificate: The same, DER.
        computes: Endpoint, without ``-pooler``, to where it is.

    Attributes:
        faults: Errors that the next clients meet instead of being let in, first to last.
        wake_up: Seconds that the next client waits for the compute, and all who come meanwhile; 0: it is awake.
        visits: Who got in.
        met: The faults that were met.
    """

    context: ssl.SSLContext
    certificate: bytes
    computes: dict[str, Compute]
    faults: deque[str] = field(default_factory=deque)
    wake_up: float = 0.0
    visits: list[Visit] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    port: int = 0
    _hosts: WeakKeyDictionary[ssl.SSLObject, str] = field(default_factory=WeakKeyDictionary)
    _connections: dict[bytes, PGconn] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _waking: asyncio.Task[None] | None = None

    async def serve(self, ready: asyncio.Event, stop: asyncio.Event) -> None:
        """Listen on a free port of 127.0.0.1 until told to stop."""
        self.context.sni_callback = self._note_host
        self.context.set_alpn_protocols(["postgresql"])
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            listener.setblocking(False)
            self.port = listener.getsockname()[1]
            clients: set[asyncio.Task[None]] = set()
            accepting = asyncio.create_task(self._accept(listener, clients))
            ready.set()
            await stop.wait()
            for task in (accepting, *clients):
                task.cancel()
            await asyncio.gather(accepting, *clients, return_exceptions=True)
            await asyncio.sleep(0.01)  # sockets are closed in the next round of the loop

    def _note_host(self, session: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        self._hosts[session] = name or ""

    async def _accept(self, listener: socket.socket, clients: set[asyncio.Task[None]]) -> None:
        while True:
            client, _ = await asyncio.get_running_loop().sock_accept(listener)
            task = asyncio.create_task(self._greet(client))
            clients.add(task)
            task.add_done_callback(clients.discard)

    async def _greet(self, client: socket.socket) -> None:
        """Come to TLS by either way."""
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop = asyncio.get_running_loop()
        with client, suppress(OSError, asyncio.IncompleteReadError, struct.error):
            while not await _begins_tls(client):
                length, code = struct.unpack("!II", await loop.sock_recv(client, 8))
                if code == CANCEL_REQUEST:
                    self._cancel(await loop.sock_recv(client, length - 8))
                    return
                if code not in {SSL_REQUEST, GSS_REQUEST}:
                    await loop.sock_sendall(client, error("connection is insecure (try using `sslmode=require`)"))
                    return
                await loop.sock_sendall(client, b"S" if code == SSL_REQUEST else b"N")
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, client, ssl=self.context)
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            try:
                await self._admit(reader, writer)
            finally:
                writer.close()  # what was written is still sent
                with suppress(TimeoutError):
                    await asyncio.wait_for(writer.wait_closed(), 1)

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = _WORD.unpack(await reader.readexactly(4))[0]
        packet = await reader.readexactly(length - 4)
        if _WORD.unpack(packet[:4])[0] == CANCEL_REQUEST:
            self._cancel(packet[4:])
            return
        words = packet[4:].rstrip(b"\0").decode().split("\0")
        parameters = dict(zip(words[::2], words[1::2], strict=True))
        try:
            client = Client(reader, writer, parameters, self._hosts.get(writer.get_extra_info("ssl_object"), ""))
            server = await self._enter(client)
        except RefusedError as refused:
            writer.write(error(str(refused)))
            await writer.drain()
            return
        try:
            await relay(reader, writer, server)
        finally:
            server.finish()
            for key in [key for key, connection in self._connections.items() if connection is server]:
                del self._connections[key]

    async def _enter(self, client: Client) -> PGconn:
        endpoint = client.endpoint()
        password: str | None = None
        if not endpoint:
            endpoint, password = await client.prefixed_password()
        compute = self.computes.get(endpoint.removesuffix("-pooler"))
        if compute is None:
            raise RefusedError("Control plane request failed: endpoint cannot be found")
        if password is None:
            await client.authenticate(compute.password, self._binding())
        elif password != compute.password:
            raise client.wrong_password()
        await self._be_awake()
        server = await connect(compute, client.parameters, pooled=endpoint.endswith("-pooler"))
        key = struct.pack("!I", next(self._numbers)) + secrets.token_bytes(4)
        self._connections[key] = server
        client.welcome(server, key)
        self.visits.append(Visit(endpoint, client.mechanism, client.parameters))
        return server

    def _binding(self) -> bytes:
        return hashlib.sha256(self.certificate).digest()  # the hash of its signature, for which trustme takes this one

    async def _be_awake(self) -> None:
        if self.faults:
            self.met.append(self.faults.popleft())
            raise RefusedError(self.met[-1])
        if self.wake_up and self._waking is None:
            self._waking = asyncio.create_task(asyncio.sleep(self.wake_up))
        if self._waking is not None:
            await asyncio.shield(self._waking)
            self.wake_up, self._waking = 0.0, None

    def _cancel(self, key: bytes) -> None:
        if (server := self._connections.get(key)) is not None:
            asyncio.get_running_loop().run_in_executor(None, server.get_cancel().cancel)


async def _begins_tls(client: socket.socket) -> bool:
    """Look at the first byte without taking it: a handshake begins with 22, a request with its length."""
    await ready(client.fileno(), write=False)
    first = client.recv(1, socket.MSG_PEEK)
    if not first:
        raise ConnectionResetError
    return first[0] == _TLS_HANDSHAKE
