"""Raw SQL: what each statement is, and what a real server says about transactions."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.servers import libpq_url

from alembic_assay.errors import UnparsedSQLError
from alembic_assay.sql import identifier
from alembic_assay.statements import (
    enum_name,
    expression,
    index_column,
    index_element,
    not_null_columns,
    parse,
    strings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=40).filter(
    lambda name: len(name.encode()) <= 63
)

REFUSED = [
    "CREATE INDEX CONCURRENTLY ON t (a)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i2 ON t (a)",
    "DROP INDEX CONCURRENTLY i",
    "DROP INDEX CONCURRENTLY IF EXISTS i",
    "REINDEX INDEX CONCURRENTLY i",
    "REINDEX (VERBOSE, CONCURRENTLY) TABLE t",
    "REINDEX (CONCURRENTLY on) TABLE t",
    "REINDEX SCHEMA public",
    "ALTER TABLE parent DETACH PARTITION part CONCURRENTLY",
    "VACUUM",
    "VACUUM (ANALYZE) t",
    "CLUSTER",
    "CREATE DATABASE another",
    "DROP DATABASE IF EXISTS another",
    "ALTER DATABASE template1 SET TABLESPACE pg_default",
    "ALTER SYSTEM SET work_mem = '4MB'",
    "CREATE TABLESPACE s LOCATION '/nowhere'",
    "DROP TABLESPACE s",
    "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p",
    "DISCARD ALL",
]
ALLOWED = [
    "CREATE INDEX ON t (a)",
    "DROP INDEX i",
    "REINDEX INDEX i",
    "REINDEX (CONCURRENTLY false) TABLE t",
    "ALTER TABLE parent DETACH PARTITION part",
    "ANALYZE t",
    "CLUSTER t USING i",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
    "ALTER TYPE e ADD VALUE 'b'",
    "ALTER DATABASE template1 SET work_mem = '4MB'",
    "DISCARD PLANS",
    "SAVEPOINT a",
    "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)",
]


@pytest.fixture
def autocommitting(database_url: URL) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq_url(database_url), autocommit=True) as connection:
        yield connection


@pytest.fixture
def furnished(autocommitting: psycopg.Connection) -> psycopg.Connection:
    autocommitting.execute(
        """
        CREATE TABLE t (a int, b text); CREATE INDEX i ON t (a); CREATE TYPE e AS ENUM ('a');
        CREATE TABLE parent (a int) PARTITION BY RANGE (a);
        CREATE TABLE part PARTITION OF parent FOR VALUES FROM (1) TO (9);
        CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE UNIQUE INDEX ON m (a)
        """
    )
    return autocommitting


@pytest.mark.parametrize("sql", [*REFUSED, *ALLOWED])
def test_what_may_run_in_a_transaction_is_what_the_server_lets_run_there(
    furnished: psycopg.Connection, sql: str
) -> None:
    furnished.autocommit = False
    state = None
    try:
        furnished.execute("SELECT 1")
        furnished.execute(sql.encode())
    except psycopg.Error as error:
        state = error.sqlstate
    furnished.rollback()
    assert state == ("25001" if sql in REFUSED else None)
    assert [statement.transactional for statement in parse(sql)] == [sql in ALLOWED]


@pytest.mark.parametrize(
    "sql",
    [
        "BEGIN",
        "START TRANSACTION",
        "COMMIT",
        "END",
        "ROLLBACK",
        "ABORT",
        "PREPARE TRANSACTION 'x'",
        "COMMIT PREPARED 'x'",
        "DROP SUBSCRIPTION s",
        "ALTER SUBSCRIPTION s REFRESH PUBLICATION",
        "ALTER SUBSCRIPTION s ADD PUBLICATION p",
        "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (create_slot)",
        "REINDEX (CONCURRENTLY 1) DATABASE d",
    ],
)
def test_what_would_end_the_transaction_or_needs_a_publisher_may_not_run_there_either(sql: str) -> None:
    assert [statement.transactional for statement in parse(sql)] == [False]


@pytest.mark.parametrize(
    "sql",
    [
        "ROLLBACK TO SAVEPOINT a",
        "RELEASE a",
        "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)",
        "ALTER SUBSCRIPTION s DISABLE",
        "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (create_slot = off)",
    ],
)
def test_what_leaves_the_transaction_as_it_was_may_run_there(sql: str) -> None:
    assert [statement.transactional for statement in parse(sql)] == [True]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i ON t (a)"),
        ('create unique index\n  concurrently  "I j" on t (lower(b))', 'create unique index\n  "I j" on t (lower(b))'),
        ('CREATE INDEX CONCURRENTLY "concurrently é" ON t (a)', 'CREATE INDEX "concurrently é" ON t (a)'),
        ("CREATE INDEX /* CONCURRENTLY */ CONCURRENTLY ON t (a)", "CREATE INDEX /* CONCURRENTLY */ ON t (a)"),
        ("DROP INDEX CONCURRENTLY IF EXISTS a.i, j", "DROP INDEX IF EXISTS a.i, j"),
        ("REINDEX INDEX CONCURRENTLY i", "REINDEX INDEX i"),
        ("REINDEX (VERBOSE, CONCURRENTLY) TABLE t", "REINDEX (VERBOSE) TABLE t"),
        ("REINDEX (CONCURRENTLY false) TABLE t", None),
        ("CREATE INDEX i ON t (a)", None),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY m", None),
        ("ALTER TABLE parent DETACH PARTITION part CONCURRENTLY", None),
    ],
)  # fmt: skip
def test_concurrently_is_left_out_and_nothing_else(sql: str, expected: str | None) -> None:
    assert [statement.without_concurrently for statement in parse(sql)] == [expected]


def test_without_concurrently_the_server_stores_the_same_index(autocommitting: psycopg.Connection) -> None:
    autocommitting.execute("CREATE TABLE t (a int, b text)")
    (statement,) = parse("CREATE INDEX CONCURRENTLY i ON t (a DESC, lower(b)) INCLUDE (b) WHERE a > 1")
    assert statement.without_concurrently
    definitions = []
    for sql in (statement.text, statement.without_concurrently):
        autocommitting.execute(sql.encode())
        definitions.append(autocommitting.execute("SELECT pg_get_indexdef('i'::regclass)").fetchone())
        autocommitting.execute("DROP INDEX i")
    assert definitions[0] == definitions[1]


def test_detaching_concurrently_adds_a_check_and_so_is_not_the_same(furnished: psycopg.Connection) -> None:
    furnished.execute("ALTER TABLE parent DETACH PARTITION part CONCURRENTLY")
    checks = furnished.execute("SELECT conname FROM pg_constraint WHERE conrelid = 'part'::regclass AND contype = 'c'")
    assert checks.fetchall() == [("part_a_check",)]


def test_statements_are_split_where_the_server_splits_them() -> None:
    sql = "SELECT 'é;' ; -- a; b\n DO $$ BEGIN; END $$; /* é */ DROP TABLE t ;;"
    assert [(statement.kind, statement.text) for statement in parse(sql)] == [
        ("SelectStmt", "SELECT 'é;'"),
        ("DoStmt", "DO $$ BEGIN; END $$"),
        ("DropStmt", "DROP TABLE t"),
    ]


@pytest.mark.parametrize("sql", ["", "  ", ";;", "-- nothing", "/* nothing */"])
def test_nothing_is_no_statement(sql: str) -> None:
    assert parse(sql) == []


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE INDEX ON", "cannot parse SQL: syntax error at end of input."),
        ("SELECT 'é';\nSELECT * FORM t", 'cannot parse SQL: syntax error at or near "FORM" in line 2.'),
        ("SELECT %(x)s", 'cannot parse SQL: syntax error at or near "%".'),
        ("SELECT 'a", 'cannot parse SQL: unterminated quoted string at or near "\'a".'),
        ("SELECT 1\0", "cannot parse SQL: it holds a NUL character."),
        ("SELECT '\ud800'", "cannot parse SQL: it is not valid Unicode."),
        ("SELECT " + " + ".join("1" * 300), "cannot parse SQL: an expression is nested too deeply."),
    ],
)
def test_what_cannot_be_parsed_is_one_line(sql: str, message: str) -> None:
    with pytest.raises(UnparsedSQLError) as caught:
        parse(sql)
    assert str(caught.value) == message


@given(NAMES, NAMES, NAMES)
def test_names_come_back_whatever_they_are(index: str, table: str, column: str) -> None:
    quoted = [identifier(name) for name in (index, table, column)]
    (statement,) = parse("CREATE INDEX CONCURRENTLY {} ON {} ({} DESC) WHERE {} > 1".format(*quoted, quoted[2]))
    node = statement.node
    assert (node.idxname, node.relation.relname) == (index, table)
    assert index_column(index_element(node.index_params[0])) == column
    assert parse(f"SELECT 1 WHERE {expression(node.where_clause)}")[0].node.where_clause.HasField("a_expr")
    assert statement.without_concurrently == statement.text.replace("CONCURRENTLY ", "", 1)


def test_an_expression_is_no_column() -> None:
    elements = ["a", '"A b" DESC NULLS LAST', "a text_pattern_ops", "(a + 1)", "lower(a)", "a b c d", "a, b", ""]
    assert [index_column(element) for element in elements] == ["a", "A b", "a", None, None, None, None, None]


@pytest.mark.parametrize(
    ("predicate", "columns"),
    [
        ('"a" IS NOT NULL', ("a",)),
        ('((t."a B" IS NOT NULL) AND (b IS NOT NULL) AND c IS NOT NULL)', ("a B", "b", "c")),
        ("a IS NULL", ()),
        ("a IS NOT NULL OR b IS NOT NULL", ()),
        ("NOT (a IS NOT NULL)", ()),
        ("a IS NOT NULL AND b > 1", ()),
        ("lower(a) IS NOT NULL", ()),
        ("ROW(a, b) IS NOT NULL", ()),
        ("a IS NOT", ()),
        ("", ()),
    ],
)
def test_a_predicate_that_leaves_only_null_out(predicate: str, columns: tuple[str, ...]) -> None:
    assert not_null_columns(predicate) == columns


def test_fields_are_read_by_postgresqls_own_names() -> None:
    (statement,) = parse('DROP TABLE app."T", u')
    assert enum_name(statement.node, "remove_type") == "OBJECT_TABLE"
    assert [strings(item.list.items) for item in statement.node.objects] == [["app", "T"], ["u"]]


def test_the_parser_is_loaded_by_the_first_statement_only() -> None:
    code = "import sys, alembic_assay.statements as s; print('postgast' in sys.modules); s.parse(''); print('postgast' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.split() == ["False", "True"]


def test_a_statement_is_compared_without_its_tree(connection: Connection) -> None:
    sql = connection.exec_driver_sql("SELECT 'DROP TABLE t'").scalar_one()
    assert parse(sql) == parse(sql)
    assert repr(parse(sql)[0]) == (
        "Statement(text='DROP TABLE t', kind='DropStmt', transactional=True, without_concurrently=None)"
    )
