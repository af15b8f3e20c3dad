"""The database of this process, and sessions of one tenant each."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from alembic_assay.session import Database


def connect() -> Database:
    """Read DATABASE_URL and its companions; nothing connects before the first query."""
    return Database.from_environment()


@contextmanager
def tenant_session(database: Database, schema: str) -> Iterator[Session]:
    """Open a session in which tables are those of a tenant; it also works over a pooler."""
    with database.session() as session:
        session.connection(execution_options={"schema_translate_map": {None: schema}})
        yield session
