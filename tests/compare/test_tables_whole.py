"""Whole tables, schemas, sequences, domains and where values come from: full cycles with rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Computed, ForeignKey, Identity, MetaData, Sequence, Table, text
from sqlalchemy.dialects import postgresql as pg
from tests.support.autogenerate import cycle
from tests.support.cases import ROWS, Case, both_ways
from tests.support.roundtrip import at_least

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL
    from tests.support.cases import Models


def models(*makers: Callable[[MetaData], object]) -> Models:
    """Models of what the makers put into their metadata."""

    def made() -> MetaData:
        metadata = MetaData()
        for maker in makers:
            maker(metadata)
        return metadata

    return made


def table(name: str, *items: Callable[[], Any], **options: Any) -> Callable[[MetaData], object]:
    """A table with a key and the items."""
    return lambda metadata: Table(
        name, metadata, Column("id", sa.Integer, primary_key=True), *[item() for item in items], **options
    )


def key(*arguments: Any, **options: Any) -> Callable[[MetaData], object]:
    """The table ``task`` with a key of its own sort."""
    return lambda metadata: Table("task", metadata, Column("id", *arguments, **options), Column("title", sa.Text))


def generated(*arguments: Any, **options: Any) -> Callable[[MetaData], object]:
    """The table ``task`` with a column ``twice``."""
    return lambda metadata: Table(
        "task",
        metadata,
        Column("id", sa.Integer, primary_key=True),
        Column("twice", sa.Integer, *arguments, **options),
    )


TASK = table("task", lambda: Column("title", sa.Text))
OTHER = table("other")
SERIAL = key(sa.Integer, primary_key=True)
IDENTITY = key(sa.Integer, Identity(), primary_key=True)
NO_DEFAULT = key(sa.Integer, primary_key=True, autoincrement=False)
TITLES = ("INSERT INTO task (title) VALUES ('a'), ('b')",)
NUMBERS = ("INSERT INTO task (id, title) VALUES (1, 'a'), (7, 'b')",)

TABLES = {
    "table": Case(models(TASK), models(TASK, OTHER)),
    "table with a comment": Case(models(TASK), models(TASK, table("other", comment="it's 50% :x"))),
    "comment of a table": Case(models(TASK), models(table("task", lambda: Column("title", sa.Text), comment="x"))),
    "table with all sorts of columns": Case(
        models(TASK),
        models(
            TASK,
            table(
                "other",
                lambda: Column("a", sa.Numeric(10, 2), server_default=text("1.5"), nullable=False),
                lambda: Column("b", sa.ARRAY(sa.String(10)), server_default="{}"),
                lambda: Column("c", pg.JSONB, comment="of c"),
                lambda: Column("d", sa.DateTime(timezone=True), server_default=sa.func.now(), index=True),
                lambda: Column("e", sa.String, unique=True),
                lambda: Column("f", sa.Integer, Computed("id * 2", persisted=True)),
                lambda: sa.CheckConstraint("a > 0"),
                lambda: sa.CheckConstraint("e <> '50% :x'", name="odd"),
            ),
        ),
    ),
    "child of a kept table": Case(
        models(TASK), models(TASK, table("child", lambda: Column("task_id", ForeignKey("task.id"))))
    ),
    "parent and child": Case(
        models(TASK),
        models(TASK, table("a_child", lambda: Column("p", ForeignKey("parent.id"))), table("parent")),
    ),
    "parent of a kept child": Case(
        models(TASK),
        models(table("task", lambda: Column("title", sa.Text), lambda: Column("p", ForeignKey("p.id"))), table("p")),
    ),
    "circle of foreign keys": Case(
        models(TASK),
        models(
            TASK,
            table("a", lambda: Column("b_id", ForeignKey("b.id", name="a_b", use_alter=True))),
            table("b", lambda: Column("a_id", ForeignKey("a.id", name="b_a"))),
        ),
    ),
    "circle without names": Case(
        models(TASK),
        models(
            TASK,
            table("a", lambda: Column("b_id", ForeignKey("b.id"))),
            table("b", lambda: Column("c_id", ForeignKey("c.id"))),
            table("c", lambda: Column("a_id", ForeignKey("a.id"))),
        ),
    ),
    "self-reference": Case(
        models(TASK), models(TASK, table("tree", lambda: Column("parent_id", ForeignKey("tree.id"))))
    ),
    "unlogged": Case(models(TASK), models(table("task", lambda: Column("title", sa.Text), prefixes=["UNLOGGED"]))),
    "unlogged table": Case(models(TASK), models(TASK, table("other", prefixes=["UNLOGGED"]))),
    "table with an exclusion": Case(
        models(TASK),
        models(
            TASK,
            table(
                "other",
                lambda: Column("span", pg.INT4RANGE),
                lambda: pg.ExcludeConstraint(("span", "&&"), name="apart"),
            ),
        ),
    ),
    "table with a partial index": Case(
        models(TASK),
        models(
            TASK,
            table(
                "other",
                lambda: Column("a", sa.Text),
                lambda: sa.Index("ix", "a", postgresql_where=text("a <> 'x'")),
                lambda: sa.Index("iy", text("lower(a)")),
            ),
        ),
    ),
    "partitioned table": Case(
        models(TASK),
        models(
            TASK,
            lambda m: Table("log", m, Column("at", sa.Date, primary_key=True), postgresql_partition_by="RANGE (at)"),
        ),
    ),
    "table in another schema": Case(models(TASK), models(TASK, table("x", schema="My App"))),
    "odd names": Case(
        models(TASK),
        models(TASK, table('Ta"ble 50%', lambda: Column('Co"l :x', sa.Text, unique=True, index=True))),
    ),
    "column with an index on a kept table": Case(
        models(TASK),
        models(table("task", lambda: Column("title", sa.Text), lambda: Column("n", sa.Integer, index=True))),
    ),
    "foreign key column": Case(
        models(TASK, OTHER),
        models(table("task", lambda: Column("title", sa.Text), lambda: Column("o", ForeignKey("other.id"))), OTHER),
    ),
}
VALUES = {
    "serial and identity": Case(models(SERIAL), models(key(sa.Integer, Identity(), primary_key=True)), TITLES),
    "serial and always identity": Case(
        models(SERIAL), models(key(sa.Integer, Identity(always=True), primary_key=True)), TITLES
    ),
    "plain and serial": Case(models(NO_DEFAULT), models(SERIAL), NUMBERS),
    "plain and identity": Case(models(NO_DEFAULT), models(IDENTITY), NUMBERS),
    "always and by default": Case(
        models(IDENTITY), models(key(sa.Integer, Identity(always=True), primary_key=True)), TITLES
    ),
    "options of an identity": Case(
        models(IDENTITY),
        models(key(sa.Integer, Identity(start=10, increment=5, cycle=True, maxvalue=9000), primary_key=True)),
        TITLES,
    ),
    "serial and bigserial": Case(models(SERIAL), models(key(sa.BigInteger, primary_key=True)), TITLES),
    "identity of another size": Case(
        models(IDENTITY), models(key(sa.BigInteger, Identity(), primary_key=True)), TITLES
    ),
    "serial and a sequence": Case(
        models(SERIAL),
        models(
            lambda m: Sequence("ids", metadata=m),
            key(sa.Integer, primary_key=True, server_default=text("nextval('ids')"), autoincrement=False),
        ),
        TITLES,
    ),
    "computed added": Case(models(table("task")), models(generated(Computed("id * 2", persisted=True))), ROWS),
    "computed and plain": Case(models(generated()), models(generated(Computed("id * 2", persisted=True))), (*ROWS,)),
    "another expression": Case(
        models(generated(Computed("id * 2", persisted=True))),
        models(generated(Computed("id + id + 1", persisted=True))),
    ),
    "virtual": Case(
        models(generated(Computed("id * 2", persisted=True))),
        models(generated(Computed("id * 2", persisted=False))),
        major=18 if sa.__version__ >= "2.1" else 99,
    ),
    "sequence": Case(models(TASK), models(TASK, lambda m: Sequence("numbers", metadata=m))),
    "sequence options": Case(
        models(TASK, lambda m: Sequence("numbers", metadata=m)),
        models(TASK, lambda m: Sequence("numbers", metadata=m, increment=3, cycle=True, cache=5, maxvalue=1000)),
    ),
    "column of a sequence": Case(
        models(table("task")),
        models(
            lambda m: Table(
                "task",
                m,
                Column("id", sa.Integer, primary_key=True),
                Column("n", sa.Integer, Sequence("numbers", metadata=m)),
            )
        ),
    ),
}


@pytest.mark.parametrize("case", both_ways(TABLES))
def test_tables(case: Case, database_url: URL, server_url: URL) -> None:
    at_least(server_url, case.major)
    cycle(database_url, case.before(), case.after(), insert=case.insert)


@pytest.mark.parametrize("case", both_ways(VALUES))
def test_where_values_come_from(case: Case, database_url: URL, server_url: URL) -> None:
    at_least(server_url, case.major)
    cycle(database_url, case.before(), case.after(), insert=case.insert)
