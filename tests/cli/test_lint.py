"""``assay lint`` as a user runs it: a process, without a database, without env.py."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

TABLES = 'op.create_table("tasks", sa.Column("id", sa.Integer), sa.Column("title", sa.Text))'
INDEX = 'op.create_index("idx_tasks_title", "tasks", ["title"])'
REPORT = """\
migrations/versions/0002_by_hand.py:9: error index-not-concurrent (ASY101)
    CREATE INDEX idx_tasks_title locks tasks against writing: every INSERT, UPDATE and DELETE waits
    until the index is built and the migration's transaction ends.

    Instead, use:

        with op.get_context().autocommit_block():
            op.create_index('idx_tasks_title', 'tasks', ['title'], unique=False, postgresql_concurrently=True)

Found 1 error.
"""


@pytest.fixture
def offline(tmp_path: Path) -> Project:
    """A project whose database nobody reaches and whose env.py nobody runs."""
    project = Project(tmp_path / "project", make_url("postgresql+psycopg://nobody@127.0.0.1:1/nowhere"))
    project.write_env("raise SystemExit('env.py was run')")
    project.add_revision(TABLES)
    return project


def test_an_error_is_printed_and_the_exit_code_is_1(offline: Project) -> None:
    offline.add_revision(INDEX)
    result = offline.assay("lint", expect=1)
    assert (result.stdout, result.stderr) == (REPORT, "")


def test_a_range_is_linted_and_nothing_found_is_0(offline: Project) -> None:
    offline.add_revision(INDEX)
    assert offline.assay("lint", "0001").stdout == "No findings.\n"
    assert offline.assay("lint", "base:0001").stdout == "No findings.\n"
    assert offline.assay("lint", "0001:head", expect=1).stdout == REPORT


def test_warnings_and_ignored_errors_are_0(offline: Project) -> None:
    offline.add_revision(f"{INDEX}  # assay: ignore[index-not-concurrent] ten rows\nop.get_bind().scalar('x')")
    assert offline.assay("lint").stdout.splitlines()[-1] == "Found 1 warning; 1 ignored."


def test_a_rule_is_switched_off_in_the_settings(offline: Project) -> None:
    offline.add_revision(INDEX)
    offline.write("pyproject.toml", '[tool.alembic-assay]\nignore = ["index-not-concurrent"]\n')
    assert offline.assay("lint").stdout == "No findings.\n"


def test_json_is_all_that_is_printed(offline: Project) -> None:
    offline.add_revision(f"print('from the script')\n{INDEX}")
    result = offline.assay("lint", "--format", "json", expect=1)
    document = json.loads(result.stdout)
    assert (document["version"], document["summary"]["error"]) == (1, 1)
    (finding,) = document["findings"]
    assert finding["location"] == {
        "revision": "0002",
        "direction": "upgrade",
        "path": "migrations/versions/0002_by_hand.py",
        "line": 10,
        "subject": "tasks",
    }
    assert result.stderr == "from the script\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lint", "nope"], "range 'nope': Can't locate revision identified by 'nope'."),
        (["lint", "head:0001x"], "range 'head:0001x': No such revision or branch '0001x'."),
    ],
)
def test_what_cannot_be_linted_is_one_line_and_2(offline: Project, arguments: list[str], message: str) -> None:
    result = offline.assay(*arguments, expect=2)
    assert (result.stdout, result.stderr) == ("", f"FAILED: {message}\n")


def test_a_broken_script_is_one_line_and_2(offline: Project) -> None:
    offline.write("migrations/versions/broken.py", "import nowhere\n")
    assert offline.assay("lint", expect=2).stderr == (
        "FAILED: cannot load the revisions: ModuleNotFoundError: No module named 'nowhere'"
        " (migrations/versions/broken.py:1).\n"
    )


def test_an_unknown_rule_in_the_settings_is_one_line_and_2(offline: Project) -> None:
    offline.write("pyproject.toml", '[tool.alembic-assay]\nignore = ["index-not-concurent"]\n')
    assert offline.assay("lint", expect=2).stderr == (
        "FAILED: unknown rule 'index-not-concurent' in option 'ignore'. Did you mean 'index-not-concurrent'?\n"
    )


def test_a_terminal_gets_colours_and_its_own_width(offline: Project) -> None:
    offline.add_revision(INDEX)
    terminal = {"FORCE_COLOR": "1", "COLUMNS": "60", "TERM": "xterm"}
    lines = offline.assay("lint", expect=1, env=terminal).stdout.splitlines()
    assert lines[0].startswith("\x1b[1;31mmigrations/versions/0002_by_hand.py:9: error")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    assert plain[1] == "    CREATE INDEX idx_tasks_title locks tasks against"
    assert "        with op.get_context().autocommit_block():" in plain
    assert max(map(len, plain)) > 100


def test_names_that_the_terminal_cannot_show_do_not_stop_the_report(offline: Project) -> None:
    offline.add_revision('op.create_index("größe", "tasks", ["title"])')
    result = offline.assay("lint", expect=1, env={"PYTHONIOENCODING": "ascii"})
    assert 'CREATE INDEX "gr??e" locks tasks' in result.stdout


def test_the_help_says_what_it_does(offline: Project) -> None:
    text = offline.assay("lint", "--help").stdout
    assert "Say what is unsafe or unwise in revisions; needs no database." in text
    assert "[range]" in text
    assert "--format {text,json}" in text
