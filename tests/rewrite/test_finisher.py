"""The order of operations, and where a new label is seen in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st

from alembic_assay.ops.enums import AddEnumValueOp, CreateEnumOp, DropEnumOp
from alembic_assay.ops.replace_enum import ModifyEnumOps, ReplaceEnumOp
from alembic_assay.rewrite.finisher import finish
from alembic_assay.sql import literal

if TYPE_CHECKING:
    from alembic.operations import MigrateOperation


def modify(label: str = "new") -> ModifyEnumOps:
    return ModifyEnumOps("e", [AddEnumValueOp("e", label)], schema=None, existing_values=[], values=[label])


def finished(*operations: MigrateOperation) -> list[MigrateOperation]:
    context = MigrationContext.configure(dialect_name="postgresql")
    upgrade = ops.UpgradeOps(list(operations))
    opts = {"sqlalchemy_module_prefix": "sa.", "alembic_module_prefix": "op.", "user_module_prefix": None}
    autogen_context = AutogenContext(context, opts={**opts, "render_as_batch": False}, autogenerate=False)
    finish(autogen_context, upgrade)
    assert autogen_context.opts == {**opts, "render_as_batch": False}
    assert autogen_context.imports == set()
    return list(upgrade.ops)


def add_column(default: str) -> ops.AddColumnOp:
    return ops.AddColumnOp("t", sa.Column("c", sa.Text, server_default=sa.text(default)))


def test_types_come_before_what_uses_them_and_go_after() -> None:
    create, drop, replace, add = CreateEnumOp("a", ["x"]), DropEnumOp("b"), ReplaceEnumOp("c", ["x"]), modify()
    table, other = ops.DropTableOp("t"), ops.DropTableOp("u")
    assert finished(drop, table, replace, other, add, create) == [create, add, replace, table, other, drop]


@given(st.permutations(range(4)))
def test_what_is_of_one_rank_keeps_its_order(order: list[int]) -> None:
    tables = [ops.DropTableOp(f"t{number}") for number in order]
    assert finished(*tables) == tables


def test_a_label_that_is_used_commits_before_everything_else() -> None:
    create, add, column = CreateEnumOp("a", ["x"]), modify("new"), add_column("'new'")
    assert finished(create, column, add) == [add, create, column]
    assert (add.autocommit, add.additions[0].if_not_exists) == (True, True)


@pytest.mark.parametrize(
    ("label", "text", "used"),
    [
        ("new", "'new'", True),
        ("new", "'newer'", False),
        ("r", "order", False),
        ("it's", "'it''s'", True),
        ("a\\b", "E'a\\\\b'", True),
        ("50%", "'50%'", True),
        (":x", r"'\:x'", True),
        ("new", "now()", False),
    ],
)
def test_a_label_is_found_as_a_word_in_every_spelling(label: str, text: str, used: bool) -> None:
    add = modify(label)
    finished(add, add_column(text))
    assert add.autocommit is used


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=10))
def test_whatever_the_label_its_literal_is_a_use(label: str) -> None:
    add = modify(label)
    finished(add, ops.ExecuteSQLOp(f"UPDATE t SET e = {literal(label)}"))
    assert add.autocommit
