"""Raw SQL as operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from alembic_assay.errors import UnparsedSQLError
from alembic_assay.lint.raw_sql import sql_text, translate
from alembic_assay.rules.render import render
from alembic_assay.rules.replay import replay
from alembic_assay.rules.tables import KnownTables
from alembic_assay.sql import Statement, identifier
from alembic_assay.statements import parse

if TYPE_CHECKING:
    from alembic.operations import MigrateOperation

TASKS = sa.table("tasks", sa.column("id", sa.Integer), sa.column("title"))
NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=20).filter(
    lambda name: len(name.encode()) <= 63
)


def operations(sql: str) -> list[MigrateOperation]:
    return [operation for statement in parse(sql) for operation in translate(statement)]


def known(sql: str) -> KnownTables:
    return replay(operations(sql), KnownTables())


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ('CREATE INDEX I ON T (a, "B")', "op.create_index('i', 't', ['a', 'B'], unique=False)"),
        (
            'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "I ""x" ON app."T" (lower(a), b DESC NULLS LAST)',
            (
                "op.create_index('I \"x', 'T', [sa.literal_column('lower(a)'), sa.literal_column('b DESC NULLS LAST')],"
                " unique=True, schema='app', postgresql_concurrently=True, if_not_exists=True)"
            ),
        ),
        (
            "CREATE INDEX i ON t USING gin (a gin_trgm_ops) INCLUDE (b, c) WHERE d IS NOT NULL AND e ~ 'x:y%'",
            (
                "op.create_index('i', 't', [sa.literal_column('a gin_trgm_ops')], unique=False, postgresql_using='gin',"
                " postgresql_where=sa.text(\"d IS NOT NULL AND e ~ 'x:y%'\"), postgresql_include=['b', 'c'])"
            ),
        ),
        ("CREATE INDEX ON t (a, lower(b))", "op.create_index('t_a_expr_idx', 't', ['a', sa.literal_column('lower(b)')], unique=False)"),
        ("CREATE INDEX i ON ONLY t (a)", ""),
        (
            'DROP INDEX CONCURRENTLY IF EXISTS app."I", j',
            (
                "op.drop_index('I', table_name=None, schema='app', postgresql_concurrently=True, if_exists=True)\n"
                "op.drop_index('j', table_name=None, postgresql_concurrently=True, if_exists=True)"
            ),
        ),
        ('DROP TABLE a, app."B" CASCADE', "op.drop_table('a')\nop.drop_table('B', schema='app')"),
        ("DROP VIEW v", ""),
        ("DROP FUNCTION f(int)", ""),
        (
            "ALTER TABLE app.t ADD CONSTRAINT k FOREIGN KEY (a, b) REFERENCES x (c, d) NOT VALID",
            "op.create_foreign_key('k', 't', 'x', ['a', 'b'], ['c', 'd'], source_schema='app', postgresql_not_valid=True)",
        ),
        (
            "ALTER TABLE t ADD UNIQUE (a, b), ADD CONSTRAINT u UNIQUE (c)",
            "op.create_unique_constraint(None, 't', ['a', 'b'])\nop.create_unique_constraint('u', 't', ['c'])",
        ),
        ("ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i", ""),
        ("ALTER TABLE t ADD CHECK (a > 1), ALTER a SET NOT NULL, OWNER TO x", ""),
        ("ALTER TABLE t DROP COLUMN a, DROP CONSTRAINT b", "op.drop_column('t', 'a')\nop.drop_constraint('b', 't')"),
        ("ALTER INDEX i RENAME TO j", ""),
        ("ALTER VIEW v RENAME COLUMN a TO b", ""),
        ("ALTER TABLE s.t RENAME TO u", "op.rename_table('t', 'u', schema='s')"),
        ("SELECT 1; INSERT INTO t VALUES (1); DO $$ BEGIN CREATE INDEX i ON t (a); END $$", ""),
    ],
)  # fmt: skip
def test_a_statement_is_read_as_the_operation_that_says_the_same(sql: str, code: str) -> None:
    found = operations(sql)
    if any(isinstance(operation, ops.RenameTableOp) for operation in found):  # Alembic cannot render it
        assert [vars(operation) for operation in found] == [{"table_name": "t", "schema": "s", "new_table_name": "u"}]
    else:
        assert render(found) == code


def test_a_primary_key_is_read_too() -> None:
    tables = known("ALTER TABLE t ADD CONSTRAINT p PRIMARY KEY (a, b); ALTER TABLE u ADD PRIMARY KEY (c)")
    assert {index.name: list(index.columns) for _, table in tables for index in table.indexes} == {
        "p": ["a", "b"],
        "u_pkey": ["c"],
    }


def test_a_table_is_read_with_its_keys() -> None:
    tables = known(
        """
        CREATE TEMP TABLE IF NOT EXISTS app."T" (
            a int PRIMARY KEY, b int UNIQUE REFERENCES x, c int CONSTRAINT k REFERENCES y.z (id) CHECK (c > 1),
            d text DEFAULT 'x', LIKE other, UNIQUE (c, d), FOREIGN KEY (c, d) REFERENCES w (e, f), CHECK (a > 1)
        )
        """
    )
    table = tables["app", "T"]
    assert {index.name: list(index.columns) for index in table.indexes} == {
        "T_pkey": ["a"],
        "T_b_key": ["b"],
        "T_c_d_key": ["c", "d"],
    }
    assert [(key.columns, key.refers_to, key.name) for key in table.foreign_keys] == [
        (("b",), (None, "x"), "T_b_fkey"),
        (("c",), ("y", "z"), "k"),
        (("c", "d"), (None, "w"), "T_c_d_fkey"),
    ]
    assert not table.partitioned
    assert tables.created == {("app", "T")}


def test_keys_on_inherited_columns_are_read_too() -> None:
    tables = known("CREATE TABLE t (PRIMARY KEY (a), FOREIGN KEY (b) REFERENCES x) INHERITS (parent)")
    assert [list(index.columns) for index in tables[None, "t"].indexes] == [["a"]]
    assert [key.columns for key in tables[None, "t"].foreign_keys] == [("b",)]


def test_a_partitioned_table_is_known_to_be_one() -> None:
    assert known("CREATE TABLE t (a int) PARTITION BY LIST (a)")[None, "t"].partitioned


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t AS SELECT 1", "CREATE MATERIALIZED VIEW t AS SELECT 1 AS a", "SELECT 1 AS a INTO t"]
)
def test_every_way_to_create_a_table_is_known(sql: str) -> None:
    assert known(sql).created == {(None, "t")}


def test_a_column_is_read_with_its_keys() -> None:
    tables = known("ALTER TABLE app.t ADD COLUMN a int UNIQUE REFERENCES app.x (id), ADD b text")
    assert [(key.columns, key.refers_to) for key in tables["app", "t"].foreign_keys] == [(("a",), ("app", "x"))]
    assert [list(index.columns) for index in tables["app", "t"].indexes] == [["a"]]


def test_a_renamed_column_is_known_by_its_new_name() -> None:
    tables = known("CREATE INDEX i ON t (a); ALTER TABLE t RENAME COLUMN a TO b")
    assert [list(index.columns) for index in tables[None, "t"].indexes] == [["b"]]


@given(NAMES, NAMES, NAMES)
def test_names_come_through_whatever_they_are(index: str, table: str, column: str) -> None:
    quoted = [identifier(name) for name in (index, table, column)]
    (create,) = operations("CREATE INDEX {} ON {} ({})".format(*quoted))
    assert isinstance(create, ops.CreateIndexOp)
    assert (create.index_name, create.table_name, list(create.columns)) == (index, table, [column])
    (drop,) = operations("DROP INDEX {}".format(*quoted))
    assert isinstance(drop, ops.DropIndexOp)
    assert drop.index_name == index


@pytest.mark.parametrize(
    ("executable", "sql"),
    [
        ("SELECT ':x', a::int, '100%' FROM t WHERE a = :a", "SELECT '$1', a::int, '100%' FROM t WHERE a = $2"),
        (r"SELECT '\:x'", "SELECT ':x'"),
        (sa.text("UPDATE t SET a = :a").bindparams(a=1), "UPDATE t SET a = $1"),
        (Statement("SELECT ':x', '50%'"), "SELECT ':x', '50%'"),
        (sa.update(TASKS).values(title="it's"), "UPDATE tasks SET title=$1"),
        (sa.delete(TASKS).where(TASKS.c.id.in_([1, 2])), "DELETE FROM tasks WHERE tasks.id IN ($1, $2)"),
        (sa.select(TASKS.c.id).where(TASKS.c.title.like("a%")), "SELECT tasks.id \nFROM tasks \nWHERE tasks.title LIKE $1"),
        (sa.schema.CreateSchema("app"), "CREATE SCHEMA app"),
        (sa.schema.DropTable(sa.Table("t", sa.MetaData())), "\nDROP TABLE t"),
        (postgresql.CreateEnumType(postgresql.ENUM("a%", name="e")), "CREATE TYPE e AS ENUM ('a%')"),
    ],
)  # fmt: skip
def test_sql_is_what_alembic_sends_with_parameters_that_the_parser_knows(executable: Any, sql: str) -> None:
    assert sql_text(executable).replace("::INTEGER", "").replace("::VARCHAR", "") == sql
    assert len(parse(sql_text(executable))) == 1


def test_what_cannot_be_written_as_sql_is_said_in_one_line() -> None:
    class Odd(sa.sql.expression.ColumnElement[int]):
        inherit_cache = True

    with pytest.raises(UnparsedSQLError) as caught:
        sql_text(sa.select(Odd()))
    assert str(caught.value).startswith("cannot write Select as SQL: ")
    assert "\n" not in str(caught.value)
