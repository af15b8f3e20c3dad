"""Parsers of text search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, p.prsname AS name, p.prsstart::oid::regproc::text AS start, p.prstoken::oid::regproc::text AS token,
       p.prsend::oid::regproc::text AS end, NULLIF(p.prsheadline::oid, 0)::regproc::text AS headline,
       p.prslextype::oid::regproc::text AS lextypes, d.description AS comment
FROM pg_ts_parser AS p
JOIN pg_namespace AS n ON n.oid = p.prsnamespace
{comment_on("pg_ts_parser", "p.oid")}
WHERE p.oid >= {FIRST_OID} AND {IN_SCHEMAS} AND {not_of_extension("pg_ts_parser", "p.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSearchParser(Record):
    """A parser of text search.

    Args:
        schema: Its schema.
        name: Its name.
        start: What begins a text.
        token: What gives the next token.
        end: What ends a text.
        headline: What makes excerpts.
        lextypes: What lists the types of tokens.
        comment: What ``COMMENT ON TEXT SEARCH PARSER`` said.
    """

    kind: ClassVar[str] = "text search parser"

    schema: str
    name: str
    start: str
    token: str
    end: str
    headline: str | None = None
    lextypes: str
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[TextSearchParser, ...]:
    """Read the text search parsers with one query."""
    return fetch(connection, TextSearchParser, SQL, scope)
