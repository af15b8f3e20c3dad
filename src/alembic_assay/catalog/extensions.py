"""Extensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import Scope, comment_on, fetch
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT e.extname AS name, n.nspname AS schema, e.extversion AS version, d.description AS comment
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
{comment_on("pg_extension", "e.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension(Record):
    """An extension.

    Args:
        name: Its name.
        schema: Where its objects are.
        version: Its installed version.
        comment: What ``COMMENT ON EXTENSION`` said.
    """

    kind: ClassVar[str] = "extension"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    schema: str
    version: str
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Extension, ...]:
    """Read the extensions with one query."""
    return fetch(connection, Extension, SQL, scope)
