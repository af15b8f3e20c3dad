"""``assay models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.project import Project

REQUIREMENTS = """
format: schema-requirements/1
name: todo
entities:
  Task: {attributes: {title: {type: text}}}
"""


def test_a_package_is_written_checked_and_not_overwritten(project: Project) -> None:
    project.write("todo.yaml", REQUIREMENTS)
    project.assay("design", "todo.yaml", "-o", "schema.json")
    command = ["models", "--from", "schema.json", "-o", "app/models"]
    assert project.assay(*command, "--check", expect=1).stdout.endswith("6 of 6 files would change.\n")
    assert project.assay(*command).stdout == "Wrote 6 files to app/models; 0 were as they are.\n"
    assert project.assay(*command, "--check").stdout == "0 of 6 files would change.\n"
    models = project.root / "app" / "models" / "models.py"
    models.write_text(models.read_text() + "# mine\n")
    assert project.assay(*command, expect=1).stderr.splitlines() == [
        "FAILED: edited by hand: app/models/models.py. Move the edits to modules of your own, or replace them by --overwrite."
    ]
    assert project.assay(*command, "--overwrite").stdout == "Wrote 1 files to app/models; 5 were as they are.\n"
    assert "# mine" not in models.read_text()
