"""Names of new indexes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Index, Integer, MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.elements import conv

from alembic_assay.rules.naming import find_table, index_name, model_index, shorten

CONVENTION = {"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (None, "idx_comments_task_id_page"),
        ({}, "idx_comments_task_id_page"),
        ({"pk": "pk_%(table_name)s"}, "idx_comments_task_id_page"),
        (CONVENTION, "ix_comments_task_id_page"),
        ({"ix": "%(column_0_label)s_idx"}, "app_comments_task_id_idx"),
        ({"ix": "ix_%(constraint_name)s"}, "idx_comments_task_id_page"),
        ({"ix": "x_%(mine)s", "mine": lambda _index, table: table.name.upper()}, "x_COMMENTS"),
    ],
)
def test_the_models_naming_convention_names_an_index(convention: dict[str, str] | None, expected: str) -> None:
    metadata = MetaData(naming_convention=convention)
    assert index_name(("app", "comments"), ["task_id", "page"], metadata) == expected


def test_a_name_by_convention_is_not_put_through_the_convention_again() -> None:
    assert isinstance(index_name((None, "t"), ["a"], MetaData(naming_convention=CONVENTION)), conv)
    assert not isinstance(index_name((None, "t"), ["a"], MetaData()), conv)
    assert not isinstance(index_name((None, "t"), ["a"], None), conv)


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=200))
def test_a_name_fits_and_a_short_one_stays(name: str) -> None:
    short = shorten(name)
    assert len(short.encode()) <= 63
    assert (short == name) == (len(name.encode()) <= 63)
    assert shorten(short) == short


@given(st.text("abc_", min_size=1, max_size=90))
def test_a_name_is_cut_as_sqlalchemy_cuts_its_own(name: str) -> None:
    table = Table("t", MetaData(), Column("a", Integer))
    written = str(CreateIndex(Index(conv(name), table.c.a)).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert written == f"CREATE INDEX {shorten(name)} ON t (a)"


def test_two_indexes_that_would_have_one_name_get_two() -> None:
    first = index_name((None, "a_b"), ["c"], None)
    second = index_name((None, "a"), ["b", "c"], None, {first})
    assert (first, second) == ("idx_a_b_c", "idx_a_b_c_6ad3")


def test_the_line_for_the_model_can_be_pasted() -> None:
    table = (None, "comments")
    assert model_index("idx", table, ["task_id", 'a"b'], None) == 'Index("idx", "task_id", \'a"b\')'
    assert model_index("back\\slash", table, ["a"], None) == "Index('back\\\\slash', \"a\")"


def test_the_line_for_the_model_names_columns_by_their_keys() -> None:
    metadata = MetaData()
    Table("comments", metadata, Column("task_id", Integer, key="taskId"), schema="app")
    assert model_index("idx", ("app", "comments"), ["task_id"], metadata) == 'Index("idx", "taskId")'


def test_a_table_is_found_with_and_without_its_default_schema() -> None:
    metadata = MetaData()
    plain, public = Table("a", metadata), Table("b", metadata, schema="public")
    assert find_table(metadata, (None, "a")) is plain
    assert find_table(metadata, (None, "b")) is public
    assert find_table(metadata, ("app", "a")) is None
