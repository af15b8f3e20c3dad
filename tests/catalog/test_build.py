"""A snapshot as SQLAlchemy's constructs: ``create_all`` makes what was read, by our own reading and by pg_dump's."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import CheckConstraint, Computed, NullPool, create_engine, event
from sqlalchemy.dialects import postgresql
from tests.support import roundtrip, servers

from alembic_assay import catalog
from alembic_assay.catalog.build import build
from alembic_assay.catalog.build_text import enclosed, made_name, split, verbatim
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, MetaData

HERE = Path(__file__).parent
TYPES = """
CREATE TABLE t (a bigint, b varchar(7), c varchar, d char(3), e numeric(10,2), f numeric, g time(3) with time zone,
    h timestamp(2), i timestamptz, j interval day to second(3), k interval, l bit(3), m bit varying(4), n bit varying,
    o xml, p point, q "char", r name, s int[][], u money, v oid, w tsvector, x int4multirange, y interval(2),
    z interval year, aa date, ab bytea, ac json, ad jsonb, ae real, af float8, ag macaddr8, ah varchar(3)[],
    ai text COLLATE "C", aj varchar(5) COLLATE "C", ak text[] COLLATE "C", al numeric(3,0), am time, an inet)
"""


@contextmanager
def remade(server_url: URL, sql: str) -> Iterator[tuple[roundtrip.Database, roundtrip.Database]]:
    """Make a schema from its text, and again by ``create_all``, each in a database of its own."""
    with servers.database(server_url) as first, servers.database(server_url) as second:
        roundtrip.load(first, [sql])
        snapshot = roundtrip.snapshot_of(first)
        with create_engine(second, poolclass=NullPool).begin() as connection:
            build(snapshot).create_all(connection)
        original = roundtrip.Database(first, snapshot, servers.pg_dump(first))
        yield original, roundtrip.Database(second, roundtrip.snapshot_of(second), servers.pg_dump(second))


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem) for path in sorted((HERE / "features").glob("*.sql"))]
)
def test_a_feature_comes_back_as_it_was(server_url: URL, path: Path) -> None:
    with remade(server_url, roundtrip.required(path, server_url)) as (original, made):
        assert original.against(made) == roundtrip.Differences((), ())
        assert made.snapshot.dependencies == original.snapshot.dependencies


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem) for path in sorted((HERE / "schemas").glob("*.sql"))]
)
def test_a_published_schema_comes_back_no_worse_than_by_pg_dump(server_url: URL, path: Path) -> None:
    with remade(server_url, roundtrip.required(path, server_url)) as (original, made):
        ours, floor = original.against(made), roundtrip.by_pg_dump(server_url, original)
        assert set(ours.changes) <= set(floor.changes)
        assert set(ours.dump) <= set(floor.dump)


def test_every_type_comes_back_exactly(server_url: URL) -> None:
    with remade(server_url, TYPES) as (original, made):
        assert original.against(made) == roundtrip.Differences((), ())


def built(connection: Connection, sql: str) -> MetaData:
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    return build(catalog.read(connection))


def test_what_sqlalchemy_can_say_is_said_by_its_constructs(connection: Connection) -> None:
    metadata = built(
        connection,
        """
        CREATE TYPE mood AS ENUM ('a', 'b');
        CREATE DOMAIN size AS int CHECK (VALUE > 0);
        CREATE SEQUENCE s START 5;
        CREATE TABLE a (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood DEFAULT 'a', z size,
            two int GENERATED ALWAYS AS (1 + 1) STORED, n int UNIQUE DEFERRABLE, CHECK (n > 0));
        CREATE TABLE b (a_id bigint REFERENCES a ON DELETE CASCADE, EXCLUDE USING gist (r WITH &&), r int4range);
        CREATE INDEX i ON b (a_id DESC, lower(r)) WHERE a_id > 1;
        COMMENT ON TABLE a IS 'x'; COMMENT ON COLUMN a.n IS 'y'; COMMENT ON CONSTRAINT a_n_check ON a IS 'z';
        """,
    )
    a, b = metadata.tables["public.a"], metadata.tables["public.b"]
    mood = a.c.m.type
    assert isinstance(mood, postgresql.ENUM)
    assert (mood.name, mood.schema, mood.enums) == ("mood", "public", ["a", "b"])
    assert isinstance(a.c.z.type, postgresql.DOMAIN)
    assert isinstance(a.c.two.computed, Computed)
    assert a.c.two.computed.persisted is True
    assert a.c.id.identity is not None
    assert a.c.id.identity.always is True
    assert (a.comment, a.c.n.comment) == ("x", "y")
    assert [each.comment for each in a.constraints if isinstance(each, CheckConstraint)] == ["z"]
    assert sorted(str(each.name) for each in a.constraints) == ["a_n_check", "a_n_key", "a_pkey"]
    assert sorted(str(each.name) for each in b.constraints if each.name) == ["b_a_id_fkey", "b_r_excl"]
    assert [each.name for each in b.indexes] == ["i"]
    assert next(iter(b.foreign_keys)).column is a.c.id
    assert _after(metadata) == []


def test_all_else_is_ddl_events_in_order(connection: Connection) -> None:
    metadata = built(
        connection,
        """
        CREATE FUNCTION f(int) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN $1 > 0;
        CREATE TABLE t (a int CHECK (f(a)), b text COMPRESSION pglz) WITH (fillfactor = 70);
        CREATE VIEW v AS SELECT 1 AS one;
        ALTER TABLE t ENABLE ROW LEVEL SECURITY;
        """,
    )
    assert _after(metadata) == [
        "SET check_function_bodies = off",
        """ALTER TABLE ONLY "public"."t" ALTER COLUMN "b" SET COMPRESSION pglz""",
        """ALTER TABLE ONLY "public"."t" SET (fillfactor='70')""",
        """ALTER TABLE "public"."t" ENABLE ROW LEVEL SECURITY""",
        'CREATE VIEW "public"."v" AS SELECT 1 AS one',
        "RESET check_function_bodies",
    ]
    before = [each.sql for each in metadata.dispatch.before_create if isinstance(each, Statement)]
    assert [sql.partition("(")[0] for sql in before] == [
        "SET check_function_bodies = off",
        "CREATE OR REPLACE FUNCTION public.f",
        "RESET check_function_bodies",
    ]


def _after(metadata: MetaData) -> list[str]:
    return [each.sql for each in metadata.dispatch.after_create if isinstance(each, Statement)]


def test_an_event_of_the_user_still_runs(connection: Connection) -> None:
    metadata = built(connection, "CREATE TABLE t (a int)")
    connection.exec_driver_sql("DROP TABLE t")
    event.listen(metadata, "after_create", Statement("COMMENT ON TABLE t IS '100% :x'"))
    metadata.create_all(connection)
    assert connection.exec_driver_sql("SELECT obj_description('t'::regclass)").scalar_one() == "100% :x"


@given(st.text(alphabet=":\\ab1$% '", max_size=12))
def test_texts_are_verbatim(sql: str) -> None:
    assert str(verbatim(sql).compile(dialect=postgresql.dialect(paramstyle="named"))) == sql  # type: ignore[no-untyped-call] # in 2.0


def test_definitions_are_taken_apart() -> None:
    assert split("""lower(a, '),'), "c,d" DESC, E'\\',('""") == ["lower(a, '),')", '"c,d" DESC', "E'\\',('"]
    assert enclosed("x ((a) || ')' || b) WHERE (c)") == ("(a) || ')' || b", " WHERE (c)")


@given(st.text("aé", min_size=1, max_size=63), st.text("b", min_size=1, max_size=63))
def test_names_of_the_server_are_foreseen(table: str, column: str) -> None:
    name = made_name(table, column, "not_null")
    assert len(name.encode()) <= 63
    assert name.endswith("_not_null")
