"""Default privileges: what ``ALTER DEFAULT PRIVILEGES`` set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, OF_DATABASE, Scope, fetch
from alembic_assay.catalog.record import Record
from alembic_assay.sql import display

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT COALESCE(n.nspname, '') AS schema, pg_get_userbyid(a.defaclrole) AS role,
       CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
                            WHEN 'n' THEN 'schemas' ELSE 'large objects' END AS objects,
       ARRAY(SELECT i::text COLLATE "C" FROM unnest(a.defaclacl) AS i ORDER BY 1) AS acl
FROM pg_default_acl AS a
LEFT JOIN pg_namespace AS n ON n.oid = a.defaclnamespace
WHERE {OF_DATABASE} OR {IN_SCHEMAS}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultPrivileges(Record):
    """Default privileges.

    Args:
        schema: Where they are for; empty for all schemas.
        role: For objects of this role.
        objects: ``tables``, ``sequences``, ``functions``, ``types``, ``schemas`` or ``large objects``.
        acl: Privileges as the server writes them; those of one schema come on top of those for all.
    """

    kind: ClassVar[str] = "default privileges"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "role", "objects")

    schema: str
    role: str
    objects: str
    acl: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """As SQL writes it: ``default privileges for role bob in schema app on tables``."""
        place = f" in schema {display(self.schema)}" if self.schema else ""
        return f"{self.kind} for role {display(self.role)}{place} on {self.objects}"


def read(connection: Connection, scope: Scope) -> tuple[DefaultPrivileges, ...]:
    """Read the default privileges with one query."""
    return fetch(connection, DefaultPrivileges, SQL, scope)
