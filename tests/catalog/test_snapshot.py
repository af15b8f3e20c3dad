"""The reader: complete, exact, and leaving no trace on the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from alembic_assay import catalog
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.functions import Function
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.sequences import Sequence
from alembic_assay.catalog.tables import Table

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCHEMA = """
CREATE SCHEMA "My App";
CREATE TYPE "My App"."Pri%:ority" AS ENUM ('b', 'a', 'it''s', 'c"d', ':x', '50%', '::');
ALTER TYPE "My App"."Pri%:ority" ADD VALUE 'first' BEFORE 'b';
COMMENT ON TYPE "My App"."Pri%:ority" IS 'a type';
CREATE TABLE "My App"."Order" (
    "select" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code varchar(50) COLLATE "C" NOT NULL DEFAULT ':x 50%',
    p "My App"."Pri%:ority" DEFAULT 'it''s',
    twice bigint GENERATED ALWAYS AS (length(code) * 2) STORED,
    parent bigint REFERENCES "My App"."Order" ON DELETE CASCADE,
    UNIQUE (code, p) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT "ck%:x" CHECK (code <> ':x')
);
ALTER TABLE "My App"."Order" ADD CONSTRAINT later CHECK (code <> '') NOT VALID;
COMMENT ON TABLE "My App"."Order" IS 'an order';
COMMENT ON COLUMN "My App"."Order".code IS 'a code';
CREATE INDEX "i%" ON "My App"."Order" (lower(code), p DESC) WHERE parent IS NOT NULL;
CREATE FUNCTION "My App".f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1';
"""


@pytest.fixture
def snapshot(connection: Connection) -> catalog.Snapshot:
    connection.exec_driver_sql(SCHEMA, execution_options={"no_parameters": True})
    return catalog.read(connection)


def test_enums_are_read_in_the_servers_order(snapshot: catalog.Snapshot) -> None:
    assert snapshot.of(Enum) == (
        Enum(
            schema="My App",
            name="Pri%:ority",
            labels=("first", "b", "a", "it's", 'c"d', ":x", "50%", "::"),
            owner=snapshot.of(Enum)[0].owner,
            comment="a type",
        ),
    )


def test_columns_are_read_exactly(snapshot: catalog.Snapshot) -> None:
    columns = {column.name: column for column in snapshot.of(Column)}
    assert columns["code"] == Column(
        schema="My App",
        table="Order",
        name="code",
        position=2,
        type="character varying(50)",
        not_null=True,
        default="':x 50%'::character varying",
        collation='pg_catalog."C"',
        comment="a code",
    )
    assert columns["select"].identity == "always"
    assert (columns["twice"].generated, columns["twice"].default) == ("stored", "(length((code)::text) * 2)")
    assert columns["p"].type == '"My App"."Pri%:ority"'


def test_a_dropped_column_leaves_no_hole_in_the_order(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE t (a int, b int, c int)"))
    connection.execute(text("ALTER TABLE t DROP COLUMN b"))
    assert [(c.name, c.position) for c in catalog.read(connection).of(Column)] == [("a", 1), ("c", 2)]


def test_constraints_and_indexes_are_read_exactly(snapshot: catalog.Snapshot) -> None:
    constraints = {constraint.name: constraint for constraint in snapshot.of(Constraint)}
    assert constraints["ck%:x"].definition == "CHECK (((code)::text <> ':x'::text))"
    assert constraints["later"].validated is False
    unique = constraints["Order_code_p_key"]
    assert (unique.columns, unique.deferrable, unique.deferred) == (("code", "p"), True, True)
    assert constraints["Order_parent_fkey"].references == '"My App"."Order"'
    index = next(index for index in snapshot.of(Index) if index.name == "i%")
    assert (index.columns, index.partial, index.unique, index.valid) == (("", "p"), True, False, True)
    assert index.definition == (
        'CREATE INDEX "i%" ON "My App"."Order" USING btree (lower((code)::text), p DESC) WHERE (parent IS NOT NULL)'
    )


def test_identity_sequences_and_functions_are_there(snapshot: catalog.Snapshot) -> None:
    (sequence,) = snapshot.of(Sequence)
    assert (sequence.owned_by, sequence.identity) == ('"My App"."Order"."select"', True)
    (function,) = snapshot.of(Function)
    assert function.title == 'function "My App".f(a integer, b text)'


def test_two_reads_are_equal_and_settings_are_as_before(connection: Connection, snapshot: catalog.Snapshot) -> None:
    connection.execute(text('SET LOCAL search_path = "My App", public'))
    assert catalog.read(connection) == snapshot
    assert connection.execute(text("SHOW search_path")).scalar_one() == '"My App", public'


def test_what_an_extension_owns_is_left_out(connection: Connection) -> None:
    connection.execute(text("CREATE EXTENSION pg_trgm"))
    snapshot = catalog.read(connection)
    assert {record.kind for record in snapshot} == {"schema", "extension"}


def test_a_scope_limits_what_is_read(connection: Connection) -> None:
    connection.execute(text("CREATE SCHEMA other"))
    for table in ("a", "b", "other.a"):
        connection.execute(text(f"CREATE TABLE {table} (id int)"))
    tables = catalog.read(connection, schemas=["public"], tables=["a"]).of(Table)
    assert [table.title for table in tables] == ["table public.a"]


def test_reading_works_in_a_read_only_transaction(connection: Connection) -> None:
    connection.execute(text("SET TRANSACTION READ ONLY"))
    assert [record.title for record in catalog.read(connection)] == ["schema public", "extension plpgsql"]


def test_dependencies_can_be_left_out(connection: Connection) -> None:
    connection.execute(text("CREATE TYPE mood AS ENUM ('a')"))
    connection.execute(text("CREATE TABLE t (mood mood)"))
    whole = catalog.read(connection)
    records = catalog.read(connection, depends=False)
    assert [edge.needs_key for edge in whole.dependencies] == [("public", "mood")]
    assert (records.records, records.dependencies) == (whole.records, ())
