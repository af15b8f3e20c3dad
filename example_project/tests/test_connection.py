from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.session import Database
from sqlalchemy import func, select
from sqlmodel import Session

from models import User

if TYPE_CHECKING:
    from sqlalchemy import URL


def test_the_database_of_the_environment(migrated: URL) -> None:
    environ = {"DATABASE_URL": migrated.render_as_string(hide_password=False), "DATABASE_POOL_SIZE": "1"}
    with Database.from_environment(environ, session_class=Session) as database, database.session() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 0
        assert database.health().ok
