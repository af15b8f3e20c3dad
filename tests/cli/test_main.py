"""``assay`` is Alembic's command line with ours added."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.project import Project


def test_alembics_commands_are_there(project: Project) -> None:
    project.add_revision("op.execute('CREATE TABLE t (id int)')", "op.execute('DROP TABLE t')")
    project.assay("upgrade", "head")
    assert project.assay("current").stdout == "0001 (head)\n"


def test_help_lists_ours_beside_theirs(project: Project) -> None:
    output = project.assay("--help").stdout
    for name in ("doctor", "lint", "prove", "upgrade", "revision"):
        assert f"\n    {name} " in output


def test_a_command_of_ours_documents_its_options(project: Project) -> None:
    output = project.assay("prove", "--help").stdout
    assert "usage: assay prove [-h] [--format {text,json}] [range]" in output
    assert "Exits with 0 if all are reversible" in output


def test_errors_of_alembic_stay_alembics(project: Project) -> None:
    result = project.assay("upgrade", "nonsense", expect=255)
    assert "FAILED: Can't locate revision identified by 'nonsense'" in result.stdout
