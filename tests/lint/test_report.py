"""Findings as text and as JSON."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from alembic_assay.findings import Finding, Location, Severity
from alembic_assay.lint.report import styled, summary, text, to_json

PLACE = Location(revision="abc", direction="upgrade", path="versions/abc.py", line=12, subject="app.tasks")
ERROR = Finding(
    code="ASY101",
    rule="index-not-concurrent",
    severity=Severity.ERROR,
    message=f"Writers wait. {'word ' * 20}the-hyphenated-name-that-is-not-broken.",
    instead="with op.get_context().autocommit_block():\n    "
    + "op.create_index('a_name_that_is_rather_long', 't')" * 3,
    location=PLACE,
)
WARNING = Finding(
    code="ASY201",
    rule="fk-without-index",
    severity=Severity.WARNING,
    message="No index.",
    instead="op.create_index('i', 't', ['a'])",
    note='Add to the model:\nIndex("i", "a")',
    location=Location(direction="upgrade"),
)
INFO = Finding(code="ASY001", rule="unparsed-sql", severity=Severity.INFO, message="Cannot parse.", location=Location())


def changed(finding: Finding, **changes: object) -> Finding:
    values = {name: getattr(finding, name) for name in Finding.__dataclass_fields__}
    return Finding(**{**values, **changes})


def test_prose_is_wrapped_and_code_is_not() -> None:
    assert text([ERROR], 60) == (
        "versions/abc.py:12: error index-not-concurrent (ASY101)\n"
        "    Writers wait. word word word word word word word word\n"
        "    word word word word word word word word word word word\n"
        "    word the-hyphenated-name-that-is-not-broken.\n"
        "\n"
        "    Instead, use:\n"
        "\n"
        "        with op.get_context().autocommit_block():\n"
        "            op.create_index('a_name_that_is_rather_long', 't')op.create_index('a_name_that_is_rather_long',"
        " 't')op.create_index('a_name_that_is_rather_long', 't')\n"
        "\n"
        "Found 1 error."
    )


def test_a_rule_says_what_its_code_is_for_and_a_note_may_hold_code() -> None:
    assert text([WARNING, INFO]) == (
        "upgrade(): warning fk-without-index (ASY201)\n"
        "    No index.\n"
        "\n"
        "    Add:\n"
        "\n"
        "        op.create_index('i', 't', ['a'])\n"
        "\n"
        "    Add to the model:\n"
        "\n"
        '        Index("i", "a")\n'
        "\n"
        "info unparsed-sql (ASY001)\n"
        "    Cannot parse.\n"
        "\n"
        "Found 1 warning and 1 info."
    )


def test_what_is_fixed_or_ignored_says_so() -> None:
    assert text([changed(WARNING, fixed=True, note=""), changed(ERROR, suppressed="ten rows")]) == (
        "upgrade(): fixed fk-without-index (ASY201)\n"
        "    No index.\n"
        "\n"
        "    The script now has:\n"
        "\n"
        "        op.create_index('i', 't', ['a'])\n"
        "\n"
        "versions/abc.py:12: ignored index-not-concurrent (ASY101)\n"
        "    ten rows\n"
        "\n"
        "Nothing left to do; 1 fixed, 1 ignored."
    )


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], "No findings."),
        ([ERROR], "Found 1 error."),
        ([ERROR, ERROR, INFO, INFO], "Found 2 errors and 2 info."),
        ([INFO, WARNING, ERROR, WARNING], "Found 1 error, 2 warnings and 1 info."),
        ([changed(ERROR, fixed=True)], "Nothing left to do; 1 fixed."),
        ([changed(ERROR, suppressed=""), WARNING], "Found 1 warning; 1 ignored."),
    ],
)
def test_the_summary_counts_what_is_left(findings: list[Finding], expected: str) -> None:
    assert summary(findings) == expected
    assert text(findings).splitlines()[-1] == expected


def test_a_terminal_gets_the_same_words_in_colour() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system="standard", width=60, _environ={})
    console.print(styled([ERROR, WARNING], 60), soft_wrap=True)
    assert "\x1b[1;31mversions/abc.py:12: error index-not-concurrent (ASY101)" in stream.getvalue()
    plain = io.StringIO()
    Console(file=plain, width=60, _environ={}).print(styled([ERROR, WARNING], 60), soft_wrap=True)
    assert plain.getvalue() == f"{text([ERROR, WARNING], 60)}\n"


def test_words_in_brackets_are_no_markup() -> None:
    finding = changed(INFO, message="[bold]x[/bold] :smile: ['a']")
    stream = io.StringIO()
    Console(file=stream, _environ={}).print(styled([finding]), soft_wrap=True)
    assert "    [bold]x[/bold] :smile: ['a']\n" in stream.getvalue()


def test_json_has_every_field() -> None:
    document = json.loads(to_json([ERROR, changed(WARNING, suppressed="é"), changed(INFO, fixed=True)]))
    assert list(document) == ["version", "findings", "summary"]
    assert document["version"] == 1
    assert document["summary"] == {"error": 1, "warning": 0, "info": 0, "fixed": 1, "ignored": 1}
    assert document["findings"][0] == {
        "code": "ASY101",
        "rule": "index-not-concurrent",
        "severity": "error",
        "message": ERROR.message,
        "instead": ERROR.instead,
        "note": "",
        "location": {
            "revision": "abc",
            "direction": "upgrade",
            "path": "versions/abc.py",
            "line": 12,
            "subject": "app.tasks",
        },
        "fixed": False,
        "suppressed": None,
    }
    assert document["findings"][1]["suppressed"] == "é"
