"""Security labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, OF_DATABASE, Scope, fetch
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT i.type, i.identity AS name, l.provider, l.label
FROM pg_seclabel AS l
CROSS JOIN LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) AS i
LEFT JOIN pg_namespace AS n ON n.nspname = i.schema
WHERE (i.schema IS NULL AND {OF_DATABASE}) OR {IN_SCHEMAS}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityLabel(Record):
    """A security label.

    Args:
        type: ``table``, ``table column``, ``function`` …, as ``pg_identify_object`` calls it.
        name: The object, as ``pg_identify_object`` writes it.
        provider: Who gives it a meaning.
        label: The label.
    """

    kind: ClassVar[str] = "security label"
    key_fields: ClassVar[tuple[str, ...]] = ("type", "name", "provider")

    type: str
    name: str
    provider: str
    label: str

    @property
    def title(self) -> str:
        """With its object: ``security label of selinux on table public.t``."""
        return f"{self.kind} of {self.provider} on {self.type} {self.name}"


def read(connection: Connection, scope: Scope) -> tuple[SecurityLabel, ...]:
    """Read the security labels with one query."""
    return fetch(connection, SecurityLabel, SQL, scope)
