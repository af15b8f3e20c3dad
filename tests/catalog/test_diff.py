"""The one comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from alembic_assay import catalog
from alembic_assay.catalog import Action, Renames
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.snapshot import Snapshot

if TYPE_CHECKING:
    from sqlalchemy import Connection

BEFORE = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE t (id int PRIMARY KEY, name text, mood mood);
CREATE TABLE child (id int, t_id int CONSTRAINT fk REFERENCES t);
CREATE INDEX i ON child (t_id);
CREATE VIEW v AS SELECT name FROM t;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON t USING (name <> '');
CREATE SEQUENCE s;
CREATE DOMAIN d AS text CHECK (VALUE <> '');
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE STATISTICS st ON id, name FROM t;
CREATE TYPE c AS (a int, b text);
CREATE TYPE r AS RANGE (subtype = int);
CREATE RULE ru AS ON DELETE TO child DO INSTEAD NOTHING;
CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
"""


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad'", ["enum public.mood: labels (sad, happy) → (sad, ok, happy)"]),
        ("ALTER TYPE mood RENAME VALUE 'sad' TO 'low'", ["enum public.mood: labels (sad, happy) → (low, happy)"]),
        ("ALTER TABLE t ALTER name SET DEFAULT 'x'", ["column public.t.name: default none → 'x'::text"]),
        ("ALTER TABLE child ALTER t_id TYPE bigint", ["column public.child.t_id: type integer → bigint"]),
        ("ALTER TABLE child DROP CONSTRAINT fk", ["constraint public.child.fk dropped"]),
        ("DROP INDEX i", ["index public.child.i dropped"]),
        ("COMMENT ON INDEX i IS 'x'", ["index public.child.i: comment none → x"]),
        ("ALTER TABLE t DISABLE ROW LEVEL SECURITY", ["table public.t: row_security True → False"]),
        ("ALTER TABLE child SET UNLOGGED", None),
        ("ALTER TABLE child SET (fillfactor = 70)", ["table public.child: options () → (fillfactor=70)"]),
        ("ALTER TABLE t REPLICA IDENTITY FULL", ["table public.t: replica_identity default → full"]),
        ("DROP POLICY p ON t", ["policy public.t.p dropped"]),
        ("ALTER TABLE t DISABLE TRIGGER tr", ["trigger public.t.tr: enabled origin → disabled"]),
        ("ALTER SEQUENCE s INCREMENT 5", ["sequence public.s: increment 1 → 5"]),
        ("ALTER DOMAIN d SET NOT NULL", None),
        ("ALTER VIEW v SET (security_barrier = true)", ["view public.v: options () → (security_barrier=true)"]),
        ("ALTER TABLE t ALTER name SET STATISTICS 500", ["column public.t.name: statistics none → 500"]),
        ("ALTER STATISTICS st SET STATISTICS 7", ["statistics public.st: target none → 7"]),
        ("ALTER TYPE c ADD ATTRIBUTE d int", [("composite type public.c: attributes (a integer, b text) →"
                                              " (a integer, b text, d integer)")]),
        ("DROP TYPE r", ["range type public.r dropped"]),
        ("DROP RULE ru ON child", ["rule public.child.ru dropped"]),
        ("REFRESH MATERIALIZED VIEW m WITH NO DATA", ["view public.m: populated True → False"]),
        ("CREATE SCHEMA other", ["schema other added"]),
        ("CREATE EXTENSION pg_trgm", None),
        ("CLUSTER child USING i", ["index public.child.i: clustered False → True"]),
        ("ALTER FUNCTION f() STRICT", None),
        ("GRANT SELECT ON t TO PUBLIC", None),
        ("SELECT nextval('s')", []),
        ("INSERT INTO t VALUES (1, 'x', 'sad')", []),
        ("ANALYZE", []),
    ],
)  # fmt: skip
def test_what_changes_is_seen_and_nothing_else(
    connection: Connection, statement: str, changes: list[str] | None
) -> None:
    connection.exec_driver_sql(BEFORE)
    before = catalog.read(connection)
    connection.execute(text(statement))
    found = [str(change) for change in catalog.diff(before, catalog.read(connection))]
    if changes is None:  # the server's text differs between majors: one object is enough
        assert len(found) == 1, found
    else:
        assert found == changes


def test_changes_come_in_the_order_in_which_objects_can_be_created() -> None:
    before = Snapshot(())
    after = Snapshot(
        (
            Column(schema="public", table="t", name="a", position=1, type="integer"),
            Enum(schema="public", name="z", labels=()),
            Enum(schema="public", name="b", labels=()),
        )
    )
    assert [str(change) for change in catalog.diff(before, after)] == [
        "enum public.b added",
        "enum public.z added",
        "column public.t.a added",
    ]


