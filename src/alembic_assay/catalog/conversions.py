"""Conversions between encodings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.conname AS name, pg_encoding_to_char(c.conforencoding) AS source,
       pg_encoding_to_char(c.contoencoding) AS target, c.conproc::regproc::text AS function, c.condefault AS default,
       pg_get_userbyid(c.conowner) AS owner, d.description AS comment
FROM pg_conversion AS c
JOIN pg_namespace AS n ON n.oid = c.connamespace
{comment_on("pg_conversion", "c.oid")}
WHERE c.oid >= {FIRST_OID} AND {IN_SCHEMAS} AND {not_of_extension("pg_conversion", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion(Record):
    """A conversion.

    Args:
        schema: Its schema.
        name: Its name.
        source: The encoding that it reads.
        target: The encoding that it writes.
        function: What converts.
        default: Whether the server uses it for clients.
        owner: The role that owns it.
        comment: What ``COMMENT ON CONVERSION`` said.
    """

    kind: ClassVar[str] = "conversion"

    schema: str
    name: str
    source: str
    target: str
    function: str
    default: bool = False
    owner: str = ""
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Conversion, ...]:
    """Read the conversions with one query."""
    return fetch(connection, Conversion, SQL, scope)
