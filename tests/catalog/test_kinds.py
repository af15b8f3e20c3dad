"""The rare kinds: nothing of PostgreSQL's own or of extensions, no password, whoever reads; and made at the right time."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text
from tests.support import roundtrip, servers

from alembic_assay import catalog
from alembic_assay.catalog import document
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.create_sql import create_sql
from alembic_assay.catalog.database_settings import DatabaseSetting
from alembic_assay.catalog.dependencies import Dependants
from alembic_assay.catalog.security_labels import SecurityLabel
from alembic_assay.catalog.snapshot import READERS, Snapshot
from alembic_assay.catalog.tables import Table
from alembic_assay.catalog.user_mappings import UserMapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

FEATURES = Path(__file__).parent / "features"
RARE = [
    *("access_methods", "base_types", "casts", "collations", "conversions", "database_settings", "default_privileges"),
    *("foreign_servers", "languages", "operators", "publications", "text_search", "text_search_parsers", "transforms"),
]
EXTENSIONS = ("citext", "hstore", "ltree", "intarray", "btree_gist", "unaccent", "postgres_fdw", "bloom", "dict_int")


def load(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def test_a_new_database_has_none_of_them(connection: Connection) -> None:
    assert {record.kind for record in catalog.read(connection)} == {"schema", "extension"}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_what_an_extension_owns_is_left_out(connection: Connection, name: str) -> None:
    known = text("SELECT FROM pg_available_extensions WHERE name = :name")
    if connection.execute(known, {"name": name}).first() is None:
        pytest.skip(f"the server has no extension {name}")
    connection.execute(text(f"CREATE EXTENSION {name}"))
    assert {record.kind for record in catalog.read(connection)} == {"schema", "extension"}


def test_a_range_has_no_cast_of_its_own(connection: Connection) -> None:
    load(connection, "CREATE TYPE r AS RANGE (subtype = int)")
    assert [record.kind for record in catalog.read(connection)] == ["schema", "extension", "range type"]


@pytest.fixture
def poor(database_url: URL) -> Iterator[URL]:
    role = f"poor_kinds_{os.getpid()}"
    with psycopg.connect(servers.libpq_url(database_url), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'".encode())
        connection.execute(b"REVOKE ALL ON SCHEMA public FROM PUBLIC")
        yield database_url.set(username=role, password="x")
        connection.execute(f"DROP ROLE {role}".encode())


@pytest.mark.parametrize("name", RARE)
def test_a_role_without_any_right_reads_the_same(database_url: URL, poor: URL, name: str) -> None:
    roundtrip.load(database_url, [(FEATURES / f"{name}.sql").read_text("utf-8")])
    rich, found = roundtrip.snapshot_of(database_url), roundtrip.snapshot_of(poor)
    hidden = [str(change) for change in catalog.diff(rich, found) if not isinstance(change.record, UserMapping)]
    assert hidden == []
    assert {mapping.options for mapping in found.of(UserMapping)} <= {()}
    assert found.dependencies == rich.dependencies


def test_no_password_is_read(connection: Connection) -> None:
    load(
        connection,
        """
        CREATE FOREIGN DATA WRAPPER w OPTIONS (api_key 'hunter2', a 'b');
        CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h', "Client_Secret" 'hunter2', sslpassword 'hunter2');
        CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'hunter2', "user" 'u', password_required 'false',
            access_token 'hunter2');
        CREATE FOREIGN TABLE t (a int OPTIONS (token 'hunter2', z '1', b '2')) SERVER s OPTIONS (password 'hunter2', z '1');
        DO $$ BEGIN
          EXECUTE format('ALTER DATABASE %I SET app.jwt_secret TO %L', current_database(), 'hunter2');
          EXECUTE format('ALTER DATABASE %I SET password_encryption TO %L', current_database(), 'md5');
        END $$;
        """,
    )
    snapshot = catalog.read(connection)
    assert "hunter2" not in document.dumps(document.to_document(snapshot)) + "".join(create_sql(snapshot))
    assert [(each.name, each.value) for each in snapshot.of(DatabaseSetting)] == [
        ("app.jwt_secret", None),
        ("password_encryption", "md5"),
    ]
    assert [each.foreign_options for each in snapshot.of(Table)] == [("z=1",)]
    assert [each.foreign_options for each in snapshot.of(Column)] == [("b=2", "z=1")]
    assert [each.options for each in snapshot.of(UserMapping)] == [("password_required=false", "user=u")]


LAST = """
CREATE TABLE log (tag text);
CREATE TABLE t (a int);
CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
COMMENT ON TABLE t IS 'x';
GRANT SELECT ON t TO PUBLIC;
CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.log VALUES (tg_tag); END';
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO pg_monitor;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;
CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note();
CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse();
COMMENT ON EVENT TRIGGER refuse IS 'last';
"""


def test_what_would_change_the_rest_is_made_last(server_url: URL) -> None:
    with roundtrip.round_trip(server_url, LAST, create_sql) as (original, made):
        assert original.against(made) == roundtrip.Differences((), ())
        with create_engine(made.url, poolclass=NullPool).connect() as connection:
            noted = connection.execute(text("SELECT tag FROM log")).scalars().all()
    assert noted == []


def test_owners_and_grants_of_the_rare_kinds_come_back(server_url: URL) -> None:
    role = f"owner_kinds_{os.getpid()}"
    owned = {
        "base_types": f"ALTER TYPE words OWNER TO {role}",
        "collations": f"ALTER COLLATION parts OWNER TO {role}",
        "conversions": f"ALTER CONVERSION usual OWNER TO {role}",
        "languages": f"ALTER LANGUAGE rough OWNER TO {role}",
        "operators": f"ALTER OPERATOR ~~@ (NONE, pair) OWNER TO {role}",
        "operator_classes": f"ALTER OPERATOR CLASS backwards USING btree OWNER TO {role};"
        f" ALTER OPERATOR FAMILY lonely USING gin OWNER TO {role}",
        "publications": f"ALTER PUBLICATION none OWNER TO {role}",
        "text_search": f"ALTER TEXT SEARCH DICTIONARY plain OWNER TO {role};"
        f" ALTER TEXT SEARCH CONFIGURATION empty OWNER TO {role}",
        "foreign_servers": f"ALTER SERVER plain OWNER TO {role}; REVOKE ALL ON FOREIGN SERVER plain FROM PUBLIC;"
        f" GRANT USAGE ON FOREIGN SERVER plain TO pg_monitor",
        "default_privileges": f"ALTER DEFAULT PRIVILEGES FOR ROLE {role} REVOKE ALL ON TABLES FROM {role}",
    }
    with psycopg.connect(servers.libpq_url(server_url), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role}".encode())
        try:
            for name, sql in owned.items():
                whole = f"{(FEATURES / f'{name}.sql').read_text('utf-8')}; {sql};"
                with roundtrip.round_trip(server_url, whole, partial(create_sql, owners=True)) as (original, made):
                    assert role in document.dumps(document.to_document(original.snapshot))
                    assert original.against(made) == roundtrip.Differences((), ()), name
        finally:
            connection.execute(f"DROP ROLE {role}".encode())


DEPENDING = """
CREATE COLLATION co (provider = libc, locale = 'C');
CREATE TABLE t (a int, b text COLLATE co);
CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);
CREATE VIEW v AS SELECT a === 1 AS one FROM t;
CREATE OPERATOR CLASS oc FOR TYPE int USING hash AS OPERATOR 1 ===, FUNCTION 1 hashint4(int);
CREATE INDEX i ON t USING hash (a oc);
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION c (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION c ALTER MAPPING FOR word WITH d;
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE USER MAPPING FOR PUBLIC SERVER s;
CREATE FOREIGN TABLE ft (a int) SERVER s;
CREATE PUBLICATION p FOR TABLE t;
CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION et();
"""


@pytest.mark.parametrize(
    ("title", "hanging"),
    [
        ("collation public.co", ["column public.t.b"]),
        ("operator public.===(integer, integer)", ["operator class public.oc USING hash", "view public.v"]),
        ("operator class public.oc USING hash", ["index public.t.i"]),
        ("text search dictionary public.d", ["text search configuration public.c"]),
        ("foreign data wrapper w", ["foreign server s"]),
        ("foreign server s", ["user mapping s.public", "table public.ft"]),
        ("table public.t", ["view public.v"]),
        ("publication p", ["publication table public.t.p"]),
        ("function public.et()", ["event trigger e"]),
    ],
)
def test_what_hangs_on_them(connection: Connection, title: str, hanging: list[str]) -> None:
    load(connection, DEPENDING)
    snapshot = catalog.read(connection)
    (record,) = [record for record in snapshot if record.title == title]
    assert [each.title for each in Dependants(snapshot).on(record)] == hanging


def test_a_publication_hangs_on_its_schemas(server_url: URL, connection: Connection) -> None:
    roundtrip.at_least(server_url, 15)
    load(connection, "CREATE SCHEMA s; CREATE PUBLICATION p FOR TABLES IN SCHEMA s")
    snapshot = catalog.read(connection)
    (schema,) = [record for record in snapshot if record.key == ("s",)]
    assert [each.title for each in Dependants(snapshot).on(schema)] == ["publication p"]


def test_a_scope_leaves_out_what_is_in_no_schema(connection: Connection) -> None:
    load(connection, DEPENDING + "CREATE TYPE e AS ENUM (); CREATE CAST (e AS text) WITH INOUT; CREATE SCHEMA other;")
    whole = {record.kind for record in catalog.read(connection)}
    kinds = {record.kind for record in catalog.read(connection, schemas=["public"])}
    assert whole - kinds == {"foreign data wrapper", "foreign server", "user mapping", "publication", "event trigger"}
    assert {record.kind for record in catalog.read(connection, schemas=["other"])} == {"schema", "extension"}


def test_a_security_label_names_its_object() -> None:
    labels = tuple(
        SecurityLabel(type=kind, name=name, provider="Pro v", label="it's")
        for kind, name in (("table", "public.t"), ("table column", "public.t.a"), ("function", "public.f(integer)"))
    )
    assert create_sql(Snapshot(labels)) == [
        """SECURITY LABEL FOR "Pro v" ON FUNCTION public.f(integer) IS 'it''s'""",
        """SECURITY LABEL FOR "Pro v" ON TABLE public.t IS 'it''s'""",
        """SECURITY LABEL FOR "Pro v" ON COLUMN public.t.a IS 'it''s'""",
    ]


def test_every_kind_has_a_feature_that_shows_it() -> None:
    """Of a security label there is none: it needs a provider in the server. Of subscriptions: no database is dropped with one."""
    shown = "".join(path.read_text("utf-8").upper() for path in FEATURES.glob("*.sql"))
    words = {
        "extension privileges": "REVOKE USAGE ON TYPE HSTORE",
        "subscription": "",
        "enum": "AS ENUM",
        "composite type": "CREATE TYPE",
        "range type": "AS RANGE",
        "base type": "(INPUT =",
        "column": "CREATE TABLE",
        "constraint": "CONSTRAINT",
        "foreign server": "CREATE SERVER",
        "setting": "ALTER DATABASE",
        "default privileges": "ALTER DEFAULT PRIVILEGES",
        "security label": "",
        "publication table": "CREATE PUBLICATION",
    }
    for record_type in READERS:
        assert words.get(record_type.kind, f"{record_type.kind.upper()} ") in shown, record_type.kind
