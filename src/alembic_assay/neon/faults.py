"""Which errors of a connection are worth another try, and what to do about the others.

Neon's proxy reports everything as SQLSTATE XX000, and psycopg has no SQLSTATE at all for a connection that failed,
so the text decides. One text can hold several causes, one line for each address that was tried; nothing here is
therefore anchored at its end, and what no retry can heal wins over what one can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_assay.errors import sqlstate

if TYPE_CHECKING:
    from collections.abc import Iterator

_BRIEFLY = 0.25


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, as far as the next step is concerned.

    Args:
        name: A word for logs and tests.
        retry: Whether the same thing can succeed a little later.
        hint: What the user can do; empty where the server's own words say it all.
        share: How much of the caller's patience it deserves, from 0 to 1.
    """

    name: str
    retry: bool
    hint: str = ""
    share: float = 1.0


UNKNOWN = Fault("unknown", retry=False)

_DIRECT_HINT = (
    "The pooler does not take start-up options: use the direct host (DATABASE_URL_UNPOOLED), or remove the parameter."
)
_ENDPOINT_HINT = "Check the host name against the Neon console."
_PASSWORD_HINT = "Check user and password."  # noqa: S105 - a sentence
_QUOTA_HINT = "Raise the plan's limit in the Neon console, or wait for the next billing period."
_SSL_HINT = "Set sslmode to what the server offers; Neon needs sslmode=require or stricter."
_SERVER_HINT = "Is the server running, and are host and port right?"

_ENDPOINT_MISSING = Fault("endpoint-not-found", retry=False, hint=_ENDPOINT_HINT)
_ENDPOINT_DISABLED = Fault("endpoint-disabled", retry=False, hint="Enable it in the Neon console.")
_QUOTA = Fault("quota", retry=False, hint=_QUOTA_HINT)
_ENDPOINT_LIMIT = Fault(
    "endpoint-limit", retry=False, hint="Suspend or delete an endpoint of another branch in the Neon console."
)
_STARTUP = Fault("startup-parameter", retry=False, hint=_DIRECT_HINT)
_NO_ENDPOINT = Fault(
    "endpoint-not-named", retry=False, hint="Use the host name of the Neon console, or a newer libpq (with SNI)."
)
_INCONSISTENT = Fault(
    "endpoint-inconsistent", retry=False, hint="The host and options=endpoint%3D… must name the same endpoint."
)
_SSL = Fault("ssl", retry=False, hint=_SSL_HINT)
_PASSWORD = Fault("password", retry=False, hint=_PASSWORD_HINT)
_ADDRESS = Fault("address-not-allowed", retry=False, hint="Allow this address where the server is administered.")
_ROLE = Fault("role", retry=False, hint=_PASSWORD_HINT)
_DATABASE = Fault("database", retry=False, hint="Create it, or check the name after the last '/' of the URL.")
_HOST = Fault("host", retry=False, hint="Check the host name.")
_PARAMETER = Fault("parameter", retry=False, hint="Check the parameters after '?' of the URL.")

_COLD_START = Fault("cold-start", retry=True)
_CONTROL_PLANE = Fault("control-plane", retry=True, share=_BRIEFLY)
_UNAVAILABLE = Fault("endpoint-unavailable", retry=True, hint="Check the quotas in the Neon console.", share=_BRIEFLY)
_RATE = Fault("rate-limit", retry=True, hint="Start fewer processes at once.")
_SLOTS = Fault("too-many-connections", retry=True, hint="Close connections that nobody uses, or use a pool.")
_POOL = Fault("pool-exhausted", retry=True, hint="Every connection of the pool is busy: use the direct host.")
_STARTING = Fault("starting", retry=True)
_REFUSED = Fault("refused", retry=True, hint=_SERVER_HINT, share=_BRIEFLY)
_TIMEOUT = Fault("timeout", retry=True, hint=_SERVER_HINT)
_CLOSED = Fault("closed", retry=True)

_LOCK = Fault("lock-timeout", retry=True, hint="Another session holds the lock: see pg_stat_activity.")
_DEADLOCK = Fault("deadlock", retry=True)
_CANCELED = Fault("canceled", retry=False, hint="Raise statement_timeout, or do less in one statement.")
_IDLE = Fault(
    "idle-in-transaction", retry=False, hint="Raise idle_in_transaction_session_timeout, or compute before BEGIN."
)

