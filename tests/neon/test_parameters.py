from __future__ import annotations

import pytest

from alembic_assay.errors import DatabaseURLError
from alembic_assay.neon.parameters import is_true, normalize

MODES = "disable, allow, prefer, require, verify-ca, verify-full"


def one(name: str, value: str) -> dict[str, tuple[str, ...]]:
    return normalize({name: (value,)})


@pytest.mark.parametrize("mode", MODES.split(", "))
def test_ssl_of_asyncpg_takes_libpq_s_modes(mode: str) -> None:
    assert one("ssl", mode) == {"sslmode": (mode,)}


@pytest.mark.parametrize(
    ("word", "mode"), [("true", "require"), ("True", "require"), ("no-verify", "require"), ("false", "disable")]
)
def test_ssl_as_other_drivers_write_it(word: str, mode: str) -> None:
    assert one("ssl", word) == {"sslmode": (mode,)}


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("timeout", "20", {"connect_timeout": ("20",)}),
        ("database", "app", {"dbname": ("app",)}),
        ("direct_tls", "true", {"sslnegotiation": ("direct",)}),
        ("direct_tls", "false", {}),
        ("pgbouncer", "TRUE", {"pgbouncer": ("true",)}),
        ("pgbouncer", "false", {}),
        ("channel_binding", "require", {"channel_binding": ("require",)}),
        ("options", "endpoint=ep-cool-sun-1", {"options": ("endpoint=ep-cool-sun-1",)}),
    ],
)
def test_translated(name: str, value: str, result: dict[str, tuple[str, ...]]) -> None:
    assert one(name, value) == result


@pytest.mark.parametrize(
    "name",
    [
        "async_fallback",
        "command_timeout",
        "connection_limit",
        "max_cacheable_statement_size",
        "max_cached_statement_lifetime",
        "pool_timeout",
        "prepare_threshold",
        "prepared_statement_cache_size",
        "prepared_statement_name_func",
        "socket_timeout",
        "statement_cache_size",
        "supa",
        "workaround",
    ],
)
def test_tuning_of_other_drivers_is_dropped(name: str) -> None:
    assert one(name, "0") == {}


def test_several_hosts_are_kept() -> None:
    query = {"host": ("a:1", "b:2"), "port": ("1", "2")}
    assert normalize(query) == query


def test_the_same_thing_said_twice_is_said_once() -> None:
    assert normalize({"ssl": ("require",), "sslmode": ("require",)}) == {"sslmode": ("require",)}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"sslmod": ("require",)}, "unknown parameter 'sslmod'. Did you mean 'sslmode'?"),
        ({"schema": ("app",)}, "unknown parameter 'schema'. PostgreSQL's client library does not know it: remove it."),
        ({"ssl": ("maybe",)}, f"parameter 'ssl': expected one of {MODES}, got 'maybe'."),
        ({"sslmode": ("require", "disable")}, "expected one parameter 'sslmode', got 2."),
        (
            {"ssl": ("require",), "sslmode": ("disable",)},
            "the parameters for 'sslmode' contradict each other. Keep one.",
        ),
    ],
)
def test_refused(query: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(DatabaseURLError) as raised:
        normalize(query)
    assert str(raised.value) == message


def test_a_boolean_is_a_word() -> None:
    assert [is_true(value) for value in ("1", "on", "Yes", "0", "", None, ("true",))] == [True] * 3 + [False] * 4
