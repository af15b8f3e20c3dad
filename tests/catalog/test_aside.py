"""What is in the way of a change is taken aside, and is afterwards as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alembic_assay import catalog
from alembic_assay.catalog.aside import AsideError, aside, read
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from sqlalchemy import Connection

BASE = """
CREATE SCHEMA "Other s";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'sad', note text);
CREATE TABLE partitioned (id int, m mood) PARTITION BY RANGE (id);
CREATE TABLE one PARTITION OF partitioned FOR VALUES FROM (0) TO (10);
CREATE TABLE child () INHERITS (t);
INSERT INTO t VALUES (1, 'happy'), (2, 'sad');
"""
OTHER_TYPE = """
ALTER TABLE t ALTER m DROP DEFAULT, ALTER m TYPE text;
ALTER TABLE t ALTER m TYPE mood USING m::mood, ALTER m SET DEFAULT 'sad';
ALTER TABLE partitioned ALTER m TYPE text;
ALTER TABLE partitioned ALTER m TYPE mood USING m::mood;
"""
COLUMN = ("column", ("public", "t", "m"))
PARTITIONED = ("column", ("public", "partitioned", "m"))

CASES = {
    "a view": "CREATE VIEW v WITH (security_barrier) AS SELECT m FROM t; COMMENT ON VIEW v IS 'it''s';",
    "a view on a view, with comments and defaults of columns": (
        'CREATE VIEW v AS SELECT id, m FROM t; CREATE VIEW "Other s"."V v" AS SELECT * FROM v WHERE m <> \'sad\';'
        "COMMENT ON COLUMN v.m IS 'x'; ALTER VIEW v ALTER COLUMN m SET DEFAULT 'ok'; GRANT SELECT (m) ON v TO PUBLIC;"
    ),
    "a materialised view, filled, with indexes": (
        "CREATE MATERIALIZED VIEW mv AS SELECT id, m FROM t; CREATE UNIQUE INDEX mi ON mv (id);"
        "COMMENT ON INDEX mi IS 'i'; CREATE MATERIALIZED VIEW mv2 AS SELECT * FROM mv WITH NO DATA;"
    ),
    "a rule, disabled": (
        "CREATE RULE r AS ON UPDATE TO t WHERE OLD.m = 'sad' DO ALSO NOTHING; ALTER TABLE t DISABLE RULE r;"
        "COMMENT ON RULE r ON t IS 'r';"
    ),
    "a policy": (
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t AS RESTRICTIVE FOR UPDATE USING (m = 'sad')"
        " WITH CHECK (m <> 'ok'); COMMENT ON POLICY p ON t IS 'p';"
    ),
    "a trigger with WHEN and UPDATE OF": (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER tr BEFORE UPDATE OF m ON t FOR EACH ROW WHEN (NEW.m = 'sad') EXECUTE FUNCTION f();"
        "ALTER TABLE t ENABLE ALWAYS TRIGGER tr;"
    ),
    "a trigger of a partitioned table, off in one partition": (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER tr AFTER UPDATE OF m ON partitioned FOR EACH ROW EXECUTE FUNCTION f();"
        "ALTER TABLE one DISABLE TRIGGER tr;"
    ),
    "a function with BEGIN ATOMIC, and what calls it": (
        "CREATE FUNCTION f(i int) RETURNS mood LANGUAGE sql BEGIN ATOMIC SELECT m FROM t WHERE id = i; END;"
        "CREATE VIEW v AS SELECT f(1); REVOKE ALL ON FUNCTION f FROM PUBLIC;"
        "ALTER TABLE t ALTER COLUMN note SET DEFAULT f(1)::text;"
    ),
    "a generated column, with all that hangs on it": (
        "ALTER TABLE t ADD g text GENERATED ALWAYS AS (CASE m WHEN 'sad' THEN 'x' ELSE 'y' END) STORED NOT NULL;"
        "CREATE INDEX gi ON t (g); COMMENT ON COLUMN t.g IS 'g'; GRANT SELECT (g) ON t TO PUBLIC;"
        "ALTER TABLE t ADD CONSTRAINT gu UNIQUE (g, id); CREATE VIEW v AS SELECT g FROM t;"
        "CREATE TABLE far (g text, i int, FOREIGN KEY (g, i) REFERENCES t (g, id));"
    ),
    "a CHECK, with a comment, and one that is not valid": (
        "ALTER TABLE t ADD CONSTRAINT c CHECK (m <> 'ok' OR id > 0); COMMENT ON CONSTRAINT c ON t IS 'c';"
        "ALTER TABLE t ADD CONSTRAINT n CHECK (m <> 'ok') NOT VALID;"
    ),
    "a CHECK that the child declares too": (
        "ALTER TABLE child ADD CONSTRAINT c CHECK (m <> 'ok'); ALTER TABLE t ADD CONSTRAINT c CHECK (m <> 'ok');"
    ),
    "partial and expression indexes": (
        "CREATE INDEX i ON t (id) WHERE m = 'sad'; CREATE UNIQUE INDEX e ON t ((m = 'sad'), id);"
        "COMMENT ON INDEX i IS 'i'; CLUSTER t USING e; ALTER INDEX e ALTER COLUMN 1 SET STATISTICS 7;"
    ),
    "indexes of a partitioned table, with names of their own": (
        "CREATE INDEX only_one ON one (id) WHERE m = 'sad'; CREATE INDEX whole ON partitioned (id) WHERE m = 'sad';"
        "COMMENT ON INDEX only_one IS 'o';"
    ),
    "an exclusion constraint": (
        "ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING btree (m WITH =, id WITH =) WHERE (m <> 'ok');"
    ),
    "a foreign key, from another table and from itself": (
        "CREATE TABLE parent (m mood PRIMARY KEY); INSERT INTO parent VALUES ('sad'), ('ok'), ('happy');"
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (m) REFERENCES parent ON UPDATE CASCADE DEFERRABLE;"
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (m); ALTER TABLE t ADD o mood REFERENCES t (m);"
        "ALTER TABLE t DISABLE TRIGGER ALL;"
    ),
    "extended statistics": (
        "CREATE STATISTICS s ON id, m FROM t; ALTER STATISTICS s SET STATISTICS 9; COMMENT ON STATISTICS s IS 's';"
    ),
    "a column list and a row filter of a publication": (
        "CREATE PUBLICATION \"P p\" FOR TABLE t (id, m) WHERE (id > 1), TABLE one WITH (publish = 'insert');"
    ),
}


def made(connection: Connection, statements: str) -> catalog.Snapshot:
    connection.exec_driver_sql(BASE)
    connection.exec_driver_sql(statements.replace("%", "%%"))
    return read(connection)


def run(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(Statement(statement))


@pytest.mark.parametrize("statements", CASES.values(), ids=CASES.keys())
def test_it_is_afterwards_as_it_was(connection: Connection, statements: str) -> None:
    if "PUBLICATION" in statements and int((connection.dialect.server_version_info or (0,))[0]) < 15:
        pytest.skip("publications have no column lists before PostgreSQL 15")
    before = made(connection, statements)
    moved = aside(before, [COLUMN, PARTITIONED])
    assert moved.records, "nothing was in the way"
    run(connection, moved.drop)
    assert [each.title for each in aside(read(connection), [COLUMN, PARTITIONED]).records] == []
    connection.exec_driver_sql(OTHER_TYPE)
    run(connection, moved.restore)
    changes = [each for each in catalog.diff(before, read(connection)) if each.fields != ("position",)]
    assert [str(each) for each in changes] == []


def test_what_is_dropped_takes_plain_indexes_and_keys_with_it(connection: Connection) -> None:
    before = made(connection, "CREATE INDEX i ON t (note); ALTER TABLE t ADD CONSTRAINT u UNIQUE (note, id);")
    moved = aside(before, [], [("column", ("public", "t", "note"))])
    assert [each.title for each in moved.records] == ["constraint public.t.u", "index public.t.i", "index public.t.u"]
    assert moved.drop == ('DROP INDEX "public"."i"', 'ALTER TABLE "public"."t" DROP CONSTRAINT "u"')
    assert aside(before, [("column", ("public", "t", "note"))]).records == ()


def test_a_type_built_anew_takes_what_has_it_as_an_argument(connection: Connection) -> None:
    before = made(
        connection,
        "CREATE FUNCTION f(m mood DEFAULT 'sad') RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';"
        "CREATE TABLE o (a text DEFAULT 'sad'::mood::text, b text DEFAULT f('ok'), c int CHECK (f('ok') = 'ok'));",
    )
    columns = [COLUMN, PARTITIONED]
    moved = aside(before, [("enum", ("public", "mood")), *columns])
    run(connection, moved.drop)
    connection.exec_driver_sql(OTHER_TYPE)
    run(connection, moved.restore)
    assert [str(each) for each in catalog.diff(before, read(connection))] == []
    assert [each.title for each in moved.records] == [
        "function public.f(m public.mood)",
        "column public.child.m",
        "column public.o.a",
        "column public.o.b",
        "column public.t.m",
        "constraint public.o.o_check",
    ]


@pytest.mark.parametrize(
    ("statements", "altered", "message"),
    [
        (
            'CREATE TABLE listed (id int, "M m" mood) PARTITION BY LIST ("M m");',
            ("column", ("public", "listed", "M m")),
            (
                'column public.listed.M m is in the partition key of its table (LIST ("M m")): PostgreSQL cannot change it.'
                " Create a new partitioned table, copy the rows, and swap the names."
            ),
        ),
        (
            "",
            ("enum", ("public", "mood")),
            (
                "column public.child.m depends on enum public.mood and cannot be taken away and made again."
                " Drop it before this and create it after it, or leave out the change."
            ),
        ),
        (
            "CREATE DOMAIN d AS text; CREATE TYPE pair AS (d d);",
            ("domain", ("public", "d")),
            (
                "composite type public.pair depends on domain public.d and cannot be taken away and made again."
                " Drop it before this and create it after it, or leave out the change."
            ),
        ),
    ],
)
def test_what_cannot_be_taken_away_is_refused(
    connection: Connection, statements: str, altered: tuple[str, tuple[str, ...]], message: str
) -> None:
    before = made(connection, statements)
    with pytest.raises(AsideError) as caught:
        aside(before, [altered])
    assert str(caught.value) == message
