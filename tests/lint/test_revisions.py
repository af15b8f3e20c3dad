"""A whole history, and a part of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from alembic.config import Config
from tests.lint.scripts import findings, report, script, write, write_scripts

from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_assay.options import Options

TABLES = """
op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))
op.create_table("tasks", sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id")))
"""
INDEX = 'op.create_index("idx_tasks_user_id", "tasks", ["user_id"])'
HISTORY = [TABLES, *(f'op.create_index("i{number}", "tasks", ["user_id"])' for number in (2, 3, 4))]


def found(config: Config, rev_range: str | None = None, options: Options | None = None) -> list[tuple[str | None, str]]:
    return [(finding.location.revision, finding.rule) for finding in findings(config, rev_range, options)]


def test_every_revision_is_linted_the_oldest_first(tmp_path: Path) -> None:
    assert found(write(tmp_path, *HISTORY)) == [(f"000{number}", "index-not-concurrent") for number in (2, 3, 4)]


@pytest.mark.parametrize(
    ("rev_range", "revisions"),
    [
        ("0002", ["0002"]),
        ("head", ["0004"]),
        ("heads", ["0004"]),
        ("0002:0003", ["0003"]),
        ("0002:head", ["0003", "0004"]),
        ("0002:", ["0003", "0004"]),
        (":0002", ["0002"]),
        ("base:0003", ["0002", "0003"]),
        ("base:head", ["0002", "0003", "0004"]),
        (":", ["0002", "0003", "0004"]),
        ("-2:", ["0003", "0004"]),
    ],
)
def test_a_range_leaves_its_first_revision_out(tmp_path: Path, rev_range: str, revisions: list[str]) -> None:
    assert found(write(tmp_path, *HISTORY), rev_range) == [(revision, "index-not-concurrent") for revision in revisions]


@pytest.mark.parametrize(
    ("rev_range", "message"),
    [
        ("nope", "range 'nope': Can't locate revision identified by 'nope'."),
        ("0002:nope", "range '0002:nope': No such revision or branch 'nope'."),
        ("0003:0002", "range '0003:0002': Revision 0003 is not an ancestor of revision 0002."),
        ("base", "no revisions in the range 'base'."),
        ("head:head", "no revisions in the range 'head:head'."),
    ],
)
def test_a_range_that_does_not_exist_is_an_error(tmp_path: Path, rev_range: str, message: str) -> None:
    with pytest.raises(AssayError) as caught:
        findings(write(tmp_path, *HISTORY), rev_range)
    assert str(caught.value) == message


def test_an_index_of_a_later_revision_serves(tmp_path: Path) -> None:
    assert (None, "fk-without-index") not in found(write(tmp_path / "a", TABLES, INDEX))
    assert found(write(tmp_path / "b", TABLES, "pass")) == [("0001", "fk-without-index")]


def test_an_index_that_was_dropped_again_does_not(tmp_path: Path) -> None:
    drop = 'op.drop_index("idx_tasks_user_id", "tasks")'
    assert found(write(tmp_path, TABLES + INDEX, drop)) == [("0002", "fk-without-index")]


@pytest.mark.parametrize("inside", ["index=True", "unique=True"])
def test_an_index_inside_of_a_table_serves_until_it_is_dropped(tmp_path: Path, inside: str) -> None:
    tables = TABLES.replace('sa.ForeignKey("users.id")', f'sa.ForeignKey("users.id"), {inside}')
    drops = {
        "index=True": 'op.drop_index("ix_tasks_user_id")',
        "unique=True": 'op.drop_constraint("tasks_user_id_key", "tasks")',
    }
    assert found(write(tmp_path / "a", tables)) == []
    assert found(write(tmp_path / "b", tables, drops[inside])) == [("0002", "fk-without-index")]


@pytest.mark.parametrize(
    "later", ['op.drop_table("tasks")', 'op.drop_column("tasks", "user_id")', 'op.execute("DROP TABLE tasks CASCADE")']
)
def test_a_foreign_key_that_is_gone_in_the_end_is_left_alone(tmp_path: Path, later: str) -> None:
    assert found(write(tmp_path, TABLES, later)) == []


def test_where_a_revision_could_not_be_read_nothing_is_taken_to_be_gone(tmp_path: Path) -> None:
    config = write(tmp_path, TABLES, 'op.drop_table("tasks")', "op.get_bind().scalar('x')")
    assert found(config) == [("0001", "fk-without-index"), ("0003", "not-replayable")]


def test_branches_are_followed(tmp_path: Path) -> None:
    one, other = script(2, INDEX), script(3, 'op.create_index("i", "users", ["id"])')
    merge = script(4, "pass").replace("down_revision = '0003'", "down_revision = ('0002', '0003')")
    other = other.replace("down_revision = '0002'", "down_revision = '0001'")
    config = write_scripts(tmp_path, script(1, TABLES), one, other, merge)
    assert sorted(found(config)) == [("0002", "index-not-concurrent"), ("0003", "index-not-concurrent")]
    assert found(config, "0001:0003") == [("0003", "index-not-concurrent")]


def test_findings_of_a_revision_are_in_the_order_of_its_lines(tmp_path: Path) -> None:
    body = f"{INDEX}\nop.execute('NO SQL')\n{INDEX}  # assay: ignore[x] y\nop.get_bind().scalar('x')"
    lines = [finding.location.line for finding in findings(write(tmp_path, TABLES, body), "0002")]
    assert lines == [8, 9, 10, 10, 11]


def test_a_project_without_revisions_has_no_findings(tmp_path: Path) -> None:
    config = write(tmp_path)
    assert report(config) == "No findings."


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0\n", "cannot load the revisions: ZeroDivisionError: division by zero (PLACE:1)."),
        ("import nowhere\n", "cannot load the revisions: ModuleNotFoundError: No module named 'nowhere' (PLACE:1)."),
        ("def f(:\n", "cannot load the revisions: SyntaxError: invalid syntax (0001.py, line 1)."),
        (
            "revision = '0001'\n",
            "cannot load the revisions: AttributeError: module '0001_py' has no attribute 'down_revision'.",
        ),
    ],
)
def test_a_script_that_cannot_be_loaded_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    config = write_scripts(tmp_path, source)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssayError) as caught:
        findings(config)
    assert str(caught.value) == message.replace("PLACE", "versions/0001.py")


def test_no_migrations_is_an_error(tmp_path: Path) -> None:
    config = Config()
    with pytest.raises(AssayError, match=r"^No 'script_location' key found in configuration\.$"):
        findings(config)
    config.set_main_option("script_location", str(tmp_path / "nowhere"))
    with pytest.raises(
        AssayError, match=r"^Path doesn't exist: .*nowhere\. {2}Please use the 'init' command to create"
    ):
        findings(config)


def test_five_hundred_revisions_take_seconds(tmp_path: Path) -> None:
    def body(number: int) -> str:
        return (
            f'op.create_table("t{number}", sa.Column("id", sa.Integer, primary_key=True),\n'
            f'    sa.Column("parent_id", sa.Integer, sa.ForeignKey("t{number - 1}.id")))\n'
            f'op.create_index("i{number}", "t{number}", ["parent_id"])\n'
            "with op.get_context().autocommit_block():\n"
            f'    op.execute("CREATE INDEX CONCURRENTLY j{number} ON t{number - 1} (id)")'
        )

    config = write(tmp_path, *map(body, range(1, 501)))
    start = time.perf_counter()
    assert found(config) == []
    assert time.perf_counter() - start < 20
