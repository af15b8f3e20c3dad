"""After a migration: no client of a pooler meets a plan from before."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger("alembic.assay.recycle")

# Who migrates is "alembic:…", and holds an advisory lock while it is idle.
_END_IDLE = """
SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) FROM pg_stat_activity AS a
WHERE a.datname = current_database() AND a.usename = current_user AND a.backend_type = 'client backend'
  AND a.state = 'idle' AND a.pid <> pg_backend_pid() AND a.application_name NOT LIKE 'alembic:%'
  AND NOT EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = a.pid AND l.locktype = 'advisory')
"""


def recycle_pooler(connection: Connection) -> int:
    """End the idle server connections of this role in this database.

    A pooler with ``max_prepared_statements``, as Neon's, shares prepared statements among its clients. After a
    migration that changes what a statement returns, old and new clients get "cached plan must not change result
    type" (0A000), until the server connection is closed: by default an hour later. A pooler replaces a connection
    that ends while it is idle, and its clients do not notice. Sessions without a pooler that are idle end too; a pool
    with pre-ping replaces them. Sessions in a transaction, with an advisory lock, or of another role are left alone.

    Args:
        connection: Direct, outside of a transaction.

    Returns:
        How many were ended.

    Example:
        >>> recycle_pooler(connection)  # doctest: +SKIP
        3
    """
    with connection.begin():
        ended: int = connection.exec_driver_sql(_END_IDLE, execution_options={"no_parameters": True}).scalar_one()
    log.info("Ended %d idle connections of the pooler, so that no plan from before the migration is used", ended)
    return ended
