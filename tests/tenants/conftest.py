"""A project with a history that can be compiled, and schemas for its tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.config import Config
from sqlalchemy import NullPool, create_engine
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import URL

TENANTS = 20


@pytest.fixture
def tenants_project(tmp_path: Path, database_url: URL) -> Project:
    """Two revisions; 20 schemas, one of them with a name that must be quoted."""
    project = Project(tmp_path / "project", database_url)
    project.write_env(
        "from alembic import context\nfrom sqlalchemy import MetaData\n\nfrom alembic_assay.env import run\n\nrun(context, MetaData())\n"
    )
    project.add_revision(
        "op.create_table('t', sa.Column('a', sa.Text(), server_default=\"50% ':x'\"))", "op.drop_table('t')"
    )
    project.add_revision("op.create_index('i', 't', ['a'])", "op.drop_index('i')")
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        for name in names():
            connection.exec_driver_sql(f'CREATE SCHEMA "{name}"')
    return project


def names() -> list[str]:
    return [*(f"tenant_{number:02}" for number in range(TENANTS - 1)), "tenant_O'Neill, Ann"]


@pytest.fixture
def config(tenants_project: Project) -> Config:
    return Config(tenants_project.root / "alembic.ini")


@pytest.fixture
def applied(tenants_project: Project) -> Callable[[], dict[str, tuple[str | None, int]]]:
    """How often each revision was applied, and what is there, for each schema."""

    def look() -> dict[str, tuple[str | None, int]]:
        rows = tenants_project.sql(
            "SELECT n.nspname, count(c.oid) FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid"
            " AND c.relname IN ('t', 'i') WHERE n.nspname LIKE 'tenant%' GROUP BY 1"
        )
        found = {}
        for schema, count in rows:
            quoted = '"' + schema + '"'
            there = tenants_project.sql("SELECT to_regclass(:name)", name=f"{quoted}.alembic_version")[0][0]
            version = tenants_project.sql(f"SELECT version_num FROM {quoted}.alembic_version") if there else []
            found[schema] = (version[0][0] if version else None, count)
        return found

    return look
