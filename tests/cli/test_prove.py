"""``assay prove`` on revisions that exist."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.cycles import snapshot

if TYPE_CHECKING:
    from tests.support.project import Project


@pytest.fixture
def history(project: Project) -> Project:
    project.add_revision("op.execute('CREATE TABLE t (id int)')", "op.execute('DROP TABLE t')")
    project.add_revision("op.execute('ALTER TABLE t ADD a int')", "op.execute('ALTER TABLE t DROP a')")
    project.add_revision("op.execute('ALTER TABLE t ADD b int')", "op.execute('SELECT 1')")
    return project


def verdicts(project: Project, *arguments: str, expect: int) -> list[tuple[str, str]]:
    output = json.loads(project.assay("prove", *arguments, "--format", "json", expect=expect).stdout)
    return [(proof["revision"], proof["verdict"]) for proof in output["proofs"]]


@pytest.mark.parametrize("at", ["base", "0001", "head"])
def test_a_range_is_proved_wherever_the_database_is(history: Project, at: str) -> None:
    if at != "base":
        history.alembic("upgrade", at)
    before = snapshot(history)
    assert verdicts(history, "base:0002", expect=0) == [("0001", "exact"), ("0002", "exact")]
    assert snapshot(history) == before


def test_the_head_is_proved_by_default_and_a_failure_has_exit_code_1(history: Project) -> None:
    history.alembic("upgrade", "0002")
    result = history.assay("prove", expect=1)
    assert result.stdout.splitlines() == [
        '0003: DOES NOT RUN: upgrade again(), line 9: DuplicateColumn: column "b" of relation "t" already exists'
    ]


def test_what_comes_after_a_failure_is_not_proved(history: Project) -> None:
    history.add_revision("op.execute('CREATE TABLE u (id int)')", "op.execute('DROP TABLE u')")
    assert verdicts(history, "0001:", expect=1) == [
        ("0002", "exact"),
        ("0003", "does not run"),
        ("0004", "not proved"),
    ]


def test_what_cannot_be_proved_has_exit_code_2(project: Project) -> None:
    project.add_revision("with op.get_context().autocommit_block():\n    op.execute('VACUUM')")
    assert project.assay("prove", expect=2).stdout == (
        "0001: Not proved: upgrade(), line 10: this statement cannot run in a transaction: VACUUM\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "FAILED: range 'nonsense': Can't locate revision identified by 'nonsense'."),
        (
            ["0003:0001"],
            "FAILED: range '0003:0001': Revision 0003 is not an ancestor of revision 0001.",
        ),
    ],
)
def test_a_wrong_range_is_one_line(history: Project, arguments: list[str], message: str) -> None:
    result = history.assay("prove", *arguments, expect=2)
    assert [line for line in result.stderr.splitlines() if line.startswith("FAILED")] == [message]
    assert "Traceback" not in result.stderr
