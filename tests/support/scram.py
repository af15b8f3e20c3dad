"""The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), as PostgreSQL's clients speak it.

Written here because PostgreSQL's clients leave the user's name empty, which the package ``scramp`` refuses.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

PLAIN, PLUS = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"
_ITERATIONS = 4096


class ScramError(Exception):
    """The client did not prove that it knows the password, or that it talks to us over this very TLS session."""


@dataclass(slots=True)
class Server:
    """One authentication.

    Args:
        mechanism: ``PLAIN`` or ``PLUS``, as the client chose.
        password: The right one.
        binding: What ``tls-server-end-point`` is here: the hash of our certificate.
    """

    mechanism: str
    password: str
    binding: bytes
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    _header: str = ""
    _messages: list[str] = field(default_factory=list)
    _nonce: str = ""

    def first(self, message: str) -> str:
        """Answer the client's first message."""
        header, authzid, bare = message.split(",", 2)
        expected = "p=tls-server-end-point" if self.mechanism == PLUS else "n"
        if header != expected or authzid:  # "y": the client thinks that we know no PLUS, so somebody is in between
            raise ScramError(f"channel binding {header!r}, expected {expected!r}")
        self._header = f"{header},,"
        self._nonce = _attributes(bare)["r"] + secrets.token_urlsafe(18)
        answer = f"r={self._nonce},s={base64.b64encode(self._salt).decode()},i={_ITERATIONS}"
        self._messages = [bare, answer]
        return answer

    def final(self, message: str) -> str:
        """Answer the client's last message."""
        said = _attributes(message)
        bound = self._header.encode() + (self.binding if self.mechanism == PLUS else b"")
        if base64.b64decode(said["c"]) != bound or said["r"] != self._nonce:
            raise ScramError("another TLS session, or another nonce")
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), self._salt, _ITERATIONS)
        stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
        signed = ",".join([*self._messages, message.rpartition(",p=")[0]]).encode()
        proof = base64.b64decode(said["p"])
        key = bytes(a ^ b for a, b in zip(proof, _hmac(stored, signed), strict=True))
        if not hmac.compare_digest(hashlib.sha256(key).digest(), stored):
            raise ScramError("wrong password")
        return "v=" + base64.b64encode(_hmac(_hmac(salted, b"Server Key"), signed)).decode()


def _attributes(message: str) -> dict[str, str]:
    return {part[0]: part[2:] for part in message.split(",")}


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
