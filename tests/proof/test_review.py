"""What ``alembic revision --autogenerate`` says, and does, before it writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.cycles import script_body

if TYPE_CHECKING:
    from tests.support.project import Project

MODELS = """
    import sqlalchemy as sa
    from sqlalchemy.orm import DeclarativeBase

    class Base(DeclarativeBase):
        pass

    sa.Table("users", Base.metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "tasks",
        Base.metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.ForeignKey("users.id")),
    )
"""


def revision(project: Project, *arguments: str) -> str:
    result = project.alembic(*arguments, "revision", "--autogenerate", "-m", "x")
    output = re.sub(r"\d+ objects, \d+\.\d+ s", "N objects, S s", result.stdout)
    return re.sub(r"Generating .*", "Generating", output)


def test_findings_and_proof_are_printed_before_the_script_is_written(project: Project) -> None:
    project.write_models(MODELS)
    lines = revision(project).splitlines()
    assert lines[0] == "upgrade(): warning fk-without-index (ASY201)"
    assert lines[-2:] == [
        "Reversible: up, down and up again gave equal catalogs (N objects, S s, rolled back).",
        "Generating",
    ]


def test_the_fix_is_in_the_script_when_asked_for(project: Project) -> None:
    project.write_models(MODELS)
    revision(project, "-x", "assay.fix=all")
    script = next(iter(project.versions.glob("*.py")))
    assert "op.create_index('idx_tasks_user_id', 'tasks', ['user_id'], unique=False)" in script_body(script, "upgrade")
    assert "op.drop_index('idx_tasks_user_id', table_name='tasks')" in script_body(script, "downgrade")


def test_both_can_be_switched_off(project: Project) -> None:
    project.write_models(MODELS)
    assert revision(project, "-x", "assay.lint=off", "-x", "assay.prove=off") == "Generating\n"


def test_quiet_says_nothing(project: Project) -> None:
    project.write_models(MODELS)
    assert project.alembic("-q", "revision", "--autogenerate", "-m", "x").stdout == ""


def test_check_and_an_empty_revision_are_not_reviewed(project: Project) -> None:
    project.write_models(MODELS)
    assert "Reversible" not in project.alembic("check", expect=255).stdout
    project.revise()
    project.alembic("upgrade", "head")
    assert revision(project) == "Generating\n"


def test_a_revision_that_does_not_reverse_is_named_with_its_differences(project: Project) -> None:
    project.write_env("""
        from alembic import context
        from alembic.operations import ops
        from alembic_assay.env import run
        from models import Base

        def forget(context, revision, directives):
            directives[0].downgrade_ops.ops[:] = [ops.DropTableOp("users")]
            directives[0].upgrade_ops.ops.insert(0, ops.ExecuteSQLOp("CREATE TABLE IF NOT EXISTS kept (id int)"))

        run(context, Base.metadata, process_revision_directives=forget)
    """)
    project.write_models(MODELS.split('    sa.Table(\n        "tasks"', maxsplit=1)[0])
    assert revision(project).splitlines() == [
        "No findings.",
        "NOT reversible: up and down again does not give the schema from before (N objects, S s, rolled back).",
        "Changed by upgrade() and not restored by downgrade():",
        "  - table public.kept added",
        "  - column public.kept.id added",
        "Generating",
    ]
    assert project.sql("SELECT count(*) FROM pg_tables WHERE tablename IN ('kept', 'users')") == [(0,)]


def test_the_text_that_is_proved_is_the_text_that_is_written(project: Project) -> None:
    template = project.root / "migrations" / "script.py.mako"
    template.write_text(template.read_text() + "\n\nraise RuntimeError('from the template')\n")
    project.write_models(MODELS)
    result = project.alembic("revision", "--autogenerate", "-m", "x", expect=1)
    assert "from the template" in result.stderr
