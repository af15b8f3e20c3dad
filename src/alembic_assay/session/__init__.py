"""The application's side: engines and sessions from the environment, and what they are asked to do.

Nothing here imports an optional package before it is used.
"""

from alembic_assay.session.database import AsyncDatabase, Database
from alembic_assay.session.engine import create_async_engine, create_engine
from alembic_assay.session.health import Health, check, check_async
from alembic_assay.session.settings import Settings
from alembic_assay.session.transactions import atomic, atomic_async

__all__ = [
    "AsyncDatabase",
    "Database",
    "Health",
    "Settings",
    "atomic",
    "atomic_async",
    "check",
    "check_async",
    "create_async_engine",
    "create_engine",
]