FATAL: tuple[tuple[str, Fault], ...] = (
    (r"endpoint cannot be found", _ENDPOINT_MISSING),
    (r"endpoint (?:is|has been) disabled", _ENDPOINT_DISABLED),
    (r"exceeded the .{0,40}quota", _QUOTA),
    (r"limit of concurrently active endpoints|active endpoints limit exceeded", _ENDPOINT_LIMIT),
    (r"unsupported startup parameter", _STARTUP),
    (r"endpoint id is not specified", _NO_ENDPOINT),
    (r"inconsistent project name", _INCONSISTENT),
    (r"connection is insecure", _SSL),
    (r"password authentication failed|no password supplied|authentication failed for user", _PASSWORD),
    (r"this ip address .{0,60}is not allowed|no pg_hba\.conf entry", _ADDRESS),
    (r'role ".*" (?:does not exist|is not permitted to log in)', _ROLE),
    (r'database ".*" does not exist|no such database', _DATABASE),
    (r"does not support ssl|certificate verify failed|root certificate file|channel binding", _SSL),
    (r"name or service not known|nodename nor servname|no address associated|no such host is known", _HOST),
    (r"could not translate host name .*(?:not known|no address)", _HOST),
    (r"invalid connection option|invalid \w+ value|bad value for|requires a value", _PARAMETER),
)
"""Text to fault, for what stays as it is however often it is tried. Looked at first."""

RETRYABLE: tuple[tuple[str, Fault], ...] = (
    (r"endpoint is temporarily unavailable", _UNAVAILABLE),
    (r"couldn't connect to compute node", _COLD_START),
    (r"(?:control plane|console) request failed", _CONTROL_PLANE),
    (r"too many connections attempts|too many connections to this endpoint|failed to acquire permit", _RATE),
    (r"connection slots are reserved|too many (?:connections|clients)", _SLOTS),
    (r"no more connections allowed", _POOL),
    (r"query_wait_timeout|max clients reached", _POOL),
    (r"the database system is (?:starting up|shutting down|in recovery)|not yet accepting connections", _STARTING),
    (r"server_login_retry|pgbouncer cannot connect to server|server login has been failing", _STARTING),
    (r"connection refused|network is unreachable|no route to host", _REFUSED),
    (r'socket ".*" failed: no such file or directory', _REFUSED),
    (r"temporary failure in name resolution", _REFUSED),
    (r"timeout expired|timed out", _TIMEOUT),
    (r"terminating connection due to administrator command", _CLOSED),
    (r"server closed the connection unexpectedly|ssl connection has been closed unexpectedly", _CLOSED),
    (r"connection reset by peer|eof detected|connection was closed", _CLOSED),
)
"""Text to fault, for what passes. Of several that match, the first one here counts."""

SQLSTATES: dict[str, Fault] = {
    "08001": _STARTING,
    "08003": _CLOSED,
    "08006": _CLOSED,
    "25P03": _IDLE,
    "28000": _PASSWORD,
    "28P01": _PASSWORD,
    "3D000": _DATABASE,
    "40P01": _DEADLOCK,
    "53300": _SLOTS,
    "55P03": _LOCK,
    "57014": _CANCELED,
    "57P01": _CLOSED,
    "57P02": _CLOSED,
    "57P03": _STARTING,
}
"""SQLSTATE to fault, for errors whose text, perhaps translated, says nothing to us."""

_TABLES = tuple(
    tuple((re.compile(text, re.IGNORECASE), fault) for text, fault in table) for table in (FATAL, RETRYABLE)
)
_LIBPQ_PREFIX = re.compile(
    r"^(?:- .*?: )?(?:connection (?:failed|is bad): )?(?:connection to server (?:at|on socket) .*? failed: )?"
    r"(?:(?:FATAL|ERROR|PANIC):\s+)?"
)


def classify(error: BaseException) -> Fault:
    """Say what kind of fault an error is.

    SQLAlchemy's errors are looked through, and so are causes and contexts; the first one that is known counts.

    Args:
        error: An error of psycopg, asyncpg or SQLAlchemy, or one that was raised from it.

    Returns:
        The fault; ``UNKNOWN``, which is not retried, for everything else. ``KeyboardInterrupt`` and its like are
        unknown whatever they interrupted.

    Example:
        >>> classify(OSError("FATAL:  the database system is starting up")).retry
        True
    """
    return _diagnose(error)[0]


def reason(error: BaseException) -> str:
    r"""Return the server's own words: the line that decided, without libpq's prefixes.

    >>> reason(OSError('connection failed: connection to server at "::1", port 1 failed: FATAL:  sorry\n'))
    'sorry'
    """
    return _diagnose(error)[1]


def _diagnose(error: BaseException) -> tuple[Fault, str]:
    if not isinstance(error, Exception):
        return UNKNOWN, type(error).__name__
    for link in _chain(error):
        text = str(link)
        if match := _search(text):
            found, fault = match
            return fault, _line(text, found.start())
        if fault_of_state := SQLSTATES.get(sqlstate(link) or ""):
            return fault_of_state, _line(text, 0)
    return UNKNOWN, _line(str(next(_chain(error))), 0) or type(error).__name__


def _search(text: str) -> tuple[re.Match[str], Fault] | None:
    for table in _TABLES:
        for pattern, fault in table:
            if found := pattern.search(text):
                return found, fault
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from. Of SQLAlchemy's errors only the driver's: theirs quote the statement."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        driver_error = getattr(link, "orig", None)
        if isinstance(driver_error, BaseException):
            link = driver_error
            continue
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _line(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 :].partition("\n")[0].strip()
    return _LIBPQ_PREFIX.sub("", line, count=1)
