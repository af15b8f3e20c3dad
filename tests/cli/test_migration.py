"""``assay migration``, and the first migration of ``assay design``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.project import Project

REQUIREMENTS = """
format: schema-requirements/1
name: todo
entities:
  Task: {attributes: {title: {type: text, required: true}}}
"""


def test_two_documents_are_a_revision(project: Project) -> None:
    project.write("old.yaml", REQUIREMENTS)
    project.write("new.yaml", REQUIREMENTS.replace("title: {", "done: {type: boolean}, title: {"))
    for name in ("old", "new"):
        project.assay("design", f"{name}.yaml", "-o", f"{name}.json")
    first = project.assay("migration", "empty", "old.json", "-o", "migrations/versions/0001_first.py")
    assert first.stdout == "Wrote migrations/versions/0001_first.py.\n"
    identifier = project.alembic("heads").stdout.split()[0]
    options = ["--down-revision", identifier]
    project.assay("migration", "old.json", "new.json", *options, "-o", "migrations/versions/0002_second.py")
    project.alembic("upgrade", "head")
    assert project.sql("SELECT count(done) FROM tasks") == [(0,)]
    project.alembic("downgrade", "base")
    assert project.sql("SELECT to_regclass('tasks')") == [(None,)]
    refused = project.assay("migration", "new.json", "old.json", expect=1)
    assert refused.stdout == ""
    assert refused.stderr.splitlines() == [
        "FAILED: these changes are not allowed: 1 error.",
        (
            "  MIG102 at the document: column public.tasks.done is gone, with its values. If it was renamed:"
            " 'renamed_from' of the new one. Or allow it: 'column public.tasks.done' or 'MIG102'."
        ),
    ]
    allowed = project.assay("migration", "new.json", "old.json", "--allow", "MIG102").stdout
    assert 'op.drop_column("tasks", "done")' in allowed
