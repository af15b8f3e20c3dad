"""``assay design``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from alembic_assay.catalog import document

if TYPE_CHECKING:
    from tests.support.project import Project

REQUIREMENTS = """
format: schema-requirements/1
name: todo
entities:
  Task: {attributes: {tag_ids: {type: text}}}
"""


def test_a_document_is_written_and_questions_are_asked(project: Project) -> None:
    project.write("todo.yaml", REQUIREMENTS)
    assert project.assay("design", "todo.yaml", "-o", "schema.yaml").stdout.splitlines() == [
        "Wrote 1 tables, 1 decisions to schema.yaml.",
        "Decide: Should Task.tag_ids be a relationship? A list in one column (1NF): nothing checks what it points to.",
    ]
    assert len(document.load(project.root / "schema.yaml")) > 1
    assert json.loads(project.assay("design", "todo.yaml").stdout)["name"] == "todo"


def test_a_directory_gets_all_there_is(project: Project) -> None:
    project.write("todo.yaml", REQUIREMENTS)
    project.assay("design", "todo.yaml", "-o", "out", "--style", "declarative")
    found = sorted(path.relative_to(project.root / "out").as_posix() for path in (project.root / "out").rglob("*.*"))
    modules = [f"models/{name}.py" for name in ("__init__", "base", "ddl", "models", "schemas", "types")]
    sql = [f"sql/{name}.sql" for name in ("constraints", "indexes", "tables")]
    assert found == [
        "SCHEMA.md",
        *modules,
        "models/schema.json",
        "report.txt",
        "schema.yaml",
        *sql,
        "versions/0001_todo.py",
    ]
    models = project.root / "out" / "models" / "models.py"
    models.write_text(models.read_text() + "# mine\n")
    project.assay("design", "todo.yaml", "-o", "out", "--style", "declarative")
    assert models.read_text().endswith("# mine\n")


def test_what_is_wrong_is_told_without_a_traceback(project: Project) -> None:
    project.write("todo.yaml", REQUIREMENTS.replace("type: text", "type: txt"))
    assert project.assay("design", "todo.yaml", expect=1).stderr.splitlines() == [
        "FAILED: todo.yaml: 1 error.",
        "  REQ101 at /entities/Task/attributes/tag_ids/type: unknown type 'txt'. Did you mean 'text'?",
    ]
