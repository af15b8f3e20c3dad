"""What a user's test suite gets, by a real pytest run in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.project import Project

TESTS = "from alembic_assay.testing.revisions import test_revisions_are_reversible\n"


@pytest.fixture
def history(project: Project) -> Project:
    project.write("pytest.ini", "[pytest]\n")
    project.write("test_revisions.py", TESTS)
    project.add_revision("op.create_enum('mood', ['sad'])", "op.drop_enum('mood')")
    project.add_revision("op.execute('CREATE TABLE t (mood mood)')", "op.execute('DROP TABLE t')")
    return project


def run(project: Project, *, expect: int) -> str:
    arguments = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    return project.run("pytest", *arguments, expect=expect, env={"DATABASE_URL": "postgresql://127.0.0.1:1/x"}).stdout


def test_revisions_that_are_reversible_pass(history: Project) -> None:
    assert "1 passed" in run(history, expect=0)


def test_a_revision_that_is_not_fails_with_its_differences_and_no_traceback(history: Project) -> None:
    history.add_revision("op.execute('CREATE TABLE IF NOT EXISTS u (id int)')", "op.execute('SELECT 1')")
    output = run(history, expect=1)
    assert "0003: NOT reversible: up and down again does not give the schema from before (" in output
    assert "  - table public.u added\n" in output
    assert "Traceback" not in output


def test_each_test_has_an_empty_database_of_its_own(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\n")
    project.write(
        "test_fixtures.py",
        """
        import psycopg
        import pytest

        @pytest.mark.parametrize("run", [1, 2])
        def test_empty(assay_database, run):
            with psycopg.connect(assay_database.set(drivername="postgresql").render_as_string(False)) as connection:
                connection.execute("CREATE TABLE t (id int)")
        """,
    )
    assert "2 passed" in run(project, expect=0)
