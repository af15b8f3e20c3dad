"""Ranges of revisions: steps from a name, and branches on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from alembic.script import ScriptDirectory
from tests.lint.scripts import write_scripts

from alembic_assay.errors import AssayError
from alembic_assay.lint.ranges import scripts_in

if TYPE_CHECKING:
    from pathlib import Path

Revisions = list[tuple[str, str | tuple[str, str] | None]]

HEAD = "revision = {!r}\ndown_revision = {!r}\nbranch_labels = {!r}\n\ndef upgrade(): pass\n\ndef downgrade(): pass\n"
LINE: Revisions = [("aa1", None), ("bb2", "aa1"), ("cc3", "bb2"), ("dd4", "cc3")]
FORK: Revisions = [*LINE[:2], ("left", "bb2"), ("right", "bb2"), ("merged", ("left", "right")), ("ee5", "merged")]


def directory(root: Path, revisions: Revisions, label: str = "") -> ScriptDirectory:
    labels = {revisions[-1][0]: (label,)} if label else {}
    scripts = (HEAD.format(name, down, labels.get(name)) for name, down in revisions)
    return ScriptDirectory.from_config(write_scripts(root, *scripts))


@pytest.mark.parametrize(
    ("rev_range", "found"),
    [
        ("head", ["dd4"]),
        ("head-1", ["cc3"]),
        ("-1", ["cc3"]),
        ("head-0", ["dd4"]),
        ("-1:", ["dd4"]),
        ("-2:", ["dd4", "cc3"]),
        ("head-3:head-1", ["cc3", "bb2"]),
        ("-4:", ["dd4", "cc3", "bb2", "aa1"]),
        (":-4", []),
        ("dd4-1", ["cc3"]),
        ("aa1+1", ["bb2"]),
        ("+1", ["aa1"]),
        ("base+2", ["bb2"]),
        (":+2", ["bb2", "aa1"]),
        ("+1:+3", ["cc3", "bb2"]),
        ("aa1:aa1+2", ["cc3", "bb2"]),
    ],
)
def test_steps_are_counted_from_a_name(tmp_path: Path, rev_range: str, found: list[str]) -> None:
    scripts = directory(tmp_path, LINE)
    if found:
        assert [script.revision for script in scripts_in(scripts, rev_range)] == found
    else:
        with pytest.raises(AssayError, match=f"^no revisions in the range '{rev_range}'.$"):
            scripts_in(scripts, rev_range)


@pytest.mark.parametrize(
    ("rev_range", "message"),
    [
        ("head-5", "range 'head-5': 4 steps below head there is no further one."),
        ("-5:", "range '-5:': 4 steps below head there is no further one."),
        ("head+1", "range 'head+1': above head there is none."),
        ("cc3+2:", "range 'cc3+2:': 1 step above cc3 there is no further one."),
        ("base-1", "range 'base-1': below base there is none."),
        ("nope-1", "range 'nope-1': Can't locate revision identified by 'nope'."),
    ],
)
def test_where_no_step_leads(tmp_path: Path, rev_range: str, message: str) -> None:
    with pytest.raises(AssayError, match=f"^{re.escape(message)}$"):
        scripts_in(directory(tmp_path, LINE), rev_range)


def test_a_step_is_not_guessed_where_branches_part(tmp_path: Path) -> None:
    scripts = directory(tmp_path, FORK)
    assert [script.revision for script in scripts_in(scripts, "-1:")] == ["ee5"]
    for rev_range, where in (("-2", "1 step below head"), ("aa1+2", "1 step above aa1"), ("merged-1", "merged")):
        message = f"range '{rev_range}': {where} there are several revisions: left, right."
        with pytest.raises(AssayError, match=f"^{re.escape(message)}$"):
            scripts_in(scripts, rev_range)


def test_a_label_may_look_like_a_step(tmp_path: Path) -> None:
    scripts = directory(tmp_path, LINE, label="release-2")
    assert [script.revision for script in scripts_in(scripts, "release-2")] == ["dd4"]
    assert [script.revision for script in scripts_in(scripts, "release-2-1")] == ["cc3"]
