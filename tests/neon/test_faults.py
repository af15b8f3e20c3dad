from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError

from alembic_assay.neon.faults import FATAL, RETRYABLE, SQLSTATES, UNKNOWN, Fault, classify, reason

if TYPE_CHECKING:
    from sqlalchemy import URL

MORE = "https://neon.tech/docs/connect/connection-errors"

# The servers' own words, complete. Sources: Neon's proxy and documentation, PgBouncer, PostgreSQL, libpq.
TEXTS = [
    ("Couldn't connect to compute node", "cold-start", True),
    ("Control plane request failed", "control-plane", True),
    ("Console request failed with status 500 Internal Server Error", "control-plane", True),
    (
        (
            "Control plane request failed: endpoint is temporarily unavailable. Check your quotas and/or contact our "
            "support."
        ),
        "endpoint-unavailable",
        True,
    ),
    ("Control plane request failed: endpoint cannot be found", "endpoint-not-found", False),
    ("Control plane request failed: endpoint is disabled", "endpoint-disabled", False),
    (
        "The endpoint has been disabled. Enable it using Neon API and retry.",
        "endpoint-disabled",
        False,
    ),
    ("Too many connections attempts", "rate-limit", True),
    ("Too many connections to this endpoint. Please try again later.", "rate-limit", True),
    (
        (
            "Failed to acquire permit to connect to the database. Too many database connection attempts are currently "
            "ongoing."
        ),
        "rate-limit",
        True,
    ),
    (
        "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.",
        "quota",
        False,
    ),
    ("Your project has exceeded the data transfer quota. Upgrade your plan to increase limits.", "quota", False),
    ("Your project has exceeded the written data quota. Upgrade your plan to increase limits.", "quota", False),
    ("Your project has exceeded the logical size quota. Upgrade your plan to increase limits.", "quota", False),
    ("Your project has exceeded the active time quota. Upgrade your plan to increase limits.", "quota", False),
    ("You have exceeded the limit of concurrently active endpoints.", "endpoint-limit", False),
    ("active endpoints limit exceeded", "endpoint-limit", False),
    (
        "remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "too-many-connections",
        True,
    ),
    ("sorry, too many clients already", "too-many-connections", True),
    ('too many connections for role "app"', "too-many-connections", True),
    ("no more connections allowed (max_client_conn)", "pool-exhausted", True),
    ("query_wait_timeout", "pool-exhausted", True),
    ("MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited", "pool-exhausted", True),
    ("server login has been failing, try again later (server_login_retry)", "starting", True),
    ("pgbouncer cannot connect to server", "starting", True),
    (
        (
            "unsupported startup parameter in options: search_path. Please use unpooled connection or remove this "
            f"parameter from the startup package. More details: {MORE}#unsupported-startup-parameter"
        ),
        "startup-parameter",
        False,
    ),
    ("unsupported startup parameter: options", "startup-parameter", False),
    (
        (
            "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support "
            f"or pass the endpoint ID (first part of the domain name) as a parameter: {MORE}"
        ),
        "endpoint-not-named",
        False,
    ),
    (
        "Inconsistent project name inferred from SNI ('ep-a-1-pooler') and project option ('ep-a-1').",
        "endpoint-inconsistent",
        False,
    ),
    ("connection is insecure (try using `sslmode=require`)", "ssl", False),
    ("server does not support SSL, but SSL was required", "ssl", False),
    ("SSL error: certificate verify failed", "ssl", False),
    ("channel binding required, but server authenticated client without channel binding", "ssl", False),
    ("password authentication failed for user 'ann'", "password", False),
    ("fe_sendauth: no password supplied", "password", False),
    ("This IP address 192.0.2.1 is not allowed to connect to this endpoint.", "address-not-allowed", False),
    (
        'no pg_hba.conf entry for host "192.0.2.1", user "ann", database "app", no encryption',
        "address-not-allowed",
        False,
    ),
    ('role "ann" does not exist', "role", False),
    ('role "ann" is not permitted to log in', "role", False),
    ('database "app" does not exist', "database", False),
    ("no such database: app", "database", False),
    ("failed to resolve host 'db.invalid': [Errno -2] Name or service not known", "host", False),
    ('could not translate host name "db.invalid" to address: Name or service not known', "host", False),
    ("failed to resolve host 'db': [Errno -3] Temporary failure in name resolution", "refused", True),
    ('invalid sslmode value: "yes"', "parameter", False),
    ('invalid connection option "zork"', "parameter", False),
    ("the database system is starting up", "starting", True),
    ("the database system is shutting down", "starting", True),
    ("the database system is in recovery mode", "starting", True),
    ("the database system is not yet accepting connections", "starting", True),
    ("Connection refused", "refused", True),
    ("Network is unreachable", "refused", True),
    ('connection to server on socket "/tmp/.s.PGSQL.5432" failed: No such file or directory', "refused", True),
    ("connection timeout expired", "timeout", True),
    ("terminating connection due to administrator command", "closed", True),
    ("server closed the connection unexpectedly", "closed", True),
    ("SSL connection has been closed unexpectedly", "closed", True),
    ("could not receive data from server: Connection reset by peer", "closed", True),
    ("SSL SYSCALL error: EOF detected", "closed", True),
    ("something that nobody has seen before", "unknown", False),
]
ids = [text[:40] for text, _, _ in TEXTS]


