"""User mappings of foreign servers, without passwords."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, OF_DATABASE, Scope, fetch, not_of_extension, without_secrets
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT u.srvname AS server, CASE u.umuser WHEN 0 THEN 'public' ELSE u.usename::text END AS name,
       {without_secrets("u.umoptions")} AS options
FROM pg_user_mappings AS u  -- the table itself is closed: it holds passwords
WHERE u.umid >= {FIRST_OID} AND {OF_DATABASE} AND {not_of_extension("pg_user_mapping", "u.umid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMapping(Record):
    """A user mapping.

    Args:
        server: The foreign server.
        name: The role; ``public`` is everybody.
        options: ``name=value``, by name, without passwords; the server shows them to the role itself, who owns the server, and superusers.
    """

    kind: ClassVar[str] = "user mapping"
    key_fields: ClassVar[tuple[str, ...]] = ("server", "name")

    server: str
    name: str
    options: tuple[str, ...] = ()


def read(connection: Connection, scope: Scope) -> tuple[UserMapping, ...]:
    """Read the user mappings with one query."""
    return fetch(connection, UserMapping, SQL, scope)
