"""Constraints and indexes: every change is found, runs, leaves nothing to find, and goes back as it was."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, MetaData, Table, UniqueConstraint, text
from sqlalchemy.dialects import postgresql as pg
from tests.support.autogenerate import cycle
from tests.support.cases import Case, both_ways
from tests.support.roundtrip import at_least

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import URL
    from sqlalchemy.schema import SchemaItem
    from tests.support.cases import Models


def with_columns(*items: Callable[[], SchemaItem]) -> Models:
    """Two tables, the second with some columns of every sort and with what the items make."""

    def models() -> MetaData:
        metadata = MetaData()
        Table("goal", metadata, Column("id", sa.Integer, primary_key=True), Column("code", sa.Integer, unique=True))
        Table(
            "task",
            metadata,
            Column("id", sa.Integer, primary_key=True),
            Column("title", sa.Text),
            Column("rank", sa.Integer),
            Column("goal_id", sa.Integer),
            Column("span", pg.INT4RANGE),
            Column("words", sa.ARRAY(sa.Text)),
            *[item() for item in items],
        )
        return metadata

    return models


BARE = with_columns()
CHECKS = {
    "named": lambda: CheckConstraint("rank > 0", name="rank_positive"),
    "without a name": lambda: CheckConstraint("rank > 0"),
    "with percent and colon": lambda: CheckConstraint("title <> '50% :x'", name="odd"),
    "not valid": lambda: CheckConstraint("rank > 0", name="later", postgresql_not_valid=True),
    "commented": lambda: CheckConstraint("rank > 0", name="said", comment="why: 100%"),
}
UNIQUES = {
    "named": lambda: UniqueConstraint("title", name="one_title"),
    "without a name": lambda: UniqueConstraint("title"),
    "of two": lambda: UniqueConstraint("title", "rank"),
    "deferrable": lambda: UniqueConstraint("title", deferrable=True, initially="DEFERRED"),
    "nulls not distinct": lambda: UniqueConstraint("goal_id", "title", postgresql_nulls_not_distinct=True),
}
FOREIGN_KEYS = {
    "named": lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="of_goal"),
    "without a name": lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"]),
    "to a unique column": lambda: ForeignKeyConstraint(["goal_id"], ["goal.code"]),
    "cascading": lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], ondelete="CASCADE", onupdate="SET NULL"),
    "match full": lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], match="FULL"),
    "deferrable": lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], deferrable=True, initially="DEFERRED"),
    "not valid": lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="later", postgresql_not_valid=True),
    "commented": lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="said", comment="it's why"),
}
EXCLUDES = {
    "plain": lambda: pg.ExcludeConstraint(("span", "&&"), name="apart"),
    "with a condition": lambda: pg.ExcludeConstraint(("span", "&&"), name="apart", where=text("title <> ':x 50%'")),
    "without a name": lambda: pg.ExcludeConstraint(("span", "&&")),
}
INDEXES = {
    "plain": lambda: Index("ix", "title"),
    "unique": lambda: Index("ix", "title", unique=True),
    "of two": lambda: Index("ix", "title", "rank"),
    "of an expression": lambda: Index("ix", text("lower(title)")),
    "of an expression with percent": lambda: Index("ix", text("(title || '50% :x')".replace(":x", r"\:x"))),
    "descending": lambda: Index("ix", text("rank DESC NULLS LAST")),
    "partial": lambda: Index("ix", "title", postgresql_where=text("rank > 3")),
    "partial, with percent": lambda: Index("ix", "title", postgresql_where=text(r"title <> '50% \:x'")),
    "including": lambda: Index("ix", "title", postgresql_include=["rank"]),
    "gin": lambda: Index("ix", "words", postgresql_using="gin"),
    "operator class": lambda: Index("ix", "title", postgresql_ops={"title": "text_pattern_ops"}),
    "collated": lambda: Index("ix", text('title COLLATE "C"')),
    "with a fillfactor": lambda: Index("ix", "title", postgresql_with={"fillfactor": 70}),
    "nulls not distinct": lambda: Index("ix", "title", unique=True, postgresql_nulls_not_distinct=True),
    "hash": lambda: Index("ix", "title", postgresql_using="hash"),
    "odd name": lambda: Index('Ix "50%"', "title"),
}


def made(name: str, items: Mapping[str, Callable[[], SchemaItem]]) -> dict[str, Case]:
    """Each added to a table, and each changed into the next one."""
    cases = {f"{name}, {each}": Case(BARE, with_columns(item)) for each, item in items.items()}
    listed = list(items.items())
    for (first, item), (second, other) in pairwise(listed):
        cases[f"{name}, {first} becomes {second}"] = Case(with_columns(item), with_columns(other))
    return cases


CASES = {
    **made("check", CHECKS),
    **made("unique", UNIQUES),
    **made("foreign key", FOREIGN_KEYS),
    **made("exclude", EXCLUDES),
    **made("index", INDEXES),
    "unique constraint and index": Case(
        with_columns(lambda: UniqueConstraint("title", name="one")),
        with_columns(lambda: Index("one", "title", unique=True)),
    ),
    "constraint renamed": Case(
        with_columns(lambda: CheckConstraint("rank > 0", name="a")),
        with_columns(lambda: CheckConstraint("rank > 0", name="b")),
    ),
    "unique renamed": Case(
        with_columns(lambda: UniqueConstraint("title", name="a")),
        with_columns(lambda: UniqueConstraint("title", name="b")),
    ),
    "index renamed": Case(with_columns(lambda: Index("a", "title")), with_columns(lambda: Index("b", "title"))),
}


@pytest.mark.parametrize("case", both_ways(CASES))
def test_constraints(case: Case, database_url: URL, server_url: URL) -> None:
    at_least(server_url, case.major)
    insert = (
        "INSERT INTO goal VALUES (1, 1)",
        "INSERT INTO task (title, rank, goal_id) VALUES ('a', 1, 1), ('b', 2, 1)",
    )
    cycle(database_url, case.before(), case.after(), insert=insert)
