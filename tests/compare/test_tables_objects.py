"""Renames, rows, sequences, domains, schemas, partitions and settings: full cycles with rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, MetaData, Sequence, Table, UniqueConstraint, text
from sqlalchemy.dialects import postgresql as pg
from tests.support.autogenerate import cycle
from tests.support.cases import Case, both_ways

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL
    from tests.support.cases import Models

FROM = "renamed_from"


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


def column(name: str, type_: Any = sa.Text, *arguments: Any, **options: Any) -> Callable[[], Any]:
    """A column, made anew for each table; a foreign key is a text."""
    return lambda: Column(name, type_, *[ForeignKey(a) if isinstance(a, str) else a for a in arguments], **options)


def renamed(old: str, new: str, type_: Any = sa.Text, *arguments: Any, **options: Any) -> tuple[Any, Any]:
    """A column under both names, each declared to be the other one."""
    before = column(old, type_, *arguments, info={FROM: new}, **options)
    return before, column(new, type_, *arguments, info={FROM: old}, **options)


def pair(name: str, *items: tuple[Any, Any], **options: Any) -> Case:
    """One table with each item as before and as then."""
    sides = ([item[side] for item in items] for side in (0, 1))
    before, after = (models(table(name, *each, **options)) for each in sides)
    target = f'"{options["schema"]}"."{name}"' if options.get("schema") else f'"{name}"'
    return Case(before, after, (f"INSERT INTO {target} DEFAULT VALUES",))


def tables(old: str, new: str, *items: Callable[[], Any], **options: Any) -> Case:
    """One table under both names."""
    before, after = (
        models(table(name, *items, info={FROM: other}, **options)) for name, other in ((old, new), (new, old))
    )
    return Case(before, after, ())


RENAMES = {
    "column": pair("task", renamed("a", "b")),
    "column of an odd name": pair("task", renamed("a", 'B "50%" :x')),
    "column with a default": pair("task", renamed("a", "b", server_default="it's 50% :x", nullable=False)),
    "column with a comment": pair("task", renamed("a", "b", comment="said")),
    "column with an index": pair("task", renamed("a", "b", index=True)),
    "column with a key": pair("task", renamed("a", "b", sa.Integer, unique=True)),
    "column that points to its table": pair("task", renamed("a", "b", sa.Integer, "task.id")),
    "column of an enum": pair("task", renamed("a", "b", sa.Enum("x", "y", name="e"))),
    "column and its type": pair(
        "task", (column("a", sa.Integer, info={FROM: "b"}), column("b", sa.BigInteger, info={FROM: "a"}))
    ),
    "column and its default": pair(
        "task", (column("a", server_default="x", info={FROM: "b"}), column("b", server_default="y", info={FROM: "a"}))
    ),
    "two columns": pair("task", renamed("a", "b"), renamed("c", "d")),
    "column in another schema": pair("task", renamed("a", "b"), schema="My App"),
    "column in a check": pair(
        "task",
        renamed("a", "b", sa.Integer),
        (lambda: sa.CheckConstraint("a > 0", name="c"), lambda: sa.CheckConstraint("b > 0", name="c")),
    ),
    "column in a generated one": pair(
        "task",
        renamed("a", "b", sa.Integer),
        (
            column("twice", sa.Integer, sa.Computed("a * 2", persisted=True)),
            column("twice", sa.Integer, sa.Computed("b * 2", persisted=True)),
        ),
    ),
    "identity": pair("task", renamed("a", "b", sa.Integer, sa.Identity(always=True))),
    "table": tables("task", "job", column("title")),
    "table of an odd name": tables("task", 'Job "50%" :x', column("title")),
    "table with an index": tables("task", "job", column("title", index=True)),
    "table with keys": tables("task", "job", column("title", unique=True)),
    "table in another schema": tables("task", "job", column("title"), schema="My App"),
    "table with a comment": tables("task", "job", column("title"), comment="it's 50% :x"),
    "table and a column": Case(
        models(table("task", column("a", info={FROM: "b"}), info={FROM: "job"})),
        models(table("job", column("b", info={FROM: "a"}), info={FROM: "task"})),
        (),
    ),
    "table that another points to": Case(
        models(table("task", info={FROM: "job"}), table("part", column("t", sa.Integer, "task.id"))),
        models(table("job", info={FROM: "task"}), table("part", column("t", sa.Integer, "job.id"))),
        (),
    ),
    "table, and a new column": Case(
        models(table("task", column("a"), info={FROM: "job"})),
        models(table("job", column("a"), column("b"), info={FROM: "task"})),
        (),
    ),
}
TITLES = ("INSERT INTO task (a) VALUES ('x'), (NULL)",)
NOT_NULL = {
    "filled with its default": Case(
        models(table("task", column("a", server_default="x"))),
        models(table("task", column("a", server_default="x", nullable=False))),
    ),
    "filled with a new default": Case(
        models(table("task", column("a"))), models(table("task", column("a", server_default="x", nullable=False)))
    ),
    "filled with an expression": Case(
        models(table("task", column("a"))),
        models(table("task", column("a", nullable=False, info={"backfill": "'it''s 50% :x ' || id"}))),
    ),
    "with another type": Case(
        models(table("task", column("a", sa.String(5)))),
        models(table("task", column("a", sa.Text, nullable=False, info={"backfill": "'y'"}))),
    ),
    "a new column of a default": Case(
        models(table("task", column("a"))),
        models(table("task", column("a"), column("b", sa.Integer, server_default="0", nullable=False))),
    ),
    "a new column of an expression": Case(
        models(table("task", column("a"))),
        models(table("task", column("a"), column("b", sa.Integer, nullable=False, info={"backfill": "id"}))),
    ),
    "a new foreign key": Case(
        models(table("task", column("a"))),
        models(
            table(
                "task",
                column("a"),
                column("b", sa.Integer, "task.id", nullable=False, info={"backfill": "id"}, index=True),
            )
        ),
    ),
    "a new unique column": Case(
        models(table("task", column("a"))),
        models(table("task", column("a"), column("b", sa.Uuid, server_default=text("gen_random_uuid()"), unique=True))),
    ),
}


def numbers(**options: Any) -> Callable[[MetaData], object]:
    """A sequence of its own."""
    return lambda metadata: Sequence("numbers", metadata=metadata, **options)


TASK = table("task")
SEQUENCES = {
    "added": Case(models(TASK), models(TASK, numbers())),
    "with all options": Case(
        models(TASK), models(TASK, numbers(start=10, increment=5, minvalue=5, maxvalue=500, cycle=True, cache=3))
    ),
    "increment": Case(models(TASK, numbers()), models(TASK, numbers(increment=2))),
    "going down": Case(
        models(TASK, numbers()), models(TASK, numbers(increment=-1, start=-1, maxvalue=-1, minvalue=-9))
    ),
    "cycle": Case(models(TASK, numbers()), models(TASK, numbers(cycle=True))),
    "type": Case(models(TASK, numbers(data_type=sa.Integer)), models(TASK, numbers(data_type=sa.BigInteger))),
    "in another schema": Case(
        models(TASK), models(TASK, lambda m: Sequence("Numbers :x", metadata=m, schema="My App"))
    ),
    "default of a column": Case(
        models(TASK, numbers()),
        models(numbers(), table("task", column("n", sa.Integer, server_default=text("nextval('numbers')")))),
        (),
    ),
    "of two columns": Case(
        models(TASK),
        models(
            numbers(),
            table("task", column("n", sa.Integer, server_default=text("nextval('numbers')"))),
            table("other", column("n", sa.Integer, server_default=text("nextval('numbers')"))),
        ),
    ),
}


def domain(**options: Any) -> Any:
    """A domain over integer."""
    return pg.DOMAIN("size", sa.Integer, **options)


DOMAINS = {
    "of a new column": Case(models(TASK), models(table("task", column("n", domain())))),
    "of a new table": Case(models(TASK), models(TASK, table("other", column("n", domain(check="VALUE > 0"))))),
    "of a column that is there": Case(
        models(table("task", column("n", sa.Integer))), models(table("task", column("n", domain())))
    ),
    "not null": Case(
        models(table("task", column("n", domain(default=text("1"))))),
        models(table("task", column("n", domain(default=text("1"), not_null=True)))),
        (),
    ),
    "default": Case(
        models(table("task", column("n", domain(default=text("1"))))),
        models(table("task", column("n", domain(default=text("2"))))),
    ),
    "default added": Case(
        models(table("task", column("n", domain()))), models(table("task", column("n", domain(default=text("2")))))
    ),
    "check": Case(
        models(table("task", column("n", domain(check="VALUE > 0", constraint_name="c")))),
        models(table("task", column("n", domain(check="VALUE > -1", constraint_name="c")))),
    ),
    "check added": Case(
        models(table("task", column("n", domain()))),
        models(table("task", column("n", domain(check="VALUE <> 5", constraint_name='odd "50%"')))),
    ),
    "in another schema": Case(
        models(TASK),
        models(table("task", column("n", pg.DOMAIN("Size", sa.Text, schema="My App", check=r"VALUE <> '\:x'")))),
    ),
    "array of it": Case(models(TASK), models(table("task", column("n", sa.ARRAY(domain()))))),
    "another type under the same name": Case(
        models(table("task", column("n", pg.DOMAIN("size", sa.Integer)))),
        models(table("task", column("n", pg.DOMAIN("size", sa.BigInteger)))),
    ),
    "another type with a default and a check": Case(
        models(
            table("task", column("n", pg.DOMAIN("size", sa.Integer, default=text("1"), check="VALUE > 0"), index=True))
        ),
        models(
            table(
                "task",
                column("n", pg.DOMAIN("size", sa.Numeric(10, 2), default=text("2"), check="VALUE > -1"), index=True),
            )
        ),
    ),
}
SCHEMAS = {
    "of a table": Case(models(TASK), models(TASK, table("other", schema="app"))),
    "of an odd name": Case(models(TASK), models(TASK, table("other", schema='My "App" 50% :x'))),
    "of two tables that point to each other": Case(
        models(TASK),
        models(
            TASK,
            table("a", column("b", sa.Integer, "y.b.id"), schema="x"),
            table("b", column("a", sa.Integer, "x.a.id"), schema="y"),
        ),
    ),
    "of an enum": Case(models(TASK), models(table("task", column("m", sa.Enum("a", name="e", schema="app"))))),
    "of a sequence": Case(models(TASK), models(TASK, lambda m: Sequence("s", metadata=m, schema="app"))),
}


def log(*items: Callable[[], Any], by: str = "RANGE (at)") -> Callable[[MetaData], object]:
    """A partitioned table."""
    return lambda metadata: Table(
        "log",
        metadata,
        Column("id", sa.Integer, primary_key=True, autoincrement=False),
        Column("at", sa.Date, primary_key=True),
        *[item() for item in items],
        postgresql_partition_by=by,
    )


PARTS = (
    "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "CREATE TABLE log_rest PARTITION OF log DEFAULT",
    "INSERT INTO log (id, at) VALUES (1, '2020-05-05'), (2, '2022-05-05')",
)
PARTITIONS = {
    "column": Case(models(log()), models(log(column("title"))), PARTS),
    "column with an index": Case(models(log()), models(log(column("title", index=True))), PARTS),
    "type": Case(models(log(column("n", sa.Integer))), models(log(column("n", sa.BigInteger))), PARTS),
    "not null": Case(
        models(log(column("n", sa.Integer))),
        models(log(column("n", sa.Integer, server_default="1", nullable=False))),
        PARTS[:2],
    ),
    "check": Case(models(log()), models(log(lambda: sa.CheckConstraint("id > 0"))), PARTS),
    "unique": Case(models(log()), models(log(lambda: UniqueConstraint("at", "id"))), PARTS),
    "index": Case(models(log()), models(log(lambda: Index("ix", "id"))), PARTS),
    "index, partial": Case(
        models(log()), models(log(lambda: Index("ix", "id", postgresql_where=text("id > 5")))), PARTS
    ),
    "foreign key": Case(
        models(TASK, log(column("t", sa.Integer))),
        models(TASK, log(column("t", sa.Integer, "task.id"))),
        PARTS,
    ),
    "foreign key to it": Case(
        models(log(), table("x", column("i", sa.Integer), column("d", sa.Date))),
        models(
            log(),
            table(
                "x",
                column("i", sa.Integer),
                column("d", sa.Date),
                lambda: sa.ForeignKeyConstraint(["i", "d"], ["log.id", "log.at"]),
            ),
        ),
        PARTS,
    ),
    "dropped with its partitions": Case(
        models(TASK, log(column("title", index=True))), models(TASK), PARTS[:2], back=()
    ),
    "by list": Case(models(TASK), models(TASK, log(by="LIST (at)")), ()),
    "by hash": Case(models(TASK), models(TASK, log(by="HASH (id)")), ()),
}
SETTINGS = {
    "fillfactor": Case(models(TASK), models(table("task", postgresql_with={"fillfactor": 70}))),
    "another fillfactor": Case(
        models(table("task", postgresql_with={"fillfactor": 70})),
        models(table("task", postgresql_with={"fillfactor": 80})),
    ),
    "autovacuum of a new table": Case(
        models(TASK), models(TASK, table("other", postgresql_with={"autovacuum_enabled": "false"}))
    ),
    "inherits": Case(
        models(TASK), models(TASK, lambda m: Table("child", m, Column("extra", sa.Text), postgresql_inherits="task"))
    ),
    "unlogged": Case(models(TASK), models(table("task", prefixes=["UNLOGGED"]))),
    "column of a serial": Case(
        models(table("task", column("a"))), models(table("task", column("a"), column("b", sa.Integer, sa.Identity())))
    ),
}
if sa.__version__ < "2.1":
    del SETTINGS["fillfactor"], SETTINGS["another fillfactor"], SETTINGS["autovacuum of a new table"]


def run_case(case: Case, url: URL) -> None:
    cycle(url, case.before(), case.after(), insert=case.insert, include_schemas=True)


@pytest.mark.parametrize("case", both_ways(RENAMES))
def test_renames(case: Case, database_url: URL) -> None:
    run_case(case, database_url)


@pytest.mark.parametrize("case", NOT_NULL.values(), ids=list(NOT_NULL))
def test_not_null_with_rows(case: Case, database_url: URL) -> None:
    cycle(database_url, case.before(), case.after(), insert=TITLES, fills=True)


@pytest.mark.parametrize("case", both_ways(SEQUENCES))
def test_sequences(case: Case, database_url: URL) -> None:
    run_case(case, database_url)


@pytest.mark.parametrize("case", both_ways(DOMAINS))
def test_domains(case: Case, database_url: URL) -> None:
    run_case(case, database_url)


@pytest.mark.parametrize("case", both_ways(SCHEMAS))
def test_schemas(case: Case, database_url: URL) -> None:
    run_case(case, database_url)


@pytest.mark.parametrize("case", both_ways(PARTITIONS))
def test_partitioned_tables(case: Case, database_url: URL) -> None:
    run_case(case, database_url)


@pytest.mark.parametrize("case", both_ways(SETTINGS))
def test_settings(case: Case, database_url: URL) -> None:
    run_case(case, database_url)
