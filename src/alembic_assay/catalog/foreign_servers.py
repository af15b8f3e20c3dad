"""Foreign servers."""

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
SELECT s.srvname AS name, f.fdwname AS wrapper, s.srvtype AS type, s.srvversion AS version,
       {without_secrets("s.srvoptions")} AS options,
       pg_get_userbyid(s.srvowner) AS owner, {privileges("S", "s.srvacl", "s.srvowner")} AS acl, d.description AS comment
FROM pg_foreign_server AS s
JOIN pg_foreign_data_wrapper AS f ON f.oid = s.srvfdw
{comment_on("pg_foreign_server", "s.oid")}
WHERE s.oid >= {FIRST_OID} AND {OF_DATABASE} AND {not_of_extension("pg_foreign_server", "s.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignServer(Record):
    """A foreign server.

    Args:
        name: Its name.
        wrapper: Its foreign-data wrapper.
        type: What ``TYPE`` said.
        version: What ``VERSION`` said.
        options: ``name=value``, by name, without passwords.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON SERVER`` said.
    """

    kind: ClassVar[str] = "foreign server"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    wrapper: str
    type: str | None = None
    version: str | None = None
    options: tuple[str, ...] = ()
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[ForeignServer, ...]:
    """Read the foreign servers with one query."""
    return fetch(connection, ForeignServer, SQL, scope)
