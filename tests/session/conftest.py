"""The application of these tests: its database, with its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.session.models import Base

from alembic_assay.session import Database, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


@pytest.fixture
def database(database_url: URL) -> Iterator[Database]:
    """The application's database, with empty tables."""
    with Database(Settings(url=database_url, pool_size=2, max_overflow=0, pool_timeout=1)) as database:
        Base.metadata.create_all(database.engine)
        yield database
