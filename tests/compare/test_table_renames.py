"""Renames are declared, said or asked for; rows without a value are filled; what is in the way comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Computed, MetaData, Table
from tests.support.autogenerate import cycle, execute, generate

from alembic_assay.errors import ModelError, RenameError

if TYPE_CHECKING:
    from sqlalchemy import URL

ROWS = ("INSERT INTO task (title) VALUES ('a'), ('b')",)


def task(*columns: Column[Any], name: str = "task", info: dict[str, Any] | None = None) -> MetaData:
    """One table with a key and the columns."""
    metadata = MetaData()
    Table(name, metadata, Column("id", sa.Integer, primary_key=True), *columns, info=info or {})
    return metadata


def test_a_declared_rename_of_a_column(database_url: URL) -> None:
    after = task(Column("name", sa.String(9), unique=True, info={"renamed_from": "title"}))
    before = task(Column("title", sa.Text, unique=True))
    script = cycle(database_url, before, after, insert=ROWS)
    assert script.upgrade.splitlines()[0] == 'op.alter_column("task", "title", new_column_name="name")'
    assert 'op.alter_column("task", "name", new_column_name="title")' in script.downgrade


def test_a_declared_rename_of_a_table(database_url: URL) -> None:
    after = task(Column("title", sa.Text), name="job", info={"renamed_from": "task"})
    script = cycle(database_url, task(Column("title", sa.Text)), after, insert=ROWS)
    assert script.upgrade == 'op.rename_table("task", "job")'


def test_a_rename_that_is_said(database_url: URL) -> None:
    execute(database_url, "CREATE TABLE task (id serial PRIMARY KEY, title text)", *ROWS)
    script = generate(database_url, task(Column("name", sa.Text)), assay_x=["rename=task.title:name"])
    assert script.upgrade == 'op.alter_column("task", "title", new_column_name="name")'


def test_what_looks_renamed_stops(database_url: URL) -> None:
    execute(database_url, "CREATE TABLE task (id serial PRIMARY KEY, title text)")
    with pytest.raises(RenameError) as caught:
        generate(database_url, task(Column("name", sa.Text)))
    assert str(caught.value) == (
        "column task.title is gone and column name is new, and they look the same. "
        "If it was renamed: -x rename=task.title:name, or info={'renamed_from': 'title'} on the column."
        " If it is another one: -x remove=task.title."
    )
    script = generate(database_url, task(Column("name", sa.Text)), assay_x=["remove=task.title"])
    assert 'op.drop_column("task", "title")' in script.upgrade


def test_not_null_over_nulls_is_refused(database_url: URL) -> None:
    execute(database_url, "CREATE TABLE task (id serial PRIMARY KEY, title text)", "INSERT INTO task DEFAULT VALUES")
    with pytest.raises(ModelError) as caught:
        generate(database_url, task(Column("title", sa.Text, nullable=False)))
    assert str(caught.value) == (
        "column public.task.title becomes NOT NULL, but 1 row holds NULL. "
        "Give it a server_default, or say what such rows get: info={'backfill': \"'an SQL expression'\"}."
    )


def test_a_new_column_is_filled(database_url: URL) -> None:
    new = Column("rank", sa.Integer, nullable=False, info={"backfill": "id * 10"})
    script = cycle(database_url, task(Column("title", sa.Text)), task(Column("title", sa.Text), new), insert=ROWS)
    assert 'op.execute(\'UPDATE "public"."task" SET "rank" = id * 10 WHERE "rank" IS NULL\')' in script.upgrade


def test_a_new_column_on_a_filled_table_is_refused(database_url: URL) -> None:
    execute(database_url, "CREATE TABLE task (id serial PRIMARY KEY)", "INSERT INTO task DEFAULT VALUES")
    with pytest.raises(ModelError, match=r"column public.task.rank is new and NOT NULL, but its table has 1 row\."):
        generate(database_url, task(Column("rank", sa.Integer, nullable=False)))


def test_lost_rows_are_counted(database_url: URL) -> None:
    execute(database_url, "CREATE TABLE task (id serial PRIMARY KEY, title text)", *ROWS)
    execute(database_url, "CREATE TABLE log (at date)", "INSERT INTO log VALUES (now())")
    assert generate(database_url, task()).upgrade == (
        "# 2 rows of this column when this was generated: lost with it\n"
        'op.drop_column("task", "title")\n'
        "# 1 row of this table when this was generated: lost with it\n"
        'op.drop_table("log")'
    )


IN_THE_WAY = {
    "view": ["CREATE VIEW v AS SELECT id, rank FROM task", "GRANT SELECT ON v TO PUBLIC", "COMMENT ON VIEW v IS '50%'"],
    "view on a view": ["CREATE VIEW v AS SELECT rank FROM task", "CREATE VIEW w AS SELECT rank + 1 AS r FROM v"],
    "materialised view": ["CREATE MATERIALIZED VIEW m AS SELECT rank FROM task", "CREATE INDEX ON m (rank)"],
    "policy": ["CREATE POLICY p ON task USING (rank > 0)"],
    "rule": ["CREATE RULE r AS ON DELETE TO task WHERE old.rank > 5 DO INSTEAD NOTHING"],
    "trigger": [
        "CREATE TRIGGER t BEFORE UPDATE OF rank ON task FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(a, b)"
    ],
}


@pytest.mark.parametrize("extra", IN_THE_WAY.values(), ids=list(IN_THE_WAY))
def test_what_is_in_the_way_comes_back(extra: list[str], database_url: URL) -> None:
    before = ["CREATE TABLE task (id serial PRIMARY KEY, rank integer)", *extra]
    cycle(database_url, before, task(Column("rank", sa.BigInteger)), insert=["INSERT INTO task (rank) VALUES (1)"])


def test_a_generated_column_comes_back(database_url: URL) -> None:
    def models(type_: Any) -> MetaData:
        return task(Column("rank", type_), Column("twice", sa.BigInteger, Computed("rank * 2", persisted=True)))

    before = models(sa.Integer)
    cycle(database_url, before, models(sa.BigInteger), insert=["INSERT INTO task (rank) VALUES (1)"])


def test_a_column_that_a_view_uses_is_not_dropped(database_url: URL) -> None:
    execute(database_url, "CREATE TABLE task (id serial PRIMARY KEY, rank integer)", "CREATE VIEW v AS TABLE task")
    with pytest.raises(ModelError) as caught:
        generate(database_url, task())
    assert str(caught.value) == (
        "column public.task.rank is gone from the models, but view public.v of the database uses it. "
        "Drop or change that in a revision before this one."
    )
