"""The database of this process: make it once, close it at the end."""

from alembic_assay.session import Database


def connect() -> Database:
    """Read DATABASE_URL and its companions; nothing connects before the first query."""
    return Database.from_environment()
