"""A new revision is fixed, runs both ways, and the next autogenerate has nothing to add."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

from tests.support.cycles import snapshot

if TYPE_CHECKING:
    from tests.support.project import Project

MODELS = """\
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
"""
CHANGED = f"""{MODELS}\
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id", name="fk_tasks_user"))
    __table_args__ = (sa.Index("idx_title", "title"),{{tasks}})


class Comment(Base):
    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("tasks.id"))
    __table_args__ = ({{comments}})
"""
UPGRADE = """
op.add_column("tasks", sa.Column("user_id", sa.Integer(), nullable=True))
op.create_table(
    "comments",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("task_id", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(
        ["task_id"],
        ["tasks.id"],
        name="comments_task_id_fkey",
    ),
    sa.PrimaryKeyConstraint("id"),
)
op.create_index("idx_comments_task_id", "comments", ["task_id"], unique=False)
with op.get_context().autocommit_block():
    op.create_index(
        "idx_title",
        "tasks",
        ["title"],
        unique=False,
        postgresql_concurrently=True,
    )

op.create_foreign_key("fk_tasks_user", "tasks", "users", ["user_id"], ["id"])
with op.get_context().autocommit_block():
    op.create_index(
        "idx_tasks_user_id",
        "tasks",
        ["user_id"],
        unique=False,
        postgresql_concurrently=True,
    )
"""
DOWNGRADE = """
with op.get_context().autocommit_block():
    op.drop_index(
        "idx_tasks_user_id",
        table_name="tasks",
        postgresql_concurrently=True,
    )

op.drop_constraint("fk_tasks_user", "tasks", type_="foreignkey")
with op.get_context().autocommit_block():
    op.drop_index("idx_title", table_name="tasks", postgresql_concurrently=True)

op.drop_index("idx_comments_task_id", table_name="comments")
op.drop_table("comments")
op.drop_column("tasks", "user_id")
"""


def block(code: str) -> str:
    return indent(dedent(code).strip("\n"), "    ")


def test_a_fixed_revision_goes_the_whole_cycle(project: Project) -> None:
    project.write_models(MODELS)
    project.revise()
    project.alembic("upgrade", "head")
    project.sql("INSERT INTO tasks (title) SELECT 'x' FROM generate_series(1, 100)")
    before = snapshot(project)
    project.write_models(CHANGED.format(tasks="", comments=""))
    project.write("pyproject.toml", '[tool.alembic-assay]\nfix = ["all"]\n')
    script = project.revise().read_text("utf-8")
    assert block(UPGRADE) in script
    assert block(DOWNGRADE) in script
    assert project.assay("lint").stdout == "No findings.\n"

    project.alembic("upgrade", "head")
    after = snapshot(project)
    lines = {
        "tasks": 'sa.Index("idx_tasks_user_id", "user_id")',
        "comments": 'sa.Index("idx_comments_task_id", "task_id"),',
    }
    project.write_models(CHANGED.format(**lines))
    assert "No new upgrade operations detected." in project.alembic("check").stdout
    project.alembic("downgrade", "-1")
    assert snapshot(project) == before
    project.alembic("upgrade", "head")
    assert snapshot(project) == after


def test_an_index_that_only_the_database_has_is_known(project: Project) -> None:
    project.write_models(MODELS.replace("title: Mapped[str]", "user_id: Mapped[int | None]"))
    project.revise()
    project.alembic("upgrade", "head")
    project.sql("CREATE INDEX by_hand ON tasks (user_id)")
    key = 'mapped_column(sa.ForeignKey("users.id", name="fk"))'
    project.write_models(MODELS.replace("title: Mapped[str]", f"user_id: Mapped[int | None] = {key}"))
    project.write_env(
        """\
        from alembic import context
        from alembic_assay.env import run
        from models import Base

        run(context, Base.metadata, include_object=lambda _object, name, *_: name != "by_hand")
        """
    )
    result = project.alembic("revision", "--autogenerate", "-m", "key")
    assert "Detected added foreign key" in result.stderr
    assert "No findings.\n" in result.stdout
