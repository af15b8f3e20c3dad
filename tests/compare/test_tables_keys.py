"""Primary keys, and what else constraints and indexes say beside their columns: full cycles with rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, MetaData, Table, UniqueConstraint, text
from sqlalchemy.dialects import postgresql as pg
from tests.support.autogenerate import cycle, generate, run
from tests.support.cases import Case, both_ways
from tests.support.roundtrip import at_least

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL
    from sqlalchemy.schema import SchemaItem
    from tests.support.cases import Models

NEW = sa.__version__ >= "2.1"
ROWS = (
    "INSERT INTO goal (id, area) VALUES (1, 1), (2, 1)",
    "INSERT INTO task (id, area, title, goal_id, span) VALUES (1, 1, 'a', 1, '[1,3)'), (2, 1, 'b', NULL, '[3,5)')",
)


def key(*names: str, **options: Any) -> Callable[[], SchemaItem]:
    return lambda: sa.PrimaryKeyConstraint(*names, **options)


def models(*items: Callable[[], SchemaItem], naming: dict[str, str] | None = None) -> Models:
    """Two tables, the second with what the items make."""

    def made() -> MetaData:
        metadata = MetaData(naming_convention=naming)
        Table(
            "goal",
            metadata,
            Column("id", sa.Integer, primary_key=True, autoincrement=False),
            Column("area", sa.Integer, nullable=False),
            UniqueConstraint("id", "area", name="goal_area"),
        )
        Table(
            "task",
            metadata,
            Column("id", sa.Integer, nullable=False),
            Column("area", sa.Integer, nullable=False),
            Column("title", sa.Text),
            Column("goal_id", sa.Integer),
            Column("span", pg.INT4RANGE),
            *[item() for item in items],
        )
        return metadata

    return made


BARE = models()
CONVENTION = {"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s", "ix": "ix_%(column_0_label)s"}

PRIMARY_KEYS = {
    "added": Case(BARE, models(key("id"))),
    "named": Case(BARE, models(key("id", name="the 50% key"))),
    "of two columns": Case(BARE, models(key("id", "area"))),
    "a column more": Case(models(key("id")), models(key("id", "area"))),
    "another column": Case(models(key("id")), models(key("area", "id"))),
    "another order": Case(models(key("id", "area")), models(key("area", "id"))),
    "renamed": Case(models(key("id", name="a")), models(key("id", name="b"))),
    "renamed by a convention": Case(models(key("id")), models(key("id"), naming=CONVENTION)),
    "deferrable": Case(models(key("id")), models(key("id", deferrable=True, initially="DEFERRED"))),
    "becomes a unique constraint": Case(
        models(key("id", name="one")), models(lambda: UniqueConstraint("id", name="one"))
    ),
}
UNIQUES = {
    "another order": Case(
        models(lambda: UniqueConstraint("id", "area", name="u")),
        models(lambda: UniqueConstraint("area", "id", name="u")),
    ),
    "deferrable": Case(
        models(lambda: UniqueConstraint("id", name="u")),
        models(lambda: UniqueConstraint("id", name="u", deferrable=True)),
    ),
    "deferred": Case(
        models(lambda: UniqueConstraint("id", name="u", deferrable=True)),
        models(lambda: UniqueConstraint("id", name="u", deferrable=True, initially="DEFERRED")),
    ),
    "commented": Case(
        models(lambda: UniqueConstraint("id", name="u")),
        models(lambda: UniqueConstraint("id", name="u", comment="it's 50% :x")),
    ),
    "unnamed and a unique index": Case(
        models(lambda: UniqueConstraint("id")), models(lambda: Index("task_id_key", "id", unique=True))
    ),
    "named by a convention": Case(
        models(lambda: UniqueConstraint("id")), models(lambda: UniqueConstraint("id"), naming=CONVENTION)
    ),
    "as an option of the column": Case(BARE, models(lambda: UniqueConstraint("title"))),
}
FOREIGN_KEYS = {
    "of two columns": Case(
        BARE, models(lambda: ForeignKeyConstraint(["goal_id", "area"], ["goal.id", "goal.area"], name="f"))
    ),
    "another action": Case(
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f", ondelete="CASCADE")),
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f", ondelete="SET NULL")),
    ),
    "restrict and no action": Case(
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f")),
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f", ondelete="RESTRICT")),
    ),
    "match full": Case(
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f")),
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f", match="FULL")),
    ),
    "deferred": Case(
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f")),
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f", deferrable=True, initially="DEFERRED")),
    ),
    "another column": Case(
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f")),
        models(lambda: ForeignKeyConstraint(["area"], ["goal.id"], name="f")),
    ),
    "renamed": Case(
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f")),
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="g")),
    ),
    "not valid and valid": Case(
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f", postgresql_not_valid=True)),
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f")),
    ),
    "to itself": Case(models(key("id")), models(key("id"), lambda: ForeignKeyConstraint(["goal_id"], ["task.id"]))),
    "to a key that is new": Case(
        BARE, models(key("id", "area"), lambda: ForeignKeyConstraint(["goal_id", "area"], ["task.id", "task.area"]))
    ),
}
if NEW:
    UNIQUES |= {
        "including": Case(
            models(lambda: UniqueConstraint("id", name="u")),
            models(lambda: UniqueConstraint("id", name="u", postgresql_include=["title"])),
        ),
    }
    FOREIGN_KEYS |= {
        "set null of a column": Case(
            BARE,
            models(
                lambda: ForeignKeyConstraint(
                    ["goal_id", "area"], ["goal.id", "goal.area"], name="f", ondelete="SET NULL (goal_id)"
                )
            ),
        ),
    }
CHECKS = {
    "another text": Case(
        models(lambda: CheckConstraint("id > 0", name="c")),
        models(lambda: CheckConstraint("id > 0 OR area > 5", name="c")),
    ),
    "not valid and valid": Case(
        models(lambda: CheckConstraint("id > 0", name="c", postgresql_not_valid=True)),
        models(lambda: CheckConstraint("id > 0", name="c")),
    ),
    "two without a name": Case(
        models(lambda: CheckConstraint("id > 0")),
        models(lambda: CheckConstraint("id > 0"), lambda: CheckConstraint("area > 0")),
    ),
    "with a list, a pattern and a cast": Case(
        BARE,
        models(
            lambda: CheckConstraint("title IN ('a', 'b', '%')"),
            lambda: CheckConstraint("title LIKE '%' AND title ~ '^[a-z]'"),
            lambda: CheckConstraint("id BETWEEN 0 AND 100"),
        ),
    ),
    "with a backslash": Case(BARE, models(lambda: CheckConstraint(r"title !~ '^\d+:x'", name="c"))),
    "of a boolean type": Case(
        BARE, models(lambda: Column("done", sa.Boolean(create_constraint=True, name="done_is_bool")))
    ),
    "of an enum that is not native": Case(
        BARE,
        models(lambda: Column("mood", sa.Enum("sad", "it's", native_enum=False, create_constraint=True, name="mood"))),
    ),
}
EXCLUDES = {
    "another operator": Case(
        models(lambda: pg.ExcludeConstraint(("span", "&&"), name="e")),
        models(lambda: pg.ExcludeConstraint(("span", "="), name="e")),
    ),
    "another condition": Case(
        models(lambda: pg.ExcludeConstraint(("span", "&&"), name="e", where=text("id > 1"))),
        models(lambda: pg.ExcludeConstraint(("span", "&&"), name="e", where=text("id > 2"))),
    ),
    "deferrable": Case(
        models(lambda: pg.ExcludeConstraint(("span", "&&"), name="e")),
        models(lambda: pg.ExcludeConstraint(("span", "&&"), name="e", deferrable=True, initially="DEFERRED")),
    ),
    "renamed": Case(
        models(lambda: pg.ExcludeConstraint(("span", "&&"), name="e")),
        models(lambda: pg.ExcludeConstraint(("span", "&&"), name="f")),
    ),
    "by hash": Case(BARE, models(lambda: pg.ExcludeConstraint(("id", "="), name="e", using="hash"))),
    "of an expression": Case(
        BARE, models(lambda: pg.ExcludeConstraint((text("int4range(id, id + 1)"), "&&"), name="e"))
    ),
    "with an operator class": Case(
        BARE, models(lambda: pg.ExcludeConstraint(("span", "&&"), name="e", ops={"span": "range_ops"}))
    ),
}
INDEXES = {
    "another condition": Case(
        models(lambda: Index("ix", "id", postgresql_where=text("area > 1"))),
        models(lambda: Index("ix", "id", postgresql_where=text("area > 2"))),
    ),
    "another expression": Case(
        models(lambda: Index("ix", text("lower(title)"))), models(lambda: Index("ix", text("upper(title)")))
    ),
    "an expression and a column": Case(
        models(lambda: Index("ix", text("lower(title)"))), models(lambda: Index("ix", text("lower(title)"), "id"))
    ),
    "another operator class": Case(
        models(lambda: Index("ix", "title", postgresql_ops={"title": "text_pattern_ops"})),
        models(lambda: Index("ix", "title", postgresql_ops={"title": "text_ops"})),
    ),
    "operator class with parameters": Case(
        BARE,
        models(
            lambda: Index("ix", text("to_tsvector('simple', title) tsvector_ops (siglen=100)"), postgresql_using="gist")
        ),
    ),
    "another method": Case(
        models(lambda: Index("ix", "id")), models(lambda: Index("ix", "id", postgresql_using="brin"))
    ),
    "another fillfactor": Case(
        models(lambda: Index("ix", "id", postgresql_with={"fillfactor": 70})),
        models(lambda: Index("ix", "id", postgresql_with={"fillfactor": 80})),
    ),
    "another order of nulls": Case(
        models(lambda: Index("ix", text("id DESC"))), models(lambda: Index("ix", text("id DESC NULLS LAST")))
    ),
    "another order of columns": Case(
        models(lambda: Index("ix", "id", "area")), models(lambda: Index("ix", "area", "id"))
    ),
    "another collation": Case(
        models(lambda: Index("ix", text('title COLLATE "C"'))),
        models(lambda: Index("ix", text('title COLLATE "POSIX"'))),
    ),
    "unique and not": Case(models(lambda: Index("ix", "id")), models(lambda: Index("ix", "id", unique=True))),
    "including another": Case(
        models(lambda: Index("ix", "id", postgresql_include=["area"])),
        models(lambda: Index("ix", "id", postgresql_include=["title"])),
    ),
    "of a function with a percent sign": Case(
        BARE, models(lambda: Index("ix", text("replace(title, '%', ':x')".replace(":x", r"\:x"))))
    ),
    "by an option of the column": Case(BARE, models(lambda: Column("n", sa.Integer, index=True))),
    "of a SQLAlchemy expression": Case(BARE, models(lambda: Index("ix", sa.func.lower(sa.literal_column("title"))))),
    "63 bytes": Case(BARE, models(lambda: Index("i" * 63, "title"))),
    "in the tablespace of the database": Case(
        BARE, models(lambda: Index("ix", "title", postgresql_tablespace="pg_default"))
    ),
}


@pytest.mark.parametrize("case", both_ways(PRIMARY_KEYS))
def test_primary_keys(case: Case, database_url: URL) -> None:
    cycle(database_url, case.before(), case.after(), insert=ROWS)


@pytest.mark.parametrize("case", both_ways({**UNIQUES, **EXCLUDES}))
def test_unique_and_exclude(case: Case, database_url: URL) -> None:
    cycle(database_url, case.before(), case.after(), insert=ROWS)


@pytest.mark.parametrize("case", both_ways({**FOREIGN_KEYS, **CHECKS}))
def test_foreign_keys_and_checks(case: Case, database_url: URL, server_url: URL) -> None:
    at_least(server_url, case.major)
    cycle(database_url, case.before(), case.after(), insert=ROWS)


@pytest.mark.parametrize("case", both_ways(INDEXES))
def test_indexes(case: Case, database_url: URL) -> None:
    cycle(database_url, case.before(), case.after(), insert=ROWS)


FROM_SQL = {
    "check of this table only": (
        "ALTER TABLE task ADD CONSTRAINT c CHECK (id > 0) NO INHERIT",
        models(lambda: CheckConstraint("id > 0", name="c")),
    ),
    "foreign key that is not enforced": (
        "ALTER TABLE task ADD CONSTRAINT f FOREIGN KEY (goal_id) REFERENCES goal NOT ENFORCED",
        models(lambda: ForeignKeyConstraint(["goal_id"], ["goal.id"], name="f")),
    ),
    "exclusion of expressions": (
        "ALTER TABLE task ADD CONSTRAINT e EXCLUDE USING gist (int4range(id, id + 1) WITH &&) WHERE (title <> '50% :x')",
        models(lambda: pg.ExcludeConstraint(("span", "&&"), name="e")),
    ),
    "key without overlaps": (
        "CREATE EXTENSION btree_gist; ALTER TABLE task ADD CONSTRAINT k PRIMARY KEY (id, span WITHOUT OVERLAPS)",
        models(key("id", name="k")),
    ),
    "index with parameters of its operator class": (
        "CREATE INDEX ix ON task USING gist (to_tsvector('simple', title) tsvector_ops (siglen=100))",
        models(
            lambda: Index("ix", text("to_tsvector('simple', title) tsvector_ops (siglen=50)"), postgresql_using="gist")
        ),
    ),
    "constraint of an index with a comment": (
        "CREATE UNIQUE INDEX u ON task (id) INCLUDE (title); COMMENT ON INDEX u IS 'it''s 50% :x'",
        models(lambda: Index("u", "id", unique=True)),
    ),
}
MAJORS = {"foreign key that is not enforced": 18, "key without overlaps": 18}


@pytest.mark.parametrize("name", list(FROM_SQL))
def test_what_only_sql_can_say_comes_back(name: str, database_url: URL, server_url: URL) -> None:
    at_least(server_url, MAJORS.get(name, 0))
    sql, after = FROM_SQL[name]
    run(database_url, generate(database_url, BARE()), "upgrade")
    cycle(database_url, sql.split("; "), after(), insert=ROWS)
