"""Entities of alembic-utils, each case a full cycle on a real server, with rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic_utils.pg_extension import PGExtension
from tests.compare.entities import changed, function, matview, trigger, view

if TYPE_CHECKING:
    from sqlalchemy import URL

V = "CREATE VIEW v AS SELECT id FROM task"
ON_V = ["COMMENT ON VIEW v IS 'it''s 50% :x'", "COMMENT ON COLUMN v.id IS 'y'", "GRANT SELECT (id) ON v TO PUBLIC"]
F = "CREATE FUNCTION f(a integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT a'"
BIGINT = function("f(a integer)", "RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT a::bigint'")
BODY = function("f(a integer)", "RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT a + 1'")
RENAMED = function("f(b integer)", "RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT b'")
SAME = function("f(a integer)", "RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT a'")
ON_F = ["COMMENT ON FUNCTION f IS 'c'", "REVOKE EXECUTE ON FUNCTION f FROM PUBLIC"]
USES_F = [
    "CREATE VIEW v AS SELECT f(id) AS x FROM task",
    "ALTER TABLE task ALTER id SET DEFAULT f(1)",
    "ALTER TABLE task ADD CONSTRAINT c CHECK (f(id) > 0)",
    "CREATE INDEX i ON task (f(id))",
    "COMMENT ON INDEX i IS 'x'",
]
VF = view("SELECT f(id) AS x FROM task")
TF = "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
TFE = function("tf()", "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
TR = "CREATE TRIGGER tr BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION tf()"
ROW = "FOR EACH ROW EXECUTE FUNCTION tf()"
MV = ["CREATE MATERIALIZED VIEW mv AS SELECT id, title FROM task", "CREATE UNIQUE INDEX mvi ON mv (id)"]

CASES: dict[str, tuple[list[str], list[Any]]] = {
    "view: created": ([], [view("SELECT id, title FROM task")]),
    "view: gets a column, in place": ([V, *ON_V], [view("SELECT id, title FROM task")]),
    "view: loses a column": (["CREATE VIEW v AS SELECT id, title FROM task", *ON_V], [view("SELECT id FROM task")]),
    "view: a column gets another type": ([V, *ON_V], [view("SELECT id::bigint FROM task")]),
    "view: another WHERE": ([V, *ON_V], [view("SELECT id FROM task WHERE done")]),
    "view: dropped": ([V, *ON_V], []),
    "view: keeps its options": (
        ["CREATE VIEW v WITH (security_barrier) AS SELECT id FROM task", *ON_V],
        [view("SELECT id FROM task WHERE done")],
    ),
    "view: check option": ([V], [view("SELECT id FROM task WHERE done WITH LOCAL CHECK OPTION")]),
    "view: with quotes, percent, colons and backslashes": (
        [],
        [view(r"""SELECT 'it''s 50% \:x a::b %(x)s \d' AS "A ""q"" :y %" FROM task""")],
    ),
    "view: another schema, upper case": (
        ['CREATE SCHEMA "Other s"', 'CREATE VIEW "Other s"."Order" AS SELECT id FROM task'],
        [view("SELECT id, title FROM task", "Order", "Other s"), view("SELECT 1 AS x", "New v", "Other s")],
    ),
    "view: becomes a materialised one": ([V, "COMMENT ON VIEW v IS 'x'"], [matview("SELECT id FROM task", "v")]),
    "views: a chain is created, in the wrong order": (
        [],
        [view("SELECT * FROM b", "a"), view("SELECT * FROM c", "b"), view("SELECT * FROM task", "c")],
    ),
    "views: a chain, the first loses a column that none uses": (
        [
            "CREATE VIEW a AS SELECT id, title FROM task",
            "CREATE VIEW b AS SELECT id FROM a",
            "COMMENT ON VIEW b IS 'b'",
        ],
        [view("SELECT id FROM task", "a"), view("SELECT id FROM a", "b")],
    ),
    "views: a chain, all change": (
        ["CREATE VIEW a AS SELECT id, title FROM task", "CREATE VIEW b AS SELECT * FROM a", "COMMENT ON VIEW b IS 'b'"],
        [view("SELECT done, id FROM task", "a"), view("SELECT * FROM a", "b")],
    ),
    "views: a chain is dropped": ([V, "CREATE VIEW w AS SELECT * FROM v", "CREATE VIEW a AS SELECT * FROM w"], []),
    "views: the one below is dropped, the one above changes": (
        [V, "CREATE VIEW w AS SELECT id FROM v", "COMMENT ON VIEW w IS 'x'"],
        [view("SELECT id FROM task", "w")],
    ),
    "views: one hangs on another schema's": (
        ["CREATE SCHEMA s", "CREATE VIEW v AS SELECT id, title FROM task", "CREATE VIEW s.w AS SELECT id FROM v"],
        [view("SELECT id FROM task")],
    ),
    "matview: created": ([], [matview("SELECT id FROM task")]),
    "matview: created empty": ([], [matview("SELECT id FROM task", with_data=False)]),
    "matview: changed, with its indexes and a view on it": (
        [*MV, "COMMENT ON INDEX mvi IS 'i'", "CREATE VIEW v AS SELECT id FROM mv", "GRANT SELECT ON mv TO PUBLIC"],
        [matview("SELECT id, title, done FROM task"), view("SELECT id FROM mv")],
    ),
    "matview: changed while empty": (
        [*MV, "REFRESH MATERIALIZED VIEW mv WITH NO DATA"],
        [matview("SELECT id, title, done FROM task")],
    ),
    "matview: loses an indexed column": ([*MV, "CREATE INDEX m2 ON mv (title)"], [matview("SELECT id FROM task")]),
    "matview: dropped": ([*MV, "COMMENT ON MATERIALIZED VIEW mv IS 'x'"], []),
    "function: created": ([], [SAME]),
    "function: another body, in place": ([F, *ON_F], [BODY]),
    "function: another return type": ([F, *ON_F], [BIGINT]),
    "function: another return type, in use": ([F, *ON_F, *USES_F], [BIGINT, VF]),
    "function: another argument name, in use": ([F, *ON_F, *USES_F], [RENAMED, VF]),
    "function: dropped": ([F, *ON_F], []),
    "function: other properties": (
        [F, *ON_F],
        [function("f(a integer)", "RETURNS integer STABLE STRICT LANGUAGE sql SET search_path = public AS 'SELECT a'")],
    ),
    "function: overloads": (
        [
            F,
            "CREATE FUNCTION f(a text) RETURNS text LANGUAGE sql AS 'SELECT a'",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ],
        [
            BODY,
            function("f(a text, b text)", "RETURNS text LANGUAGE sql AS 'SELECT a'"),
            function("f()", "RETURNS int LANGUAGE sql AS 'SELECT 2'"),
        ],
    ),
    "function: upper case in another schema": (
        ['CREATE SCHEMA "Other s"'],
        [function("toUpper(t text default 'x, y')", "RETURNS text LANGUAGE sql AS 'SELECT upper(t)'", "Other s")],
    ),
    "function: a body with everything": (
        [F],
        [
            function(
                "f(a integer)",
                r"""RETURNS integer LANGUAGE plpgsql AS $body$
