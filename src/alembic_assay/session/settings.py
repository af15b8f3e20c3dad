"""Settings of the application's connections, read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alembic_assay.errors import SettingsError
from alembic_assay.neon.url import EXAMPLE, VARIABLE, is_pooled, parse_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL

_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

REPLICA_VARIABLE = "DATABASE_REPLICA_URL"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How an application connects, and how many connections it keeps.

    Args:
        url: Where the database is, from :func:`alembic_assay.neon.url.parse`. Pooled URLs stay pooled.
        replica_url: Where read-only sessions go; ``None`` for the same database.
        driver: ``"psycopg"``, or ``"asyncpg"`` for async engines.
        pool_size: Connections kept open by this process; 0 keeps none, for functions that live for one request.
        max_overflow: Connections opened on top of these when all are busy.
        pool_timeout: Seconds to wait for a free connection.
        pool_recycle: Seconds after which an idle connection is not used again. Neon suspends a compute after 300
            idle seconds, unless set otherwise.
        connect_patience: Seconds to try again while the server wakes up, starts or is full.
        slow_query: Seconds from which a statement is logged as slow; 0 logs none.
        echo: Log every statement.
    """

    url: URL
    replica_url: URL | None = None
    driver: Literal["psycopg", "asyncpg"] = "psycopg"
    pool_size: int = 20
    max_overflow: int = 10
    pool_timeout: float = 30.0
    pool_recycle: int = 280
    connect_patience: float = 30.0
    slow_query: float = 1.0
    echo: bool = False

    @property
    def pooled(self) -> bool:
        """Whether a transaction pooler stands between us and the database."""
        return is_pooled(self.url)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read ``DATABASE_URL`` and, each with a default, the other variables; an empty one counts as not set.

        ``DATABASE_REPLICA_URL``, ``DATABASE_POOL_SIZE``, ``DATABASE_MAX_OVERFLOW``, ``DATABASE_POOL_TIMEOUT``,
        ``DATABASE_POOL_RECYCLE``, ``DATABASE_CONNECT_PATIENCE``, ``DATABASE_SLOW_QUERY``, ``DATABASE_ECHO``.

        Args:
            environ: Usually ``os.environ``.

        Raises:
            SettingsError: ``DATABASE_URL`` is not set, or a value is not what its variable takes.
            DatabaseURLError: A URL that is not one of a PostgreSQL database.

        Example:
            >>> Settings.from_environment({"DATABASE_URL": "postgresql://localhost/tasks"}).pool_size
            20
        """
        text = environ.get(VARIABLE, "").strip()
        if not text:
            raise SettingsError(f"{VARIABLE} is not set: expected {EXAMPLE}.")
        replica = environ.get(REPLICA_VARIABLE, "").strip()
        return cls(
            url=parse_from(VARIABLE, text),
            replica_url=parse_from(REPLICA_VARIABLE, replica) if replica else None,
            driver="asyncpg" if text.lower().startswith("postgresql+asyncpg:") else "psycopg",
            pool_size=_integer(environ, "DATABASE_POOL_SIZE", cls.pool_size),
            max_overflow=_integer(environ, "DATABASE_MAX_OVERFLOW", cls.max_overflow),
            pool_timeout=_seconds(environ, "DATABASE_POOL_TIMEOUT", cls.pool_timeout),
            pool_recycle=_integer(environ, "DATABASE_POOL_RECYCLE", cls.pool_recycle),
            connect_patience=_seconds(environ, "DATABASE_CONNECT_PATIENCE", cls.connect_patience),
            slow_query=_seconds(environ, "DATABASE_SLOW_QUERY", cls.slow_query),
            echo=_boolean(environ, "DATABASE_ECHO", cls.echo),
        )


def _integer(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(f"{name}: expected a whole number, 0 or more, got {text!r}.")
    return int(text)


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise SettingsError(f"{name}: expected a number of seconds, 0 or more, got {text!r}.")
    return seconds


def _boolean(environ: Mapping[str, str], name: str, default: bool) -> bool:
    text = environ.get(name, "").strip().lower()
    if not text:
        return default
    if text not in _BOOLEANS:
        raise SettingsError(f"{name}: expected true or false, got {text!r}.")
    return _BOOLEANS[text]
