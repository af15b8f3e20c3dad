"""Settings of the database connection, read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_assay.neon.url import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL

_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class SettingsError(ValueError):
    """An environment variable that is missing or that cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to connect, and how many connections to keep.

    Args:
        url: Where the database is.
        pool_size: Connections kept open by this process.
        max_overflow: Connections opened on top of these when all are busy.
        pool_timeout: Seconds to wait for a free connection.
        echo: Log every statement.
    """

    url: URL
    pool_size: int = 20
    max_overflow: int = 10
    pool_timeout: float = 30.0
    echo: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read ``DATABASE_URL`` and, each with a default, the variables of the pool.

        They are ``DATABASE_POOL_SIZE``, ``DATABASE_MAX_OVERFLOW``, ``DATABASE_POOL_TIMEOUT`` and
        ``DATABASE_ECHO``; an empty one counts as not set.

        Args:
            environ: Usually ``os.environ``.

        Raises:
            SettingsError: ``DATABASE_URL`` is not set, or a value is not what its variable takes.
            DatabaseURLError: ``DATABASE_URL`` is not the URL of a PostgreSQL database.

        Example:
            >>> Settings.from_environment({"DATABASE_URL": "postgresql://localhost/tasks"}).pool_size
            20
        """
        if not environ.get("DATABASE_URL"):
            raise SettingsError("DATABASE_URL is not set: expected postgresql://user:password@host/database.")
        return cls(
            url=parse(environ["DATABASE_URL"]),
            pool_size=_integer(environ, "DATABASE_POOL_SIZE", cls.pool_size, least=1),
            max_overflow=_integer(environ, "DATABASE_MAX_OVERFLOW", cls.max_overflow, least=0),
            pool_timeout=_seconds(environ, "DATABASE_POOL_TIMEOUT", cls.pool_timeout),
            echo=_boolean(environ, "DATABASE_ECHO", cls.echo),
        )


def _integer(environ: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise SettingsError(f"{name}: expected a whole number, {least} or more, got {text!r}.")
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
