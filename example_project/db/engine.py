"""The engine: one for each process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic_assay.neon.url import for_libpq, is_pooled

if TYPE_CHECKING:
    from db.connection import Settings


def engine_options(settings: Settings) -> dict[str, Any]:
    """Turn settings into arguments of ``sqlalchemy.create_engine``.

    Connections are tested before use: Neon ends those of a compute that it suspends. Behind a pooler, psycopg
    prepares nothing on the server: the pooler shares prepared statements among clients, and after a migration
    they fail with "cached plan must not change result type".
    """
    options: dict[str, Any] = {
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout,
        "pool_pre_ping": True,
        "echo": settings.echo,
    }
    if is_pooled(settings.url):
        options["connect_args"] = {"prepare_threshold": None}
    return options


def create_engine(settings: Settings) -> sa.Engine:
    """Make the engine. Nothing connects before the first query."""
    return sa.create_engine(for_libpq(settings.url), **engine_options(settings))
