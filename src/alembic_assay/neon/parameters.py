"""Query parameters of database URLs: from every driver's dialect to what libpq understands."""

from __future__ import annotations

import difflib
from functools import cache
from typing import TYPE_CHECKING

from psycopg import pq

from alembic_assay.errors import DatabaseURLError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

POOLER_FLAG = "pgbouncer"
"""Prisma's parameter that says "this is a transaction pooler". It is for us, libpq does not know it."""

SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"})
"""Parameters of libpq whose values are never shown."""

_IDENTITY = frozenset({"host", "port", "user", "password", "dbname"})
_REPEATABLE = frozenset({"host", "port"})
_RENAMED = {"timeout": "connect_timeout", "database": "dbname"}

# They tune a driver, a cache or an application's pool; a migration has neither.
_DROPPED = frozenset(
    {
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
    }
)

_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# "true" as libpq itself reads it in a URI; "no-verify" is node-postgres' word for libpq's "require".
_SSL_WORDS = {"true": "require", "1": "require", "no-verify": "require", "false": "disable", "0": "disable"}
_TRUE = frozenset({"true", "1", "yes", "on"})


def is_true(value: object) -> bool:
    """Read a boolean of a URL.

    >>> is_true("TRUE"), is_true("0"), is_true(None)
    (True, False, False)
    """
    return isinstance(value, str) and value.lower() in _TRUE


def normalize(query: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Translate parameters into libpq's words.

    asyncpg's ``ssl``, ``direct_tls`` and ``timeout`` become libpq's parameters, the tuning of other drivers is
    dropped, ``pgbouncer=true`` is kept for :mod:`alembic_assay.neon.poolers`.

    Args:
        query: Parameter to all of its values, as ``URL.normalized_query`` gives them.

    Raises:
        DatabaseURLError: A parameter that libpq does not know, that contradicts another one, or that is there
            twice. The message names it, and never its value unless it is a word of ours.

    Example:
        >>> normalize({"ssl": ("verify-full",), "statement_cache_size": ("0",)})
        {'sslmode': ('verify-full',)}
    """
    result: dict[str, tuple[str, ...]] = {}
    translated = (_translate(name, tuple(values)) for name, values in query.items())
    for name, values in filter(None, translated):
        if result.setdefault(name, values) != values:
            raise DatabaseURLError(f"the parameters for {name!r} contradict each other.", hint="Keep one.")
    return result


def _translate(given: str, values: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    name = _RENAMED.get(given, given)
    if given in _DROPPED:
        return None
    if len(values) > 1 and name not in _REPEATABLE:
        raise DatabaseURLError(f"expected one parameter {given!r}, got {len(values)}.")
    if given == "ssl":
        return "sslmode", (_ssl_mode(values[0]),)
    if given in {"direct_tls", POOLER_FLAG}:
        flag = ("sslnegotiation", ("direct",)) if given == "direct_tls" else (POOLER_FLAG, ("true",))
        return flag if is_true(values[0]) else None
    if name not in _libpq_keywords():
        raise DatabaseURLError(f"unknown parameter {given!r}.", hint=_suggest(given))
    return name, values


def _ssl_mode(value: str) -> str:
    word = value.lower()
    mode = _SSL_WORDS.get(word, word)
    if mode not in _SSL_MODES:
        raise DatabaseURLError(f"parameter 'ssl': expected one of {', '.join(_SSL_MODES)}, got {value!r}.")
    return mode


def _suggest(name: str) -> str:
    near = difflib.get_close_matches(name, sorted(_libpq_keywords() - _IDENTITY), n=1)
    return f"Did you mean {near[0]!r}?" if near else "PostgreSQL's client library does not know it: remove it."


@cache
def _libpq_keywords() -> frozenset[str]:
    """What the libpq that will do the connecting knows: the list grows with its version."""
    return frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())
