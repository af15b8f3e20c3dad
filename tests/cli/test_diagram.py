"""``assay diagram``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from alembic_assay.design import design_schema

if TYPE_CHECKING:
    from tests.support.project import Project

TODO = {"format": "schema-requirements/1", "name": "todo", "entities": {"Task": {"timestamps": False}}}
BLOCK = """<!-- assay: diagram -->
```mermaid
erDiagram
    "tasks" {
        bigint id PK "Identifies the task"
    }
```
<!-- assay: end -->"""


def test_a_marked_block_is_kept_up_to_date(project: Project) -> None:
    project.write("schema.json", json.dumps(design_schema(TODO)))
    page = project.write("SCHEMA.md", "# Tables\n<!-- assay: diagram --><!-- assay: end -->\nmore\n")
    command = ["diagram", "schema.json", "--inject", "SCHEMA.md"]
    assert project.assay(*command, "--check", expect=1).stdout == "SCHEMA.md: stale.\n"
    assert project.assay(*command).stdout == "SCHEMA.md: updated.\n"
    assert page.read_text() == f"# Tables\n{BLOCK}\nmore\n"
    assert project.assay(*command, "--check").stdout == "SCHEMA.md: as it is.\n"


def test_it_goes_to_standard_output_with_what_is_lost(project: Project) -> None:
    project.write("schema.json", json.dumps(design_schema(TODO)))
    result = project.assay("diagram", "schema.json", "--format", "dbml")
    assert result.stdout.startswith('Table "tasks" {\n')
    assert result.stderr == "Not said: sequence public.tasks_id_seq: DBML has no sequence\n"


def test_a_file_without_a_block_is_left_alone(project: Project) -> None:
    project.write("schema.json", json.dumps(design_schema(TODO)))
    project.write("a.md", "x")
    error = project.assay("diagram", "schema.json", "--inject", "a.md", expect=1).stderr
    hint = "Write two lines: <!-- assay: diagram --> and <!-- assay: end -->."
    assert error == f"FAILED: a.md has no block for the diagram. {hint}\n"
