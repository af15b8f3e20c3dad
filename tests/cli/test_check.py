"""``assay check`` says what differs, in words, and by its exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.project import Project

MODELS = """
    import sqlalchemy as sa
    from sqlalchemy.orm import DeclarativeBase

    class Base(DeclarativeBase):
        pass

    sa.Table(
        "users",
        Base.metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(50)),
    )
"""


def test_equal_different_and_not_at_head(project: Project) -> None:
    project.write_models(MODELS)
    project.revise()
    behind = project.assay("check", expect=2)
    assert behind.stderr.splitlines()[-1].startswith("FAILED: the database is at no revision, and head is ")
    project.alembic("upgrade", "head")
    assert project.assay("check").stdout == "The models and the database are equal.\n"

    project.sql("ALTER TABLE users ALTER name TYPE text, ADD CHECK (id > 0)")
    assert project.assay("check", expect=1).stdout == (
        "changed column 'users.name': type text → character varying(50)\n"
        "removed check constraint 'users.users_id_check'\n"
        "Found 2 differences; alembic revision --autogenerate writes what is to do.\n"
    )
    assert json.loads(project.assay("check", "--format", "json", expect=1).stdout) == {
        "version": 1,
        "equal": False,
        "differences": [
            "changed column 'users.name': type text → character varying(50)",
            "removed check constraint 'users.users_id_check'",
        ],
        "not_compared": [],
    }


def test_what_cannot_be_compared_is_said(project: Project) -> None:
    project.write_models(MODELS)
    project.revise()
    project.alembic("upgrade", "head")
    project.write_models(MODELS.replace("sa.String(50)", 'sa.String(50), server_default=sa.text("nothing()")'))
    assert project.assay("check", expect=2).stdout == (
        "cannot compare table public.users, because function nothing() does not exist\n"
    )