DECLARE
    x text := 'it''s 50%  ';  -- a "comment" with $$ and a tab	here\x20\x20

BEGIN
    x := format('%s :y %I', x || E'\\d\n', "x") || ':a:b' || $$ $1 $$;
    RETURN length(x::text);
END
$body$""",
            ),
        ],
    ),
    "function: BEGIN ATOMIC, with a view": (
        [],
        [
            function("f()", "RETURNS SETOF v BEGIN ATOMIC SELECT * FROM v; END"),
            view("SELECT id FROM task"),
        ],
    ),
    "function: calls one that comes later": (
        [],
        [
            function("a()", "RETURNS int LANGUAGE sql AS 'SELECT public.b()'"),
            function("b()", "RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        ],
    ),
    "functions: procedures and aggregates stay": (
        [
            "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'",
            "CREATE AGGREGATE s(integer) (SFUNC = int4pl, STYPE = integer)",
        ],
        [SAME],
    ),
    "trigger: created with its function": ([], [trigger("BEFORE INSERT", action=ROW), TFE]),
    "trigger: changed": (
        [TF, TR, "COMMENT ON TRIGGER tr ON task IS 'x'", "ALTER TABLE task DISABLE TRIGGER tr"],
        [TFE, trigger("BEFORE UPDATE OF title, done", action=f"FOR EACH ROW WHEN (OLD.title <> 'a:b') {ROW[13:]}")],
    ),
    "trigger: dropped with its function": ([TF, TR], []),
    "trigger: a constraint trigger": (
        [
            TF,
            "CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON task FOR EACH ROW EXECUTE FUNCTION tf()",
            "COMMENT ON TRIGGER tr ON task IS 'x'",
        ],
        [TFE, trigger("AFTER INSERT OR DELETE", action=f"DEFERRABLE INITIALLY DEFERRED {ROW}", constraint=True)],
    ),
    "trigger: quoted names": (
        ['CREATE SCHEMA "S s"', 'CREATE TABLE "S s"."T t" (id integer)', TF],
        [
            TFE,
            type(trigger("BEFORE INSERT"))("S s", "Tr 1", f'BEFORE INSERT ON "S s"."T t" {ROW}', '"S s"."T t"'),
        ],
    ),
    "trigger: of a view": (
        [TF],
        [
            TFE,
            view("SELECT id FROM task"),
            type(trigger("x"))("public", "tr", f"INSTEAD OF INSERT ON v {ROW}", "public.v"),
        ],
    ),
    "extension: created, with what uses it": (
        [],
        [view("SELECT title::citext AS t FROM task"), PGExtension("public", "citext")],
    ),
    "extension: another schema": (["CREATE SCHEMA s", "CREATE EXTENSION citext"], [PGExtension("s", "citext")]),
    "extension: dropped": (["CREATE EXTENSION citext", V], []),
}


@pytest.mark.parametrize(("before", "entities"), CASES.values(), ids=CASES)
def test_a_cycle(database_url: URL, before: list[str], entities: list[Any]) -> None:
    changed(database_url, before, *entities, registered=["public", "s", "Other s"])


def test_nothing_is_proposed_for_what_is_there(database_url: URL) -> None:
    """As it was written, not as the server writes it."""
    script = changed(
        database_url,
        [
            V,
            F,
            TF,
            TR,
            *MV,
            "CREATE FUNCTION g(x int default 1, y text[] = '{}') RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ],
        view("select   id\nfrom TASK;"),
        SAME,
        TFE,
        trigger("before   insert", action="for each row EXECUTE PROCEDURE tf()"),
        matview("SELECT id, title FROM task;"),
        function("g(x INT4 = 1, y text ARRAY default '{}')", "RETURNS int language SQL AS 'SELECT 1'"),
    )
    assert script.upgrade == "pass"