def several(*lines: str) -> str:
    """What psycopg says when it tried several addresses."""
    attempts = "".join(f"\n- host: 'h', port: None, hostaddr: '192.0.2.{n}': {line}" for n, line in enumerate(lines))
    return f"{lines[-1]}\nMultiple connection attempts failed. All failures were:{attempts}"


def at(address: str, text: str) -> str:
    return f'connection failed: connection to server at "{address}", port 5432 failed: {text}'


@pytest.mark.parametrize(("text", "name", "retry"), TEXTS, ids=ids)
def test_text(text: str, name: str, retry: bool) -> None:
    fault = classify(psycopg.OperationalError(text))
    assert (fault.name, fault.retry) == (name, retry)
    assert reason(psycopg.OperationalError(text)).endswith(text.rpartition("failed: No such file")[2])


@pytest.mark.parametrize(("text", "name", "retry"), TEXTS, ids=ids)
def test_text_as_psycopg_tells_it_for_each_address(text: str, name: str, retry: bool) -> None:
    error = psycopg.OperationalError(several(at("192.0.2.1", f"ERROR:  {text}"), at("192.0.2.2", f"FATAL:  {text}")))
    fault = classify(OperationalError("SELECT 1", None, error))
    assert (fault.name, fault.retry) == (name, retry)
    if "socket" not in text:
        assert reason(error) == text


@pytest.mark.parametrize(("text", "name", "retry"), [row for row in TEXTS if row[1] != "unknown"])
def test_what_no_retry_heals_wins_wherever_it_stands(text: str, name: str, retry: bool) -> None:
    unreachable = at("2001:db8::1", "Network is unreachable")
    for lines in ((unreachable, at("192.0.2.1", text)), (at("192.0.2.1", text), unreachable)):
        fault = classify(psycopg.OperationalError(several(*lines)))
        assert fault.retry is retry
        assert retry or fault.name == name


def test_every_row_of_the_tables_is_covered() -> None:
    covered = {name for _, name, _ in TEXTS}
    assert {fault.name for _, fault in (*FATAL, *RETRYABLE)} <= covered
    for pattern, fault in (*FATAL, *RETRYABLE):
        texts = [text for text, name, _ in TEXTS if name == fault.name]
        assert any(re.search(pattern, text, re.IGNORECASE) for text in texts), pattern
        assert not pattern.endswith("$")


def test_retry_and_table_agree() -> None:
    assert {fault.retry for _, fault in FATAL} == {False}
    assert {fault.retry for _, fault in RETRYABLE} == {True}


