"""Entities and tables in one revision, each case a full cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic_utils.replaceable_entity import register_entities
from sqlalchemy import Boolean, CheckConstraint, Column, Computed, Enum, Index, Integer, MetaData, Table, Text, text
from tests.compare.entities import changed, function, matview, models, trigger, view
from tests.support.autogenerate import cycle

if TYPE_CHECKING:
    from sqlalchemy import URL

TFE = function("tf()", "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
ROW = "FOR EACH ROW EXECUTE FUNCTION tf()"
NEXT = function("next_id(a integer)", "RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT a + 1'")
V = "CREATE VIEW v AS SELECT id, title FROM task"
ON_V = ["COMMENT ON VIEW v IS 'x'", "GRANT SELECT ON v TO PUBLIC"]


def with_table(*columns: Any) -> MetaData:
    metadata = models()
    Table("note", metadata, Column("id", Integer, primary_key=True), Column("body", Text), *columns)
    return metadata


CASES: dict[str, tuple[list[str], list[Any], MetaData]] = {
    "a view of a new table": ([], [view("SELECT id, body FROM note")], with_table()),
    "a view of a new column, in place": (
        [V, *ON_V],
        [view("SELECT id, title, extra FROM task")],
        models(Column("extra", Integer)),
    ),
    "a view that uses a new column in an expression": (
        [V, *ON_V],
        [view("SELECT id, coalesce(title, extra) AS title FROM task")],
        models(Column("extra", Text)),
    ),
    "a view of SELECT * and a new column": (
        ["CREATE VIEW v AS SELECT * FROM task", *ON_V, "CREATE VIEW w AS SELECT * FROM v"],
        [view("SELECT * FROM task"), view("SELECT * FROM v", "w"), view("SELECT extra FROM task", "x")],
        models(Column("extra", Text)),
    ),
    "a view that lets go of a dropped column": (
        ["CREATE VIEW v AS SELECT id, done FROM task", *ON_V, "CREATE VIEW w AS SELECT id FROM v"],
        [view("SELECT id FROM task"), view("SELECT id FROM v", "w")],
        models(without="done"),
    ),
    "a view dropped with its column": (["CREATE VIEW v AS SELECT done FROM task", *ON_V], [], models(without="done")),
    "a matview of a new table, with a trigger's function on a new column": (
        [],
        [matview("SELECT extra FROM task"), TFE, trigger("BEFORE UPDATE OF extra", action=ROW)],
        models(Column("extra", Integer)),
    ),
    "a function in the default, a CHECK, an index and a generated column of a new table": (
        [],
        [NEXT],
        with_table(
            Column("a", Integer, server_default=text("next_id(1)")),
            Column("g", Integer, Computed("next_id(id)", persisted=True)),
            CheckConstraint("next_id(a) > 0", name="a_check"),
            Index("note_a", text("next_id(a)")),
        ),
    ),
    "a function of a new enumerated type": (
        [],
        [function("kinds()", "RETURNS SETOF kind LANGUAGE sql AS 'SELECT unnest(enum_range(NULL::kind))'")],
        with_table(Column("kind", Enum("a", "b", name="kind"))),
    ),
    "a function of a new table's rows": (
        [],
        [function("f(n note)", "RETURNS text LANGUAGE sql AS 'SELECT n.body'")],
        with_table(),
    ),
}


@pytest.mark.parametrize(("before", "entities", "after"), CASES.values(), ids=CASES)
def test_a_cycle(database_url: URL, before: list[str], entities: list[Any], after: MetaData) -> None:
    changed(database_url, before, *entities, after=after, insert=["INSERT INTO task VALUES (1, 'one'), (2, NULL)"])


def test_a_table_is_dropped_with_what_is_on_it(database_url: URL) -> None:
    before = [
        "CREATE TABLE gone (id integer, done boolean)",
        "CREATE FUNCTION f(g gone) RETURNS boolean LANGUAGE sql AS 'SELECT g.done'",
        "CREATE VIEW v AS SELECT f(g) AS x FROM gone AS g",
        "CREATE TABLE stays (id integer PRIMARY KEY, done boolean)",
    ]
    metadata = MetaData()
    Table("stays", metadata, Column("id", Integer, primary_key=True), Column("done", Boolean))
    register_entities([], schemas=["public"])
    cycle(database_url, before, metadata, insert=["INSERT INTO gone VALUES (1, true)", "DELETE FROM gone"])
