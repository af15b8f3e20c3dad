"""Installed but not named in ``env.py``: Alembic behaves to the byte as without us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.project import STOCK_ENV

if TYPE_CHECKING:
    from tests.support.project import Project

MODELS = """
    import sqlalchemy as sa
    from sqlalchemy.orm import DeclarativeBase

    class Base(DeclarativeBase):
        pass

    mood = sa.Enum("sad", "happy", name="mood")
    users = sa.Table("users", Base.metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("mood", mood))
    sa.Table(
        "tasks",
        Base.metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.ForeignKey("users.id"), index=True),
        sa.Column("tags", sa.ARRAY(mood), server_default="{}"),
    )
"""

# What importlib.metadata would say if alembic-assay were not installed.
WITHOUT_US = """
    import importlib.metadata as metadata

    listed = metadata.entry_points

    def entry_points(**params):
        found = listed(**params)
        return metadata.EntryPoints(point for point in found if not point.value.startswith("alembic_assay"))

    metadata.entry_points = entry_points
"""


def output(project: Project, env: dict[str, str]) -> tuple[str, str, str]:
    arguments = ["revision", "--autogenerate", "--rev-id", "0001", "-m", "x"]
    result = project.alembic(*arguments, env=env)
    script = project.versions / "0001_x.py"
    text = script.read_text("utf-8")
    script.unlink()
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("Create Date: ")]
    return "".join(lines), result.stdout, result.stderr


def test_stock_autogenerate_is_the_same_with_and_without_us(project: Project) -> None:
    project.write_env(STOCK_ENV)
    project.write_models(MODELS)
    project.sql("CREATE TYPE lonely AS ENUM ('a')")
    project.write("without/sitecustomize.py", WITHOUT_US)
    with_us = output(project, {})
    without = output(project, {"PYTHONPATH": f"{project.root}/without"})
    assert "op.create_table('users'," in with_us[0]
    assert with_us == without


def test_the_stand_in_really_hides_us(project: Project) -> None:
    project.write("without/sitecustomize.py", WITHOUT_US)
    project.write(
        "probe.py", "import alembic.runtime.plugins as p; print(any(n[:5] == 'assay' for n in p._all_plugins))"
    )
    assert project.run("probe").stdout == "True\n"
    assert project.run("probe", env={"PYTHONPATH": f"{project.root}/without"}).stdout == "False\n"
