"""Comments that ignore findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.lint.scripts import findings, report, write

from alembic_assay.lint.suppressions import read
from alembic_assay.options import Options

if TYPE_CHECKING:
    from pathlib import Path

TASKS = 'op.create_table("tasks", sa.Column("title", sa.Text))'
INDEX = 'op.create_index("i", "tasks", ["title"])'


def states(root: Path, upgrade: str, options: Options | None = None) -> list[tuple[str, int | None, str | None]]:
    found = findings(write(root, TASKS, upgrade), "0002", options)
    return [(finding.rule, finding.location.line, finding.suppressed) for finding in found]


@pytest.mark.parametrize(
    "upgrade",
    [
        f"{INDEX}  # assay: ignore[index-not-concurrent] ten rows",
        f"# assay: ignore[index-not-concurrent] ten rows\n{INDEX}",
        f"# assay: ignore[index-not-concurrent] ten rows\n# really\n{INDEX}",
        f"{INDEX}  #assay:ignore[ASY101]   ten rows",
        f"{INDEX}  # assay: ignore[ fk-without-index , index-not-concurrent ] ten rows",
        'op.create_index(  # assay: ignore[index-not-concurrent] ten rows\n    "i", "tasks", ["title"]\n)',
        'op.create_index(\n    "i", "tasks", ["title"]\n)  # assay: ignore[index-not-concurrent] ten rows',
        'op.create_index(\n    # assay: ignore[index-not-concurrent] ten rows\n    "i", "tasks", ["title"]\n)',
        'op.execute("CREATE INDEX i ON tasks (title)")  # assay: ignore[index-not-concurrent] ten rows',
    ],
)
def test_a_comment_at_the_operation_or_above_it_ignores_a_finding(tmp_path: Path, upgrade: str) -> None:
    (state,) = states(tmp_path, upgrade)
    assert (state[0], state[2]) == ("index-not-concurrent", "ten rows")


@pytest.mark.parametrize(
    "upgrade",
    [
        f"# assay: ignore[index-not-concurrent] ten rows\n\n{INDEX}",
        f"pass  # assay: ignore[index-not-concurrent] ten rows\n{INDEX}",
        f"{INDEX}\n# assay: ignore[index-not-concurrent] ten rows",
        f"{INDEX}\npass  # assay: ignore[index-not-concurrent] ten rows",
    ],
)
def test_a_comment_elsewhere_ignores_nothing_and_is_reported(tmp_path: Path, upgrade: str) -> None:
    found = states(tmp_path, upgrade)
    assert sorted((rule, reason) for rule, _, reason in found) == [
        ("index-not-concurrent", None),
        ("unused-ignore", None),
    ]


def test_one_comment_covers_a_line_that_is_run_more_than_once(tmp_path: Path) -> None:
    upgrade = 'for name in "ij":\n    # assay: ignore[ASY101] ten rows\n    op.create_index(name, "tasks", ["title"])'
    assert states(tmp_path, upgrade) == [("index-not-concurrent", 10, "ten rows")] * 2


def test_an_unused_comment_is_said_to_be(tmp_path: Path) -> None:
    config = write(tmp_path, TASKS, "# assay: ignore[fk-without-index] none here\nop.drop_table('tasks')")
    assert report(config) == (
        "versions/0002.py:8: warning unused-ignore (ASY004)\n"
        "    nothing to ignore here for fk-without-index: remove the comment.\n"
        "\n"
        "Found 1 warning."
    )


def test_a_rule_that_is_not_run_makes_no_comment_unused(tmp_path: Path) -> None:
    upgrade = f"{INDEX}  # assay: ignore[index-not-concurrent] ten rows"
    assert states(tmp_path, upgrade, Options(ignore=("index-not-concurrent",))) == []


def test_a_script_that_was_not_read_to_its_end_has_no_unused_comments(tmp_path: Path) -> None:
    upgrade = f"op.get_bind().scalar('x')\n{INDEX}  # assay: ignore[index-not-concurrent] ten rows"
    assert [rule for rule, *_ in states(tmp_path, upgrade)] == ["not-replayable"]


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        (
            "# assay: ignore[index-not-concurrent]",
            "expected '# assay: ignore[rule-name] reason', got no reason. Nothing is ignored.",
        ),
        (
            "# assay: ignore the table is small",
            "expected '# assay: ignore[rule-name] reason', got no rule. Nothing is ignored.",
        ),
        (
            "# assay: ignore[] the table is small",
            "expected '# assay: ignore[rule-name] reason', got no rule. Nothing is ignored.",
        ),
        (
            "# assay: ignore[index-not-concurent] small",
            "unknown rule 'index-not-concurent' in a comment. Did you mean 'index-not-concurrent'?",
        ),
        ("# assay: ignore[unparsed-sq] small", "unknown rule 'unparsed-sq' in a comment. Did you mean 'unparsed-sql'?"),
    ],
)
def test_a_comment_that_is_not_right_ignores_nothing(tmp_path: Path, comment: str, message: str) -> None:
    found = findings(write(tmp_path, TASKS, f"{INDEX}  {comment}"), "0002")
    assert [(finding.rule, finding.suppressed) for finding in found] == [
        ("index-not-concurrent", None),
        ("invalid-ignore", None),
    ]
    assert (found[1].message, found[1].location.line) == (message, 8)


def test_the_linter_s_own_findings_can_be_ignored_too(tmp_path: Path) -> None:
    upgrade = (
        "op.execute('NO SQL')  # assay: ignore[unparsed-sql] a template\n"
        "# assay: ignore[not-replayable] reads the rows\n"
        "op.get_bind().scalar('x')"
    )
    assert states(tmp_path, upgrade) == [
        ("unparsed-sql", 8, "a template"),
        ("not-replayable", 10, "reads the rows"),
    ]


def test_what_looks_like_a_comment_in_a_string_is_none() -> None:
    source = 'x = "# assay: ignore[fk-without-index] no"\ny = """\n# assay: ignore[fk-without-index] no\n"""\n'
    assert read(source) == ()
    assert read("# assay: ignored by us\n# assay:\n# noqa\n") == ()


def test_names_of_several_rules_are_read_and_codes_are_names() -> None:
    (suppression,) = read("# assay: ignore[ASY201,, other ,index-not-concurrent] é ünd\npass\n")
    assert suppression.names == ("fk-without-index", "other", "index-not-concurrent")
    assert (suppression.line, suppression.target, suppression.reason) == (1, 2, "é ünd")
