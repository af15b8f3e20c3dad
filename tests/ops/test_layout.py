"""What scripts hold, formatters leave as it is."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from alembic_assay.ops.layout import in_block, laid_out

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

NAMES = st.sampled_from(["op.f", "sa.text", "sa.Column", "postgresql.ENUM", "f"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ATOMS = TEXT | st.integers() | st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)


def calls(values: SearchStrategy[str]) -> SearchStrategy[str]:
    arguments = st.lists(values, max_size=5)
    keywords = st.dictionaries(st.sampled_from(["schema", "name", "unique", "a" * 30]), values, max_size=3)
    return st.builds(
        lambda name, args, kw: f"{name}({', '.join([*args, *(f'{k}={v}' for k, v in kw.items())])})",
        NAMES,
        arguments,
        keywords,
    )


VALUES = st.recursive(
    ATOMS.map(repr),
    lambda inner: (
        calls(inner)
        | st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(inner, min_size=1, max_size=4).map(lambda items: f"({', '.join(items)},)")
        | st.dictionaries(TEXT.map(repr), inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        )
    ),
    max_leaves=12,
)


def ruff(source: str, *options: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--quiet", *options, "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True, encoding="utf-8").stdout


@settings(max_examples=40, deadline=None, phases=[Phase.generate])
@given(st.lists(calls(VALUES), min_size=5, max_size=30))
def test_ruff_changes_nothing(sources: list[str]) -> None:
    lines = [f"    {line}" for source in sources for line in laid_out(source).split("\n")]
    script = "def upgrade() -> None:\n" + "\n".join(lines) + "\n"
    assert ruff(script) == script
    longer = [line for line in script.splitlines() if len(line) > 88]
    assert longer or ruff(script, "--line-length", "120") == script


@given(calls(VALUES))
def test_it_says_the_same(source: str) -> None:
    assert ast.dump(ast.parse(laid_out(source))) == ast.dump(ast.parse(source))


def test_a_long_call() -> None:
    source = "op.create_table('tasks',\nsa.Column('id', sa.Integer(), nullable=False),\nsa.Column('title', sa.Text()),\nschema='my app')"
    assert laid_out(source) == (
        "op.create_table(\n"
        '    "tasks",\n'
        '    sa.Column("id", sa.Integer(), nullable=False),\n'
        '    sa.Column("title", sa.Text()),\n'
        '    schema="my app",\n'
        ")"
    )


def test_a_block_has_less_room() -> None:
    source = laid_out(f"op.create_index('ix', 't', ['{'x' * 51}'])")
    assert "\n" not in laid_out(source)
    body = in_block(source).replace("\n", "\n    ")
    script = f"def upgrade() -> None:\n    with op.get_context().autocommit_block():\n        {body}\n"
    assert "\n" in in_block(source)
    assert ruff(script) == script


@pytest.mark.parametrize("source", ["f(x for x in y)", "f(a + b)", "f(f'{x}')", "x = 1", "f(", "op.x(lambda: 1)"])
def test_what_is_not_known_is_left_alone(source: str) -> None:
    assert laid_out(source) == source


def test_strings_that_belong_together_stay() -> None:
    source = 'op.execute(\n    "a\\n"\n    "b"\n)'
    assert laid_out(source) == source
