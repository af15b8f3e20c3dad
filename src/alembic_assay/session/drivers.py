"""What asyncpg is told, from a URL in libpq's words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL

from alembic_assay.neon.parameters import POOLER_FLAG
from alembic_assay.neon.url import DRIVER

# libpq's, without a counterpart in asyncpg, or given in another way.
_NOT_FOR_ASYNCPG = {
    POOLER_FLAG,
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "tcp_user_timeout",
}
# asyncpg reads these of a DSN itself; everything else it sends to the server as a setting.
_OF_A_DSN = {"host", "port", "passfile", "service", "servicefile", "target_session_attrs", "krbsrvname", "gsslib"}


def asyncpg_url(url: URL) -> URL:
    """Return the URL without its parameters, which SQLAlchemy would pass to ``asyncpg.connect`` by name.

    >>> from sqlalchemy import make_url
    >>> asyncpg_url(make_url("postgresql+psycopg://ann@db/app?sslmode=require"))
    postgresql+asyncpg://ann@db/app
    """
    return url.set(drivername=DRIVER.replace("psycopg", "asyncpg"), query={})


def asyncpg_arguments(url: URL, *, pooled: bool, timeout: float) -> dict[str, Any]:
    """Return the arguments of ``asyncpg.connect`` for the parameters of a URL.

    asyncpg reads ``sslmode`` and its like from a DSN only. Behind a pooler both statement caches are off, its own
    and SQLAlchemy's: one of them alone still fails.

    Args:
        url: Its parameters are libpq's.
        pooled: Whether a transaction pooler takes the connection.
        timeout: Seconds for one try, unless the URL has ``connect_timeout``.

    Example:
        >>> from sqlalchemy import make_url
        >>> url = make_url("postgresql://h/d?sslmode=require&channel_binding=require")
        >>> asyncpg_arguments(url, pooled=False, timeout=15)
        {'dsn': 'postgresql://?sslmode=require', 'timeout': 15}
    """
    query = {name: value for name, value in url.query.items() if name not in _NOT_FOR_ASYNCPG}
    of_dsn = {name: value for name, value in query.items() if name in _OF_A_DSN or name.startswith("ssl")}
    settings = {name: str(value) for name, value in query.items() if name not in of_dsn}
    given = str(url.query.get("connect_timeout", ""))
    arguments: dict[str, Any] = {"timeout": float(given) if given.isdigit() and int(given) else timeout}
    if of_dsn:
        dsn = URL.create("postgresql", query=of_dsn)
        arguments = {"dsn": dsn.render_as_string(hide_password=False), **arguments}
    if settings:
        arguments["server_settings"] = settings
    if pooled:
        arguments |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    return arguments
