"""``assay models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alembic_assay.cli import models
from alembic_assay.design import design_schema
from alembic_assay.emit import merge
from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project import Project

REQUIREMENTS = """
format: schema-requirements/1
name: todo
entities:
  Task: {attributes: {title: {type: text}}}
"""


def test_a_package_is_written_and_checked(project: Project) -> None:
    project.write("todo.yaml", REQUIREMENTS)
    project.assay("design", "todo.yaml", "-o", "schema.json")
    command = ["models", "--from", "schema.json", "-o", "app/models"]
    assert project.assay(*command, "--check", expect=1).stdout.endswith("7 of 7 files would change.\n")
    assert project.assay(*command).stdout == "Wrote 7 files to app/models; 0 were as they are.\n"
    assert project.assay(*command, "--check").stdout == "0 of 7 files would change.\n"


def written(directory: Path, kind: str) -> dict[str, int]:
    """Generate the models of a table with an attribute of a type; return the conflicts."""
    attributes = {"title": {"type": "text"}, "done": {"type": kind, "description": "Mine"}}
    requirements = {"format": "schema-requirements/1", "name": "todo", "entities": {"Task": {"attributes": attributes}}}
    files, conflicts = models.generated(directory, design_schema(requirements), "declarative")
    models.write_files(directory, files)
    return conflicts


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_edits_are_kept_where_something_else_is_generated(tmp_path: Path) -> None:
    module = tmp_path / "models.py"
    assert written(tmp_path, "text") == {}
    edit(module, '"""Tables."""', '"""My tables."""')
    assert written(tmp_path, "text") == {}
    assert written(tmp_path, "boolean") == {}
    assert '"""My tables."""' in module.read_text()
    assert "BOOLEAN" in module.read_text()
    edit(module, "BOOLEAN", "MINE")
    assert written(tmp_path, "integer") == {"models.py": 1}
    assert module.read_text().count("<<<<<<< edited\n") == 1
    with pytest.raises(AssayError) as caught:
        models.refuse_conflicts(tmp_path, {"models.py": 1})
    assert str(caught.value) == (
        f"edits and what is generated now are in conflict: {module} (1). Edit what stands between <<<<<<< and >>>>>>>."
    )


def test_an_edit_of_something_unknown_is_not_lost(tmp_path: Path) -> None:
    written(tmp_path, "text")
    module = tmp_path / "models.py"
    edit(module, '"""Tables."""', '"""My tables."""')
    (tmp_path / "schema.json").unlink()
    with pytest.raises(AssayError) as caught:
        written(tmp_path, "text")
    assert str(caught.value) == (
        f"edited by hand, and not known from what: {module}. Move the edits to modules of your own, or replace them by"
        " --overwrite."
    )


def test_without_git_every_difference_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    text, conflicts = merge.merged("a\nmine\nc\n", "a\nb\nc\n", "a\nb\nc\nd\n")
    assert (
        text
        == "a\n<<<<<<< edited\nmine\n=======\nb\n>>>>>>> generated now\nc\n<<<<<<< edited\n=======\nd\n>>>>>>> generated now\n"
    )
    assert conflicts == 2
