"""Foreign-data wrappers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import (
    FIRST_OID,
    OF_DATABASE,
    Scope,
    comment_on,
    fetch,
    not_of_extension,
    privileges,
    without_secrets,
)
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT f.fdwname AS name, NULLIF(f.fdwhandler, 0)::regproc::text AS handler,
       NULLIF(f.fdwvalidator, 0)::regproc::text AS validator, {without_secrets("f.fdwoptions")} AS options,
       pg_get_userbyid(f.fdwowner) AS owner, {privileges("F", "f.fdwacl", "f.fdwowner")} AS acl, d.description AS comment
FROM pg_foreign_data_wrapper AS f
{comment_on("pg_foreign_data_wrapper", "f.oid")}
WHERE f.oid >= {FIRST_OID} AND {OF_DATABASE} AND {not_of_extension("pg_foreign_data_wrapper", "f.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignDataWrapper(Record):
    """A foreign-data wrapper that no extension made.

    Args:
        name: Its name.
        handler: What reads and writes.
        validator: What checks options.
        options: ``name=value``, by name, without passwords.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON FOREIGN DATA WRAPPER`` said.
    """

    kind: ClassVar[str] = "foreign data wrapper"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    handler: str | None = None
    validator: str | None = None
    options: tuple[str, ...] = ()
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[ForeignDataWrapper, ...]:
    """Read the foreign data wrappers with one query."""
    return fetch(connection, ForeignDataWrapper, SQL, scope)
