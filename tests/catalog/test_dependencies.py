"""Who needs whom: read from the server, and said by the records themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alembic_assay import catalog
from alembic_assay.catalog.dependencies import Dependants, Dependency, needed_by

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCHEMA = """
CREATE SCHEMA "Other s";
CREATE EXTENSION pg_trgm;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN good AS mood CHECK (VALUE > 'sad'::mood);
CREATE TYPE pair AS (a mood, b good[]);
CREATE FUNCTION fine(text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1 <> '';
CREATE SEQUENCE "Other s"."N n";
CREATE TABLE t (
    id bigint PRIMARY KEY DEFAULT nextval('"Other s"."N n"'), m mood, ms mood[], g good, p pair,
    name text CONSTRAINT named CHECK (fine(name)), up text GENERATED ALWAYS AS (upper(name)) STORED
);
CREATE TABLE "Child %:x" ("T id" bigint CONSTRAINT fk REFERENCES t, name text);
CREATE TABLE heir () INHERITS ("Child %:x");
CREATE VIEW v AS SELECT name FROM t WHERE m = 'ok';
CREATE VIEW vv AS SELECT name FROM v;
CREATE MATERIALIZED VIEW mv AS SELECT fine(name) AS f FROM "Child %:x";
CREATE INDEX mi ON mv (f);
CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count("T id") FROM "Child %:x"; END;
CREATE FUNCTION of_row(t) RETURNS text LANGUAGE sql AS 'SELECT $1.name';
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE UPDATE OF name ON t FOR EACH ROW EXECUTE FUNCTION tf();
CREATE POLICY pol ON t USING (fine(name) AND EXISTS (SELECT FROM "Child %:x" AS c WHERE c."T id" = id));
CREATE RULE ru AS ON DELETE TO "Child %:x" DO ALSO DELETE FROM t WHERE id = OLD."T id";
CREATE STATISTICS stat ON id, (upper(name)) FROM t;
CREATE INDEX trgm ON t USING gin (name gin_trgm_ops);
CREATE INDEX expr ON t (lower(name)) WHERE fine(name);
"""

T, CHILD = ("public", "t"), ("public", "Child %:x")
EXPECTED = [
    ("domain", ("public", "good"), "enum", ("public", "mood")),
    ("composite type", ("public", "pair"), "enum", ("public", "mood")),
    ("composite type", ("public", "pair"), "domain", ("public", "good")),
    ("column", (*T, "id"), "sequence", ("Other s", "N n")),
    ("column", (*T, "m"), "enum", ("public", "mood")),
    ("column", (*T, "ms"), "enum", ("public", "mood")),
    ("column", (*T, "g"), "domain", ("public", "good")),
    ("column", (*T, "p"), "composite type", ("public", "pair")),
    ("column", (*T, "up"), "column", (*T, "name")),
    ("constraint", (*T, "named"), "function", ("public", "fine", "text")),
    ("constraint", (*CHILD, "fk"), "column", (*T, "id")),
    ("constraint", (*CHILD, "fk"), "constraint", (*T, "t_pkey")),
    ("table", ("public", "heir"), "table", CHILD),
    ("view", ("public", "v"), "column", (*T, "name")),
    ("view", ("public", "v"), "enum", ("public", "mood")),
    ("view", ("public", "vv"), "column", ("public", "v", "name")),
    ("view", ("public", "mv"), "function", ("public", "fine", "text")),
    ("view", ("public", "mv"), "column", (*CHILD, "name")),
    ("function", ("public", "counted", ""), "column", (*CHILD, "T id")),
    ("function", ("public", "of_row", "public.t"), "table", T),
    ("trigger", (*T, "tr"), "function", ("public", "tf", "")),
    ("trigger", (*T, "tr"), "column", (*T, "name")),
    ("policy", (*T, "pol"), "function", ("public", "fine", "text")),
    ("policy", (*T, "pol"), "column", (*CHILD, "T id")),
    ("rule", (*CHILD, "ru"), "column", (*T, "id")),
    ("statistics", ("public", "stat"), "column", (*T, "name")),
    ("index", (*T, "trgm"), "extension", ("pg_trgm",)),
    ("index", (*T, "expr"), "column", (*T, "name")),
    ("index", (*T, "expr"), "function", ("public", "fine", "text")),
]


@pytest.fixture
def snapshot(connection: Connection) -> catalog.Snapshot:
    connection.exec_driver_sql(SCHEMA, execution_options={"no_parameters": True})
    return catalog.read(connection)


def test_the_server_says_who_needs_whom(snapshot: catalog.Snapshot) -> None:
    found = {(edge.kind, edge.key, edge.needs_kind, edge.needs_key) for edge in snapshot.dependencies}
    assert [edge for edge in EXPECTED if edge not in found] == []


def test_both_sides_are_in_the_snapshot_and_the_order_is_fixed(
    connection: Connection, snapshot: catalog.Snapshot
) -> None:
    known = {(record.kind, record.key) for record in snapshot}
    for edge in snapshot.dependencies:
        assert {(edge.kind, edge.key), (edge.needs_kind, edge.needs_key)} <= known
    assert list(snapshot.dependencies) == sorted(set(snapshot.dependencies))
    assert catalog.read(connection) == snapshot


def test_a_part_of_a_database_has_the_dependencies_inside_it(connection: Connection) -> None:
    connection.exec_driver_sql(SCHEMA, execution_options={"no_parameters": True})
    child = catalog.read(connection, schemas=["public"], tables=["Child %:x"])
    needed = {(edge.needs_kind, edge.needs_key) for edge in child.dependencies}
    assert ("column", (*CHILD, "T id")) in needed
    assert [key for _, key in needed if key[:2] == T] == []


@pytest.mark.parametrize(
    ("kind", "key", "hanging"),
    [
        ("enum", ("public", "mood"), ["domain public.good", "composite type public.pair", "column public.t.m",
                                      "column public.t.ms", "view public.v"]),
        ("table", T, ['constraint public."Child %:x".fk', "view public.v", "function public.of_row(public.t)",
                      'rule public."Child %:x".ru', "statistics public.stat"]),
        ("table", CHILD, ["table public.heir", "view public.mv", "function public.counted()",
                          "policy public.t.pol"]),
        ("view", ("public", "v"), ["view public.vv"]),
        ("column", (*T, "name"), ["column public.t.up", "constraint public.t.named", "index public.t.expr",
                                  "index public.t.trgm", "view public.v", "trigger public.t.tr", "policy public.t.pol",
                                  "statistics public.stat"]),
        ("constraint", (*T, "t_pkey"), ['constraint public."Child %:x".fk', "index public.t.t_pkey"]),
        ("sequence", ("Other s", "N n"), ["column public.t.id"]),
        ("extension", ("pg_trgm",), ["index public.t.trgm"]),
        ("schema", ("Other s",), ['sequence "Other s"."N n"']),
        ("index", (*T, "trgm"), []),
    ],
)  # fmt: skip
def test_what_hangs_on_an_object(
    snapshot: catalog.Snapshot, kind: str, key: tuple[str, ...], hanging: list[str]
) -> None:
    (record,) = [record for record in snapshot if (record.kind, record.key) == (kind, key)]
    found = [each.title for each in Dependants(snapshot).on(record)]
    assert found == hanging


def test_one_map_answers_for_all_objects(snapshot: catalog.Snapshot) -> None:
    found = needed_by(snapshot)
    assert list(found) == sorted(found)
    assert found["sequence", ("Other s", "N n")] == (("column", ("public", "t", "id")),)


def test_dependencies_sort_by_what_depends() -> None:
    first, second = Dependency("a", ("x",), "z", ("y",)), Dependency("b", ("a",), "a", ("a",))
    assert sorted([second, first]) == [first, second]