@pytest.mark.parametrize(
    ("error", "name", "retry"),
    [
        (psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"), "lock-timeout", True),
        (psycopg.errors.DeadlockDetected("deadlock detected"), "deadlock", True),
        (psycopg.errors.QueryCanceled("canceling statement due to statement timeout"), "canceled", False),
        (psycopg.errors.IdleInTransactionSessionTimeout("terminating …"), "idle-in-transaction", False),
        (psycopg.errors.CannotConnectNow("das Datenbanksystem startet"), "starting", True),
        (psycopg.errors.AdminShutdown("Verbindung wird abgebrochen"), "closed", True),
        (psycopg.errors.TooManyConnections("zu viele Verbindungen"), "too-many-connections", True),
        (psycopg.errors.InvalidPassword("Passwort-Authentifizierung fehlgeschlagen"), "password", False),
        (psycopg.errors.UndefinedTable('relation "t" does not exist'), "unknown", False),
        (psycopg.errors.UniqueViolation("Key (text)=(Connection reset) exists"), "unknown", False),
    ],
)
def test_sqlstate(error: psycopg.Error, name: str, retry: bool) -> None:
    for shown in (error, DBAPIError.instance("SELECT 1", None, error, psycopg.Error)):
        fault = classify(shown)
        assert (fault.name, fault.retry) == (name, retry)


def test_asyncpg_s_errors_are_read_alike() -> None:
    class InternalServerError(Exception):
        sqlstate = "XX000"

    error = InternalServerError("Couldn't connect to compute node")
    assert classify(error).name == "cold-start"
    error.sqlstate = "57P03"
    assert classify(error).name == "cold-start"
    assert set(SQLSTATES).isdisjoint({"XX000"})


def test_the_statement_and_its_parameters_do_not_count() -> None:
    driver_error = psycopg.errors.SyntaxError("syntax error")
    error = OperationalError("SELECT 'too many connections'", {"a": "Connection refused"}, driver_error)
    assert classify(error) == UNKNOWN
    assert reason(error) == "syntax error"


def raise_from(outer: BaseException, inner: BaseException, *, cause: bool) -> BaseException:
    try:
        try:
            raise inner  # noqa: TRY301 - two levels are the point
        except BaseException as error:  # KeyboardInterrupt too, as it comes
            if cause:
                raise outer from error
            raise outer  # noqa: B904 - to get a context without a cause
    except BaseException as error:  # noqa: BLE001 - see above
        return error


@pytest.mark.parametrize("cause", [True, False])
def test_causes_and_contexts_are_followed(cause: bool) -> None:
    inner = OperationalError("SELECT 1", None, psycopg.OperationalError("Connection refused"))
    error = raise_from(RuntimeError("migration failed"), inner, cause=cause)
    assert classify(error).name == "refused"
    assert reason(error) == "Connection refused"


def test_the_nearest_known_error_counts() -> None:
    outer = psycopg.OperationalError("password authentication failed for user")
    assert classify(raise_from(outer, OSError("Connection refused"), cause=False)).name == "password"


def test_a_context_that_was_ruled_out_does_not_count() -> None:
    error = raise_from(RuntimeError("no"), OSError("Connection refused"), cause=False)
    error.__suppress_context__ = True
    assert classify(error) == UNKNOWN


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
def test_an_interrupt_is_never_a_reason_to_go_on(interrupt: BaseException) -> None:
    error = raise_from(interrupt, OSError("Connection refused"), cause=False)
    assert classify(error) == UNKNOWN
    assert reason(error) == type(interrupt).__name__


def test_causes_in_a_circle_end() -> None:
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first
    assert classify(first) == UNKNOWN


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"database": 'no such "database'}, "database", 'database "no such "database" does not exist'),
        ({"query": {"sslmode": "perhaps"}}, "parameter", 'invalid sslmode value: "perhaps"'),
        ({"query": {"zork": "1"}}, "parameter", 'invalid connection option "zork"'),
        ({"query": {"options": "-c zork.a"}}, "parameter", "-c zork.a requires a value"),
    ],
)
def test_a_real_server_s_words(server_url: URL, changes: dict[str, str], name: str, words: str) -> None:
    engine = create_engine(server_url.set(**changes), poolclass=NullPool)  # type: ignore[arg-type] # one of each type
    with pytest.raises(DBAPIError) as raised:
        engine.connect()
    assert (classify(raised.value).name, classify(raised.value).retry) == (name, False)
    assert reason(raised.value) == words


def test_a_host_that_does_not_exist(server_url: URL) -> None:
    """Without a network the resolver says so instead, and that may pass."""
    with pytest.raises(socket.gaierror) as unresolved:
        socket.getaddrinfo("db.invalid", None)
    expected = ("refused", True) if unresolved.value.errno == socket.EAI_AGAIN else ("host", False)
    engine = create_engine(server_url.set(host="db.invalid"), poolclass=NullPool)
    with pytest.raises(DBAPIError) as raised:
        engine.connect()
    assert (classify(raised.value).name, classify(raised.value).retry) == expected
    assert reason(raised.value) == f"failed to resolve host 'db.invalid': {unresolved.value}"


def test_a_fault_deserves_all_patience_unless_said_otherwise() -> None:
    assert Fault("x", retry=True) == Fault("x", retry=True, hint="", share=1.0)
    assert {fault.name: fault.share for _, fault in RETRYABLE if fault.share < 1} == {
        "control-plane": 0.25,
        "endpoint-unavailable": 0.25,
        "refused": 0.25,
    }
