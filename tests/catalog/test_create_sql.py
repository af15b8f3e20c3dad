"""SQL of a snapshot: what it makes is what was read, by our own reading and by pg_dump's."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support import roundtrip, servers

from alembic_assay import catalog
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.create_context import CreateError
from alembic_assay.catalog.create_sql import create_sql
from alembic_assay.catalog.dependencies import Dependency
from alembic_assay.catalog.functions import Function
from alembic_assay.catalog.record import Record
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.catalog.tables import Table
from alembic_assay.sql import Statement, identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

HERE = Path(__file__).parent
FEATURES = sorted((HERE / "features").glob("*.sql"))
SMALL = """
CREATE TYPE mood AS ENUM ('it''s', '50%', ':x');
CREATE FUNCTION f(int) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1 > 0;
CREATE TABLE z (id serial PRIMARY KEY, m mood DEFAULT '50%', CONSTRAINT c CHECK (f(id)));
CREATE TABLE a (z_id int REFERENCES z);
CREATE INDEX i ON a (z_id);
CREATE VIEW v AS SELECT 1 AS one;
COMMENT ON TABLE a IS 'it''s';
GRANT SELECT ON a TO PUBLIC;
"""
SCHEMAS = sorted((HERE / "schemas").glob("*.sql"))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FEATURES])
def test_a_feature_comes_back_as_it_was(server_url: URL, path: Path) -> None:
    sql = roundtrip.required(path, server_url)
    with roundtrip.round_trip(server_url, sql, create_sql) as (original, made):
        assert original.against(made) == roundtrip.Differences((), ())
        assert made.snapshot.dependencies == original.snapshot.dependencies


@pytest.fixture
def roles(server_url: URL) -> Iterator[tuple[str, str]]:
    """Two roles with names that need quotes; they belong to the whole server."""
    names = (f'Ow"ner %:x {secrets.token_hex(4)}', f"friend=r/x {secrets.token_hex(4)}")
    with psycopg.connect(servers.libpq_url(server_url), autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE ROLE {identifier(name)}".encode())
        yield names
        for name in names:
            connection.execute(f"DROP ROLE {identifier(name)}".encode())


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in SCHEMAS])
def test_a_published_schema_comes_back_no_worse_than_by_pg_dump(server_url: URL, path: Path) -> None:
    sql = roundtrip.required(path, server_url)
    with roundtrip.round_trip(server_url, sql, create_sql) as (original, made):
        ours, floor = original.against(made), roundtrip.by_pg_dump(server_url, original)
        assert set(ours.changes) <= set(floor.changes)
        assert set(ours.dump) <= set(floor.dump)


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        pytest.param(
            "CREATE TABLE a (x int); CREATE TABLE b (y int) INHERITS (a); ALTER TABLE a ADD COLUMN z int",
            ("column public.b.y: position 2 → 3", "column public.b.z: position 3 → 2"),
            id="column that a child took over late",
        ),
        pytest.param(
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a); UPDATE pg_index SET indisvalid = false"
            " WHERE indexrelid = 'i'::regclass",
            ("index public.t.i dropped",),
            id="invalid index",
        ),
    ],
)
def test_what_no_sql_makes_is_lost_as_by_pg_dump(server_url: URL, sql: str, changes: tuple[str, ...]) -> None:
    with roundtrip.round_trip(server_url, sql, create_sql) as (original, made):
        assert original.against(made).changes == changes
        assert roundtrip.by_pg_dump(server_url, original).changes == changes


def test_tablespaces_come_back(server_url: URL) -> None:
    roundtrip.at_least(server_url, 15)
    space = f'"Space %:x {secrets.token_hex(4)}"'
    sql = f"""
        CREATE TABLE t (a int PRIMARY KEY USING INDEX TABLESPACE {space}, b text) TABLESPACE {space};
        CREATE INDEX i ON t (a) TABLESPACE {space} WHERE b <> ' WHERE ';
        CREATE MATERIALIZED VIEW m TABLESPACE {space} AS SELECT 1 AS one;
    """
    with psycopg.connect(servers.libpq_url(server_url), autocommit=True) as connection:
        connection.execute("SET allow_in_place_tablespaces = on")
        connection.execute(f"CREATE TABLESPACE {space} LOCATION ''".encode())
        try:
            with roundtrip.round_trip(server_url, sql, create_sql) as (original, made):
                assert original.against(made) == roundtrip.Differences((), ())
        finally:
            connection.execute(f"DROP TABLESPACE {space}".encode())


def test_the_whole_text_of_a_small_schema(connection: Connection) -> None:
    connection.exec_driver_sql(SMALL, execution_options={"no_parameters": True})
    assert create_sql(catalog.read(connection)) == [
        "SET check_function_bodies = off",
        """CREATE TYPE "public"."mood" AS ENUM ('it''s', '50%', ':x')""",
        'CREATE SEQUENCE "public"."z_id_seq" AS integer',
        "CREATE OR REPLACE FUNCTION public.f(integer)\n RETURNS boolean\n LANGUAGE sql\n IMMUTABLE\nRETURN ($1 > 0)",
        'CREATE TABLE "public"."a" ("z_id" integer)',
        (
            """CREATE TABLE "public"."z" ("id" integer NOT NULL DEFAULT nextval('public.z_id_seq'::regclass), """
            """"m" public.mood DEFAULT '50%'::public.mood, CONSTRAINT "c" CHECK (public.f(id)))"""
        ),
        'ALTER SEQUENCE "public"."z_id_seq" OWNED BY public.z.id',
        'ALTER TABLE ONLY "public"."z" ADD CONSTRAINT "z_pkey" PRIMARY KEY (id)',
        "CREATE INDEX i ON public.a USING btree (z_id)",
        'CREATE VIEW "public"."v" AS SELECT 1 AS one',
        'ALTER TABLE "public"."a" ADD CONSTRAINT "a_z_id_fkey" FOREIGN KEY (z_id) REFERENCES public.z(id)',
        """COMMENT ON TABLE "public"."a" IS 'it''s'""",
        'GRANT SELECT ON TABLE "public"."a" TO PUBLIC',
        "RESET check_function_bodies",
    ]


def test_the_statements_pass_through_sqlalchemy_as_they_are(server_url: URL, connection: Connection) -> None:
    for name in ("check_percent_and_colon", "enum_labels_odd", "names_upper_case_and_quotes", "triggers"):
        sql = (HERE / "features" / f"{name}.sql").read_text("utf-8")
        with servers.database(server_url) as url:
            roundtrip.load(url, [sql])
            original = roundtrip.snapshot_of(url)
        for statement in create_sql(original):
            connection.execute(Statement(statement))
        assert catalog.diff(original, catalog.read(connection)) == [], name
        connection.rollback()


def test_the_statements_run_outside_a_transaction_too(server_url: URL, database_url: URL) -> None:
    sql = (HERE / "features" / "function_of_table_default_cycle.sql").read_text("utf-8")
    with servers.database(server_url) as url:
        roundtrip.load(url, [sql])
        original = roundtrip.snapshot_of(url)
    with psycopg.connect(servers.libpq_url(database_url), autocommit=True) as connection:
        for statement in create_sql(original):
            connection.execute(statement.encode())
    assert roundtrip.snapshot_of(database_url) == original


def test_owners_and_grants_of_others_come_back(server_url: URL, roles: tuple[str, str]) -> None:
    owner, friend = (identifier(role) for role in roles)
    sql = f"""
        CREATE SCHEMA s; CREATE TABLE s.t (a int, b serial); CREATE TYPE s.e AS ENUM (); CREATE SEQUENCE s.q;
        CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW s.v AS SELECT 1 AS one;
        CREATE MATERIALIZED VIEW s.m AS SELECT 1 AS one; CREATE DOMAIN s.d AS int; CREATE PROCEDURE s.p() LANGUAGE sql AS '';
        CREATE STATISTICS s.st ON a, b FROM s.t; GRANT USAGE ON SCHEMA s TO PUBLIC; ALTER SCHEMA s OWNER TO {owner};
        ALTER TABLE s.t OWNER TO {owner}; ALTER TYPE s.e OWNER TO {owner}; ALTER SEQUENCE s.q OWNER TO {owner};
        ALTER FUNCTION s.f() OWNER TO {owner}; ALTER VIEW s.v OWNER TO {owner}; ALTER DOMAIN s.d OWNER TO {owner};
        ALTER MATERIALIZED VIEW s.m OWNER TO {owner}; ALTER PROCEDURE s.p() OWNER TO {owner};
        ALTER STATISTICS s.st OWNER TO {owner}; REVOKE DELETE ON s.t FROM {owner};
        GRANT SELECT ON s.t TO {friend} WITH GRANT OPTION; GRANT INSERT (a) ON s.t TO {friend} WITH GRANT OPTION;
        SET SESSION AUTHORIZATION {friend}; GRANT SELECT ON s.t TO PUBLIC; GRANT INSERT (a) ON s.t TO PUBLIC;
        RESET SESSION AUTHORIZATION;
    """
    with roundtrip.round_trip(server_url, sql, partial(create_sql, owners=True)) as (original, made):
        assert original.against(made) == roundtrip.Differences((), ())
        assert {table.owner for table in made.snapshot.of(Table)} == {roles[0]}


def test_without_owners_the_rights_of_the_owner_are_those_of_who_makes_it(
    server_url: URL, roles: tuple[str, str]
) -> None:
    owner, friend = (identifier(role) for role in roles)
    sql = f"""
        CREATE TABLE t (a int); ALTER TABLE t OWNER TO {owner}; REVOKE ALL ON t FROM {owner}; GRANT SELECT ON t TO {owner};
        GRANT INSERT ON t TO {friend};
    """
    with roundtrip.round_trip(server_url, sql, create_sql) as (original, made):
        (before,), (after,) = original.snapshot.of(Table), made.snapshot.of(Table)
        mine = server_url.username
        assert before.acl is not None
        assert after.owner == mine
        quoted = [f'"{role.replace(chr(34), chr(34) * 2)}"' for role in roles]
        assert sorted(before.acl) == sorted([f"{quoted[0]}=r/{quoted[0]}", f"{quoted[1]}=a/{quoted[0]}"])
        assert sorted(after.acl or ()) == sorted([f"{mine}=r/{mine}", f"{quoted[1]}=a/{mine}"])


def test_without_dependencies_the_order_is_that_of_the_kinds(connection: Connection) -> None:
    connection.exec_driver_sql(SMALL, execution_options={"no_parameters": True})
    whole = catalog.read(connection)
    connection.rollback()
    for statement in create_sql(Snapshot(whole.records)):
        connection.execute(Statement(statement))
    assert catalog.read(connection) == whole


def test_an_identity_column_may_come_without_its_sequence() -> None:
    column = Column(schema="s", table="t", name="id", position=1, type="bigint", not_null=True, identity="always")
    assert create_sql(Snapshot((Table(schema="s", name="t"), column))) == [
        'CREATE TABLE "s"."t" ("id" bigint NOT NULL GENERATED ALWAYS AS IDENTITY)'
    ]


def test_what_needs_each_other_is_named() -> None:
    functions = tuple(
        Function(schema="s", name=name, arguments="", form="function", definition="") for name in ("f", "g")
    )
    circle = (
        Dependency("function", ("s", "f", ""), "function", ("s", "g", "")),
        Dependency("function", ("s", "g", ""), "function", ("s", "f", "")),
    )
    with pytest.raises(CreateError) as error:
        create_sql(Snapshot(functions, circle))
    assert str(error.value) == "these need each other, so none can be made first: function s.f(), function s.g()."


def test_a_foreign_table_without_its_server_is_named() -> None:
    table = Table(schema="s", name="T t", form="foreign", foreign_server="far")
    with pytest.raises(CreateError) as error:
        create_sql(Snapshot((table,)))
    assert str(error.value) == "table s.\"T t\": its foreign server 'far' is not in the snapshot."


def test_a_kind_that_is_not_known_is_named() -> None:
    class Other(Record):
        kind = "other thing"
        key_fields = ()

    with pytest.raises(CreateError) as error:
        create_sql(Snapshot((Other(),)))
    assert str(error.value) == "other thing : expected a kind that SQL can be written for, got 'other thing'."
