"""JSON and YAML: what both formats let pass is refused, with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alembic_assay.catalog import document_text

if TYPE_CHECKING:
    from alembic_assay.catalog.document_text import Format


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("labels: [no, yes, on, off, 1.10, 08, 0x1f, 1_000, 12:30, 2024-01-01, .inf, 1e3]",
         ["no", "yes", "on", "off", "1.10", "08", "0x1f", "1_000", "12:30", "2024-01-01", ".inf", "1e3"]),
        ("labels: [true, false, null, ~, 0, -12, '1', \"true\"]", [True, False, None, None, 0, -12, "1", "true"]),
        ("labels:", None),
    ],
)  # fmt: skip
def test_plain_scalars_of_yaml_are_those_of_json(text: str, value: Any) -> None:
    assert document_text.loads(text, "yaml") == ({"labels": value}, [])


@pytest.mark.parametrize(
    ("text", "input_format", "problems"),
    [
        (
            "a: 1\nb:\n  - c: 1\n    c: 2\na: 3\n",
            "yaml",
            ["SCH003 /b/0/c line 4: key 'c' stands twice, first in line 3.", "SCH003 /a line 5: key 'a' stands twice, first in line 1."],
        ),
        ("a: &x [1]\nb: *x\n", "yaml", ["SCH002 /b line 2: aliases are not part of a schema document."]),
        ("a: &x [*x]\n", "yaml", ["SCH002 /a/0 line 1: aliases are not part of a schema document."]),
        ("a: !!python/object:os.system x\n", "yaml", ["SCH002 /a line 1: tag 'tag:yaml.org,2002:python/object:os.system' is not part of a schema document."]),
        ('a: 1\nb: "x\n', "yaml", ["SCH002  not YAML: line 3, column 1: found unexpected end of stream."]),
        ("a: 1\n---\nb: 2\n", "yaml", ["SCH002  line 3: a second document begins."]),
        ("? [a]\n: 1\n", "yaml", ["SCH002  line 1: expected a name before ':'."]),
        ("[" * 100_000, "yaml", ["SCH002  it is nested too deeply."]),
        ("- " * 5_000 + "x", "yaml", ["SCH002  it is nested too deeply."]),
        (
            '{"a": {"name": "t",\n "b": 1,\n "b": 2},\n "a": 1}',
            "json",
            ["SCH003 /a/b line 3: key 'b' stands twice, first in line 2.", "SCH003 /a line 4: key 'a' stands twice, first in line 1."],
        ),
        (
            '{"x/~": [1, [], {}, {"\\"},": {"k": "}", "k": "k"}}, {"é": 1, "\\u00e9": 1, "\\ud83d\\ude00": 2}]}',
            "json",
            ["SCH003 /x~1~0/3/\"},/k line 1: key 'k' stands twice, first in line 1.", "SCH003 /x~1~0/4/é line 1: key 'é' stands twice, first in line 1."],
        ),
        ('{"a": NaN}', "json", ["SCH002  NaN is not JSON."]),
        ('{"a": 1,\n "b" 2}', "json", ["SCH002  not JSON: line 2, column 6: Expecting ':' delimiter."]),
        ("", "json", ["SCH002  not JSON: line 1, column 1: Expecting value."]),
        ("[" * 100_000, "json", ["SCH002  it is nested too deeply."]),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, input_format: Format, problems: list[str]) -> None:
    _, found = document_text.loads(text, input_format)
    assert [f"{each['code']} {each['path']} {each['message']}" for each in found] == problems


def test_text_is_for_people() -> None:
    document = {"a": [1, "é"], "b": [{"c": "one\ntwo\n"}], "d": {}}
    assert document_text.dumps(document, "json") == (
        '{\n  "a": [1, "é"],\n  "b": [\n    {\n      "c": "one\\ntwo\\n"\n    }\n  ],\n  "d": {}\n}\n'
    )
    assert document_text.dumps(document, "yaml") == "a: [1, é]\nb:\n- c: |\n    one\n    two\nd: {}\n"
