"""SQL in scripts means in the database what it means here, whatever stands in it."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from alembic_assay.ops.execute import escaped, literal, rendered

if TYPE_CHECKING:
    from pathlib import Path

SQL = st.text(alphabet=":\\ax '\"%1$\n\t%é(", max_size=80)
FUNCTION = """\
CREATE FUNCTION f(a text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
BEGIN
  -- it's "quoted": 50% :x \\d

  RETURN a::text || ':b';
END
$function$"""


def compiled(element: Any) -> str:
    dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # in 2.0
    return str(element.compile(dialect=dialect))


@given(SQL)
def test_a_literal_is_the_text(value: str) -> None:
    assert ast.literal_eval(literal(value)) == value


@given(SQL)
def test_what_is_escaped_is_what_the_server_gets(sql: str) -> None:
    if (found := escaped(sql)) is not None:
        assert compiled(text(found)) == sql


@given(SQL)
def test_what_is_rendered_is_what_the_server_gets(sql: str) -> None:
    called = []

    class Operations:
        def execute(self, statement: Any) -> None:
            called.append(text(statement) if isinstance(statement, str) else statement)

    import sqlalchemy as sa  # noqa: PLC0415 - a script has it by this name

    exec(rendered(sql), {"op": Operations(), "sa": sa})  # noqa: S102 - the text under test
    assert [compiled(each) for each in called] == [sql]


def test_a_function_is_readable() -> None:
    assert rendered(FUNCTION).splitlines() == [
        "op.execute(",
        '    "CREATE FUNCTION f(a text)\\n"',
        '    " RETURNS text\\n"',
        '    " LANGUAGE plpgsql\\n"',
        '    "AS $function$\\n"',
        '    "BEGIN\\n"',
        "    '  -- it\\'s \"quoted\": 50% \\\\:x \\\\d\\n'",
        '    "\\n"',
        "    \"  RETURN a::text || '\\\\:b';\\n\"",
        '    "END\\n"',
        '    "$function$"',
        ")",
    ]


@pytest.mark.parametrize(
    "sql", ["DROP VIEW v", 'DROP VIEW "v"', FUNCTION, "SELECT ' :a:'\n" * 9, "x" * 100, "a 'b' \"c\"\nd", "a\nb\n"]
)
def test_ruff_has_nothing_to_format(tmp_path: Path, sql: str) -> None:
    script = tmp_path / "script.py"
    body = "\n".join(f"    {line}" for line in rendered(sql).splitlines())
    script.write_text(f"import sqlalchemy as sa\nfrom alembic import op\n\n\ndef upgrade():\n{body}\n", "utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(script)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")
