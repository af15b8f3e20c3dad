"""The quick fingerprint: what it must not miss although no table has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from alembic_assay.catalog.fingerprint_quick import quick_fingerprint

if TYPE_CHECKING:
    from sqlalchemy import Connection

SETUP = """
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple);
CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE TABLE t (body text);
CREATE INDEX by_words ON t USING gin (to_tsvector('words'::regconfig, body));
CREATE INDEX by_plain ON t (ts_lexize('plain'::regdictionary, body));
CREATE INDEX by_function ON t (f(body))
"""
INDEXES = "SELECT string_agg(indexdef, ';' ORDER BY indexname) FROM pg_indexes WHERE tablename = 't'"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TEXT SEARCH CONFIGURATION words RENAME TO terms",
        "ALTER TEXT SEARCH DICTIONARY plain RENAME TO bare",
        "ALTER FUNCTION f RENAME TO g",
    ],
)
def test_what_an_expression_names_may_get_another_name(connection: Connection, statement: str) -> None:
    for each in SETUP.split(";\n"):
        connection.execute(text(each.replace("::", "\\:\\:")))
    before, written = quick_fingerprint(connection), connection.execute(text(INDEXES)).scalar_one()
    assert quick_fingerprint(connection) == before
    connection.execute(text(statement))
    assert connection.execute(text(INDEXES)).scalar_one() != written
    assert quick_fingerprint(connection) != before
