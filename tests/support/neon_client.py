"""A client of the stand-in for Neon's proxy, until it is let in: which endpoint it wants, and who it is."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support import scram

if TYPE_CHECKING:
    import asyncio

    from psycopg.pq.abc import PGconn

NO_ENDPOINT = (
    "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support or pass"
    " the endpoint ID (first part of the domain name) as a parameter: '?options=endpoint%3D<endpoint-id>'. See more"
    " at https://neon.tech/sni"
)
_REPORTED = (
    *("server_version", "server_encoding", "client_encoding", "application_name", "in_hot_standby", "is_superuser"),
    *("default_transaction_read_only", "session_authorization", "DateStyle", "IntervalStyle", "TimeZone"),
    *("integer_datetimes", "standard_conforming_strings", "scram_iterations", "search_path"),
)
_WORD = struct.Struct("!I")


class RefusedError(Exception):
    """The client is told why, with SQLSTATE XX000, and sent away."""


@dataclass(slots=True)
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    parameters: dict[str, str]
    host: str
    mechanism: str = "password"

    def endpoint(self) -> str:
        """What SNI or the option says; take the option out."""
        label = self.host.partition(".")[0] if "." in self.host else ""
        words = self.parameters.get("options", "").split(" ")
        named = [word.partition("=")[2] for word in words if word.startswith(("endpoint=", "project="))]
        if kept := " ".join(word for word in words if not word.startswith(("endpoint=", "project=", "neon_"))):
            self.parameters["options"] = kept
        else:
            self.parameters.pop("options", None)
        if label and named and label != named[0]:
            raise RefusedError(
                f"Inconsistent project name inferred from SNI ('{label}') and project option ('{named[0]}')."
            )
        return label or "".join(named[:1])

    async def prefixed_password(self) -> tuple[str, str]:
        """Ask for the password as it is: the endpoint may stand before it."""
        self.writer.write(message(b"R", _WORD.pack(3)))
        _, body = await self._receive()
        prefix, separator, password = body.rstrip(b"\0").decode().replace("$", ";", 1).partition(";")
        if not separator or not prefix.startswith(("endpoint=", "project=")):
            raise RefusedError(NO_ENDPOINT)
        return prefix.partition("=")[2], password

    async def authenticate(self, password: str, binding: bytes) -> None:
        offered = "".join(f"{name}\0" for name in (scram.PLUS, scram.PLAIN)) + "\0"
        self.writer.write(message(b"R", _WORD.pack(10) + offered.encode()))
        kind, body = await self._receive()
        name, _, rest = body.partition(b"\0")
        assert (kind, name.decode() in {scram.PLAIN, scram.PLUS}) == (b"p", True), name
        server = scram.Server(name.decode(), password, binding)
        try:
            self.writer.write(message(b"R", _WORD.pack(11) + server.first(rest[4:].decode()).encode()))
            _, body = await self._receive()
            self.writer.write(message(b"R", _WORD.pack(12) + server.final(body.decode()).encode()))
        except scram.ScramError:
            raise self.wrong_password() from None
        self.mechanism = server.mechanism

    def wrong_password(self) -> RefusedError:
        return RefusedError(f"password authentication failed for user '{self.parameters['user']}'")

    def welcome(self, server: PGconn, key: bytes) -> None:
        """Let the client in, with what the server reported."""
        reported = [(name, server.parameter_status(name.encode())) for name in _REPORTED]
        self.writer.write(message(b"R", _WORD.pack(0)))
        for name, value in reported:
            if value is not None:
                self.writer.write(message(b"S", name.encode() + b"\0" + value + b"\0"))
        self.writer.write(message(b"K", key) + message(b"Z", b"I"))

    async def _receive(self) -> tuple[bytes, bytes]:
        kind = await self.reader.readexactly(1)
        length = _WORD.unpack(await self.reader.readexactly(4))[0]
        return kind, await self.reader.readexactly(length - 4)


def message(kind: bytes, body: bytes) -> bytes:
    return kind + _WORD.pack(len(body) + 4) + body


def error(text: str) -> bytes:
    fields = {"S": "ERROR", "V": "ERROR", "C": "XX000", "M": text}
    return message(b"E", b"".join(f"{name}{value}".encode() + b"\0" for name, value in fields.items()) + b"\0")