enums = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), st.lists(st.sampled_from("pqr"), unique=True), max_size=6
).map(
    lambda labels: Snapshot(
        tuple(Enum(schema=schema, name=name, labels=tuple(each)) for (schema, name), each in sorted(labels.items()))
    )
)


@given(enums, enums)
def test_applying_the_difference_gives_the_other_side(before: Snapshot, after: Snapshot) -> None:
    records = {record.key: record for record in before}
    for change in catalog.diff(before, after):
        records.pop(change.record.key, None)
        if change.after is not None:
            records[change.after.key] = change.after
    assert tuple(records[key] for key in sorted(records)) == after.records


def test_a_change_says_what_hangs_on_the_object(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE t (id int PRIMARY KEY, a int, b int)")
    connection.exec_driver_sql("CREATE TABLE u (t_id int CONSTRAINT fk REFERENCES t)")
    before = catalog.read(connection)
    connection.exec_driver_sql("CREATE VIEW v AS SELECT a FROM t")
    after = catalog.read(connection)
    (added, _) = catalog.diff(before, after)
    assert added.dependants == ()
    connection.exec_driver_sql("ALTER TABLE t ALTER b TYPE bigint")
    connection.exec_driver_sql("DROP TABLE t CASCADE")
    found = {
        str(change): [each.title for each in change.dependants]
        for change in catalog.diff(after, catalog.read(connection))
    }
    assert found["table public.t dropped"] == ["constraint public.u.fk", "view public.v"]
    assert found["column public.t.a dropped"] == ["view public.v"]
    assert found["column public.t.b dropped"] == []


RENAMED = """
ALTER TABLE t ADD CHECK (name <> 'name'), ADD more text GENERATED ALWAYS AS (upper(name)) STORED;
CREATE INDEX of_mood ON t (lower(name), mood) WHERE mood = 'sad';
"""
TABLE, OF_TABLE = ("public", "t"), ("public", "jobs")


@pytest.mark.parametrize(
    ("statements", "renames", "changes"),
    [
        ('ALTER TABLE t RENAME name TO "Na me"', Renames(columns={TABLE: {"name": "Na me"}}),
         ['column public.t.name renamed to "Na me"']),
        ("ALTER TABLE t RENAME TO jobs", Renames(tables={TABLE: "jobs"}), ["table public.t renamed to jobs"]),
        ("ALTER TABLE t RENAME TO jobs; ALTER TABLE jobs RENAME id TO number; ALTER TABLE jobs ALTER number TYPE bigint",
         Renames(tables={TABLE: "jobs"}, columns={OF_TABLE: {"id": "number"}}),
         ["table public.t renamed to jobs", "column public.t.id renamed to number",
          "column public.jobs.number: type integer → bigint"]),
        ("ALTER TYPE mood RENAME TO feeling; ALTER TYPE feeling RENAME VALUE 'sad' TO 'blue'",
         Renames(enums={("public", "mood"): "feeling"}, labels={("public", "feeling"): {"sad": "blue"}}),
         ["enum public.mood renamed to feeling"]),
        ("ALTER TYPE mood RENAME VALUE 'sad' TO 'it''s'", Renames(labels={("public", "mood"): {"sad": "it's"}}),
         ["enum public.mood: labels (sad, happy) → (it's, happy)"]),
        ("ALTER INDEX i RENAME TO j", Renames(others={("index", ("public", "child", "i")): "j"}),
         ["index public.child.i renamed to j"]),
        ("SELECT 1", Renames(), []),
    ],
)  # fmt: skip
def test_a_declared_rename_is_one_change(
    connection: Connection, statements: str, renames: Renames, changes: list[str]
) -> None:
    for each in (BEFORE + RENAMED).split(";\n"):
        connection.execute(text(each))
    connection.execute(text("DROP VIEW v"))  # the server writes another text for it
    before = catalog.read(connection)
    for each in statements.split("; "):
        connection.execute(text(each))
    found = catalog.diff(before, catalog.read(connection), renames)
    assert [str(change) for change in found] == changes
    assert all(change.action is Action.RENAME for change in found if "renamed" in str(change))
    unsaid = catalog.diff(before, catalog.read(connection))
    assert len(unsaid) >= len(changes)
    assert not any(change.action is Action.RENAME for change in unsaid)
