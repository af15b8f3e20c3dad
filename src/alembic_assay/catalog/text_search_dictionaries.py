"""Dictionaries of text search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, t.dictname AS name, format('%I.%I', mn.nspname, m.tmplname) AS template,
       t.dictinitoption AS options, pg_get_userbyid(t.dictowner) AS owner, d.description AS comment
FROM pg_ts_dict AS t
JOIN pg_namespace AS n ON n.oid = t.dictnamespace
JOIN pg_ts_template AS m ON m.oid = t.dicttemplate
JOIN pg_namespace AS mn ON mn.oid = m.tmplnamespace
{comment_on("pg_ts_dict", "t.oid")}
WHERE t.oid >= {FIRST_OID} AND {IN_SCHEMAS} AND {not_of_extension("pg_ts_dict", "t.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSearchDictionary(Record):
    """A dictionary of text search.

    Args:
        schema: Its schema.
        name: Its name.
        template: Its template, with its schema.
        options: ``language = 'english', …``
        owner: The role that owns it.
        comment: What ``COMMENT ON TEXT SEARCH DICTIONARY`` said.
    """

    kind: ClassVar[str] = "text search dictionary"

    schema: str
    name: str
    template: str
    options: str | None = None
    owner: str = ""
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[TextSearchDictionary, ...]:
    """Read the dictionaries with one query."""
    return fetch(connection, TextSearchDictionary, SQL, scope)
