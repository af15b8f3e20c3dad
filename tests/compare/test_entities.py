"""Entities of alembic-utils, each case a full cycle on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_materialized_view import PGMaterializedView
from alembic_utils.pg_policy import PGPolicy
from alembic_utils.pg_trigger import PGTrigger
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities, registry
from sqlalchemy import Column, Integer, MetaData, Table, Text
from tests.support.autogenerate import Script, cycle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

TABLE = "CREATE TABLE task (id integer PRIMARY KEY, title text, done boolean)"
ROWS = ("INSERT INTO task VALUES (1, 'one', true), (2, 'two', false)",)


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    registry.clear()
    yield
    registry.clear()


def models(*columns: Column[Any]) -> MetaData:
    metadata = MetaData()
    Table(
        "task",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("title", Text),
        *(columns or (Column("done", __import__("sqlalchemy").Boolean),)),
    )
    return metadata


def changed(url: URL, before: list[str], *entities: Any, after: MetaData | None = None, **opts: Any) -> Script:
    register_entities(entities)
    return cycle(url, [TABLE, *before], after or models(), insert=ROWS, **opts)


V = "CREATE VIEW v AS SELECT id FROM task"
F = "CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a'"
FP = PGFunction("public", "f(a integer)", "RETURNS integer LANGUAGE sql AS 'SELECT a'")
TF = "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
TFP = PGFunction("public", "tf()", "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")


def view(name: str, query: str, schema: str = "public") -> PGView:
    return PGView(schema, name, query)


CASES: dict[str, tuple[list[str], list[Any]]] = {
    "a view is created": ([], [view("v", "SELECT id, title FROM task")]),
    "a view is replaced in place": (
        [V, "COMMENT ON VIEW v IS 'it''s'", "GRANT SELECT ON v TO PUBLIC"],
        [view("v", "SELECT id, title FROM task")],
    ),
    "a view loses a column": (
        [
            "CREATE VIEW v AS SELECT id, title FROM task",
            "COMMENT ON VIEW v IS 'x'",
            "COMMENT ON COLUMN v.id IS 'y'",
            "GRANT SELECT (id) ON v TO PUBLIC",
        ],
        [view("v", "SELECT id FROM task")],
    ),
    "a function changes its return type": (
        [F, "CREATE VIEW v AS SELECT f(id) AS x FROM task", "ALTER TABLE task ALTER id SET DEFAULT f(1)"],
        [
            PGFunction("public", "f(a integer)", "RETURNS bigint LANGUAGE sql AS 'SELECT a::bigint'"),
            view("v", "SELECT f(id) AS x FROM task"),
        ],
    ),
    "a function renames its argument": (
        [F, "COMMENT ON FUNCTION f IS 'c'", "CREATE VIEW v AS SELECT f(id) AS x FROM task"],
        [
            PGFunction("public", "f(b integer)", "RETURNS integer LANGUAGE sql AS 'SELECT b'"),
            view("v", "SELECT f(id) AS x FROM task"),
        ],
    ),
    "a matview": (
        [
            "CREATE MATERIALIZED VIEW mv AS SELECT id FROM task",
            "CREATE UNIQUE INDEX mvi ON mv (id)",
            "CREATE VIEW v AS SELECT id FROM mv",
        ],
        [PGMaterializedView("public", "mv", "SELECT id, title FROM task"), view("v", "SELECT id FROM mv")],
    ),
    "dropped": ([F, V, TF, "CREATE VIEW w AS SELECT * FROM v"], [TFP]),
}


@pytest.mark.parametrize(("before", "entities"), CASES.values(), ids=CASES)
def test_a_cycle(database_url: URL, before: list[str], entities: list[Any]) -> None:
    script = changed(database_url, before, *entities)
    print(script.upgrade, "\n---\n", script.downgrade)
