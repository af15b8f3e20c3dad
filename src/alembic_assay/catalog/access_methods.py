"""Access methods of tables and indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, OF_DATABASE, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT m.amname AS name, CASE m.amtype WHEN 't' THEN 'table' ELSE 'index' END AS type,
       m.amhandler::regproc::text AS handler, d.description AS comment
FROM pg_am AS m
{comment_on("pg_am", "m.oid")}
WHERE m.oid >= {FIRST_OID} AND {OF_DATABASE} AND {not_of_extension("pg_am", "m.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessMethod(Record):
    """An access method.

    Args:
        name: Its name.
        type: ``table`` or ``index``.
        handler: Its handler function.
        comment: What ``COMMENT ON ACCESS METHOD`` said.
    """

    kind: ClassVar[str] = "access method"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    type: str
    handler: str
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[AccessMethod, ...]:
    """Read the access methods with one query."""
    return fetch(connection, AccessMethod, SQL, scope)
