"""Diagrams and reports: their text, and that the real parsers take it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import roundtrip, servers

from alembic_assay.catalog import document
from alembic_assay.design import design_schema, load
from alembic_assay.emit.dbml import dbml
from alembic_assay.emit.dot import dot
from alembic_assay.emit.mermaid import mermaid
from alembic_assay.emit.report import box_report, cells, markdown, sql_files

if TYPE_CHECKING:
    from sqlalchemy import URL

HERE = Path(__file__).parent
EVERYTHING = design_schema(load(HERE.parent / "design" / "everything.yaml"))
TODO = design_schema(
    {
        "format": "schema-requirements/1",
        "name": "todo",
        "types": {"priority": {"enum": ["low", "high"]}},
        "entities": {
            "User": {"timestamps": False},
            "Task": {
                "timestamps": False,
                "attributes": {"title": {"type": "short_text", "required": True}, "priority": {"type": "priority"}},
            },
        },
        "relationships": [
            {
                "name": "user",
                "kind": "many_to_one",
                "from": "Task",
                "to": "User",
                "required": True,
                "on_delete": "cascade",
            }
        ],
    }
)
ODD = ("names_upper_case_and_quotes", "names_not_ascii", "names_reserved", "partition_range", "foreign_key_actions")


def test_mermaid() -> None:
    assert mermaid(TODO) == (
        """erDiagram
    "tasks" {
        bigint id PK "Identifies the task"
        bigint user_id FK "The user of the task"
        varchar(255) title "Title of the task"
        priority priority "Priority of the task"
    }
    "users" {
        bigint id PK "Identifies the user"
    }
    "users" ||--o{ "tasks" : "user cascade"
"""
    )


def test_dbml_and_what_it_cannot_say() -> None:
    text, losses = dbml(TODO)
    assert text == (
        """Enum "priority" {
  "low"
  "high"
}

Table "tasks" {
  "id" bigint [not null, increment, note: 'Identifies the task']
  "user_id" bigint [not null, note: 'The user of the task']
  "title" "character varying(255)" [not null, note: 'Title of the task']
  "priority" public.priority [note: 'Priority of the task']

  indexes {
    ("user_id") [name: 'idx_tasks_user_id']
    ("id") [name: 'pk_tasks', unique]
  }

  Note: 'Tasks'
}

Table "users" {
  "id" bigint [not null, increment, note: 'Identifies the user']

  indexes {
    ("id") [name: 'pk_users', unique]
  }

  Note: 'Users'
}

Ref "fk_tasks_user_id_users": "tasks".("user_id") > "users".("id") [delete: cascade]
"""
    )
    assert losses == [f"sequence public.{name}_id_seq: DBML has no sequence" for name in ("tasks", "users")]


def test_the_box_report_counts() -> None:
    lines = box_report(TODO, migration="migrations/versions/001.py").splitlines()
    assert lines == [
        "═" * 59,
        " " * 23 + "SCHEMA DESIGN",
        "═" * 59,
        "",
        "Tables Created:",
        "  • tasks (4 columns, 1 FK, 1 index)",
        "  • users (1 column, 0 FK, 0 indexes)",
        "",
        "Relationships:",
        "  ┌───────┐       ┌───────┐",
        "  │ users │──────<│ tasks │",
        "  └───────┘  1:N  └───────┘",
        "",
        "Indexes:",
        "  • idx_tasks_user_id (B-tree) - Foreign key to users",
        "",
        "Constraints:",
        "  • tasks.user_id → users.id (FK, ON DELETE CASCADE)",
        "",
        "Migration Script:",
        "  migrations/versions/001.py",
        "",
        "Performance Notes:",
        "  • index idx_tasks_user_id: Foreign key to users",
        "",
        "═" * 59,
    ]


def test_the_frame_of_the_report_is_as_wide_as_what_is_in_it() -> None:
    lines = box_report(EVERYTHING).splitlines()
    assert {cells(line) for line in lines if line.startswith("═")} == {max(map(cells, lines))}


def test_markdown_and_sql(database_url: URL) -> None:
    assert "| user_id | bigint |  |  | FK | The user of the task |" in markdown(TODO).splitlines()
    files = sql_files(EVERYTHING)
    assert list(files) == ["tables.sql", "constraints.sql", "indexes.sql"]
    command = [
        servers.client("psql"),
        "--no-psqlrc",
        "--quiet",
        "-v",
        "ON_ERROR_STOP=1",
        servers.libpq_url(database_url),
    ]
    whole = "".join(files.values())
    subprocess.run(command, input=whole, check=True, capture_output=True, text=True, encoding="utf-8")
    made = roundtrip.snapshot_of(database_url)
    assert len([each for each in made if each.kind == "index"]) == files["indexes.sql"].count("CREATE ") + 11


@pytest.mark.parametrize("name", ["everything", *ODD])
def test_the_real_parsers_take_it(name: str, server_url: URL, tmp_path: Path) -> None:
    modules = os.environ.get("ASSAY_NODE_MODULES")
    if modules is None or shutil.which("node") is None or shutil.which("dot") is None:
        pytest.skip("needs node, dot and ASSAY_NODE_MODULES; the nox session 'diagrams' has them")
    schema = EVERYTHING
    if name != "everything":
        with servers.database(server_url) as url:
            roundtrip.load(url, [(HERE.parent / "catalog" / "features" / f"{name}.sql").read_text("utf-8")])
            schema = document.to_document(roundtrip.snapshot_of(url))
    paths = [tmp_path / "a.mmd", tmp_path / "b.mmd", tmp_path / "c.dbml"]
    for path, text in zip(paths, (mermaid(schema), mermaid(schema, compat=True), dbml(schema)[0]), strict=True):
        path.write_text(text, "utf-8")
    shutil.copy(HERE / "parsers" / "parse.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(modules)
    node = subprocess.run(["node", tmp_path / "parse.mjs", *paths], capture_output=True, encoding="utf-8", check=False)
    assert (node.returncode, node.stderr) == (0, "")
    drawn = subprocess.run(["dot", "-Tsvg"], input=dot(schema), capture_output=True, encoding="utf-8", check=False)
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stderr == ""
