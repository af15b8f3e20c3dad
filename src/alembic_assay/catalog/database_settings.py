"""Settings of the database: ``ALTER DATABASE … SET``, ``ALTER ROLE … IN DATABASE … SET``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import OF_DATABASE, Scope, fetch, is_secret
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT CASE s.setrole WHEN 0 THEN '' ELSE pg_get_userbyid(s.setrole)::text END AS role, c.name,
       CASE WHEN strpos(c.name, '.') = 0 OR NOT {is_secret("c.name")} THEN c.value END AS value
FROM pg_db_role_setting AS s
CROSS JOIN LATERAL (SELECT split_part(o, '=', 1) AS name, substr(o, strpos(o, '=') + 1) AS value
                    FROM unnest(s.setconfig) AS o) AS c
WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) AND {OF_DATABASE}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSetting(Record):
    """A setting of this database.

    Args:
        role: For sessions of this role; empty for all.
        name: Its name.
        value: ``None`` where the name is that of a password: ``app.jwt_secret``.
    """

    kind: ClassVar[str] = "setting"
    key_fields: ClassVar[tuple[str, ...]] = ("role", "name")

    role: str
    name: str
    value: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[DatabaseSetting, ...]:
    """Read the settings with one query."""
    return fetch(connection, DatabaseSetting, SQL, scope)
