"""Templates of text search dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, t.tmplname AS name, NULLIF(t.tmplinit::oid, 0)::regproc::text AS init,
       t.tmpllexize::oid::regproc::text AS lexize, d.description AS comment
FROM pg_ts_template AS t
JOIN pg_namespace AS n ON n.oid = t.tmplnamespace
{comment_on("pg_ts_template", "t.oid")}
WHERE t.oid >= {FIRST_OID} AND {IN_SCHEMAS} AND {not_of_extension("pg_ts_template", "t.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSearchTemplate(Record):
    """A template of text search dictionaries.

    Args:
        schema: Its schema.
        name: Its name.
        init: What sets a dictionary up.
        lexize: What looks a word up.
        comment: What ``COMMENT ON TEXT SEARCH TEMPLATE`` said.
    """

    kind: ClassVar[str] = "text search template"

    schema: str
    name: str
    init: str | None = None
    lexize: str
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[TextSearchTemplate, ...]:
    """Read the text search templates with one query."""
    return fetch(connection, TextSearchTemplate, SQL, scope)
