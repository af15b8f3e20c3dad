"""Quoting, checked by the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from alembic_assay.sql import Statement, display, identifier, literal, qualified

if TYPE_CHECKING:
    from sqlalchemy import Connection

# PostgreSQL's text cannot hold NUL, and no encoding of it holds lone surrogates
anything = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=15)
same_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)


@same_database
@given(value=anything)
@pytest.mark.parametrize("conforming", ["on", "off"])
def test_a_literal_means_what_it_says(connection: Connection, conforming: str, value: str) -> None:
    connection.execute(text(f"SET standard_conforming_strings = {conforming}"))
    connection.execute(text("SET escape_string_warning = off"))
    assert connection.execute(Statement(f"SELECT {literal(value)}")).scalar_one() == value


@same_database
@given(name=anything)
def test_an_identifier_means_what_it_says(connection: Connection, name: str) -> None:
    connection.execute(text("SET standard_conforming_strings = on"))
    result = connection.execute(Statement(f"SELECT 1 AS {identifier(name)}"))
    assert list(result.keys()) == [name]


@same_database
@given(name=anything, schema=st.none() | anything)
def test_a_displayed_name_is_the_same_name_to_the_parser(connection: Connection, name: str, schema: str | None) -> None:
    parts = connection.execute(text("SELECT parse_ident(:name)"), {"name": display(name, schema)}).scalar_one()
    assert parts == ([name] if schema is None else [schema, name])


def test_reserved_words_and_upper_case_are_quoted_for_people_too() -> None:
    assert [display(name) for name in ("tasks", "Order", "select", "user", "a b", 'a"b')] == [
        "tasks",
        '"Order"',
        '"select"',
        '"user"',
        '"a b"',
        '"a""b"',
    ]
    assert qualified("interval", "My App") == '"My App"."interval"'


def test_a_statement_keeps_percent_and_colons() -> None:
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call] # in 2.1
    compiled = Statement("SELECT '%x', ':y', '::z', '\\:a'").compile(dialect=dialect)
    assert str(compiled) == "SELECT '%x', ':y', '::z', '\\:a'"
