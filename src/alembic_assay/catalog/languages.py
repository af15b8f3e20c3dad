"""Procedural languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, OF_DATABASE, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT l.lanname AS name, l.lanpltrusted AS trusted, NULLIF(l.lanplcallfoid, 0)::regproc::text AS handler,
       NULLIF(l.laninline, 0)::regproc::text AS inline, NULLIF(l.lanvalidator, 0)::regproc::text AS validator,
       pg_get_userbyid(l.lanowner) AS owner, {privileges("l", "l.lanacl", "l.lanowner")} AS acl, d.description AS comment
FROM pg_language AS l
{comment_on("pg_language", "l.oid")}
WHERE l.oid >= {FIRST_OID} AND {OF_DATABASE} AND {not_of_extension("pg_language", "l.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language(Record):
    """A procedural language that no extension made.

    Args:
        name: Its name.
        trusted: Whether everybody may write functions in it.
        handler: What runs its functions.
        inline: What runs ``DO``.
        validator: What checks new functions.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON LANGUAGE`` said.
    """

    kind: ClassVar[str] = "language"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    trusted: bool
    handler: str | None = None
    inline: str | None = None
    validator: str | None = None
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Language, ...]:
    """Read the languages with one query."""
    return fetch(connection, Language, SQL, scope)
