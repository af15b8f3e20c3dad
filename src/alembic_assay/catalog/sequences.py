"""Sequences, those of identity columns too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.relname AS name, format_type(s.seqtypid, NULL) AS type,
       s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum,
       s.seqcache AS cache, s.seqcycle AS cycle,
       o.refobjid::regclass || '.' || quote_ident(a.attname) AS owned_by, o.deptype = 'i' AS identity,
       c.relpersistence = 'u' AS unlogged,
       pg_get_userbyid(c.relowner) AS owner, {privileges("s", "c.relacl", "c.relowner")} AS acl, d.description AS comment
FROM pg_sequence AS s
JOIN pg_class AS c ON c.oid = s.seqrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_depend AS o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.objsubid = 0
     AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i') AND o.refobjsubid > 0
LEFT JOIN pg_attribute AS a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
{comment_on("pg_class", "c.oid")}
WHERE {IN_SCHEMAS} AND {not_of_extension("pg_class", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence(Record):
    """A sequence. Its last value is data, not schema.

    Args:
        schema: Its schema.
        name: Its name.
        type: ``smallint``, ``integer`` or ``bigint``.
        start: First value.
        increment: Step; negative for a descending sequence.
        minimum: Lowest value.
        maximum: Highest value.
        cache: How many values a session takes at once.
        cycle: Whether it starts again at the end.
        owned_by: The column that it belongs to, with table and schema.
        identity: Whether that column is an identity column.
        unlogged: Whether it is UNLOGGED.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON SEQUENCE`` said.
    """

    kind: ClassVar[str] = "sequence"

    schema: str
    name: str
    type: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    cycle: bool
    owned_by: str | None = None
    identity: bool | None = None
    unlogged: bool = False
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Sequence, ...]:
    """Read the sequences with one query."""
    return fetch(connection, Sequence, SQL, scope)
