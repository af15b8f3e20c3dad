"""Entities of alembic-utils with changes of tables and enums in the same revision; the last one goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities, registry
from sqlalchemy import Column, Enum, Integer, MetaData, Table
from tests.support.autogenerate import cycle, execute, generate

if TYPE_CHECKING:
    from sqlalchemy import URL


def task(*columns: Column[object]) -> MetaData:
    metadata = MetaData()
    Table("task", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


THERE = (
    "CREATE TYPE mood AS ENUM ('sad')",
    "CREATE TABLE task (id serial PRIMARY KEY, rank integer, mood mood)",
    "CREATE VIEW ranks AS SELECT id, rank FROM task",
    "COMMENT ON VIEW ranks IS 'it''s said'",
    "GRANT SELECT ON ranks TO PUBLIC",
    "CREATE VIEW plain AS SELECT rank FROM task",
)
ROWS = ["INSERT INTO task (rank, mood) VALUES (1, 'sad')"]


def test_a_view_changes_with_the_type_of_its_column(database_url: URL) -> None:
    register_entities([PGView("public", "ranks", "SELECT id, rank, rank * 2 AS twice FROM task"), PLAIN])
    after = task(Column("rank", sa.BigInteger), Column("mood", Enum("sad", name="mood")))
    cycle(database_url, THERE, after, insert=ROWS)


PLAIN = PGView("public", "plain", "SELECT rank FROM task")


def test_a_view_stays_while_the_type_of_its_column_changes(database_url: URL) -> None:
    register_entities([PGView("public", "ranks", "SELECT id, rank FROM task"), PLAIN])
    after = task(Column("rank", sa.BigInteger), Column("mood", Enum("sad", name="mood")))
    cycle(database_url, THERE, after, insert=ROWS)


def test_a_view_of_a_new_column_and_a_column_that_goes(database_url: URL) -> None:
    register_entities(
        [PGView("public", "ranks", "SELECT id, mood FROM task"), PGView("public", "plain", "SELECT n FROM task")]
    )
    after = task(Column("mood", Enum("sad", name="mood")), Column("n", sa.Text))
    cycle(database_url, THERE, after, insert=["INSERT INTO task DEFAULT VALUES"])


def test_the_last_registered_one_goes(database_url: URL) -> None:
    execute(database_url, *THERE)
    metadata = task(Column("rank", Integer), Column("mood", Enum("sad", name="mood")))
    register_entities([PGView("public", "ranks", "SELECT id, rank FROM task")])
    assert generate(database_url, metadata).upgrade == 'op.execute(\'DROP VIEW "public"."plain"\')'
    registry.clear()  # type: ignore[no-untyped-call] # alembic-utils'
    register_entities([], schemas=["public"])
    script = generate(database_url, metadata)
    assert "DROP VIEW" in script.upgrade
    assert "ranks" in script.upgrade
