"""Connections to tenants: asynchronous, patient, direct where that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy.dialects.postgresql import psycopg as dialect

from alembic_assay.neon.engine import CONNECT_TIMEOUT, KEEPALIVES, PATIENCE, retrying_async
from alembic_assay.neon.url import direct, for_libpq

if TYPE_CHECKING:
    from sqlalchemy import URL


async def connect(url: URL, *, patience: float = PATIENCE) -> psycopg.AsyncConnection[Any]:
    """Connect over the direct host, and try again while the server wakes up.

    Args:
        url: A tenant's.
        patience: Seconds to keep trying.

    Raises:
        psycopg.OperationalError: The last one.
    """
    straight = direct(url) or url
    make: Any = dialect.dialect  # without types
    arguments = {
        **KEEPALIVES,
        "connect_timeout": CONNECT_TIMEOUT,
        "application_name": "alembic:tenants",
        **make().create_connect_args(for_libpq(straight))[1],
        "prepare_threshold": None,
    }
    return await retrying_async(patience)(psycopg.AsyncConnection.connect, **arguments)
