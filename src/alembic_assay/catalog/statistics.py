"""Extended statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, s.stxname AS name, pg_get_statisticsobjdef(s.oid) AS definition,
       NULLIF(s.stxstattarget, -1)::int AS target, pg_get_userbyid(s.stxowner) AS owner, d.description AS comment
FROM pg_statistic_ext AS s
JOIN pg_namespace AS n ON n.oid = s.stxnamespace
{comment_on("pg_statistic_ext", "s.oid")}
WHERE {IN_SCHEMAS} AND {not_of_extension("pg_statistic_ext", "s.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedStatistics(Record):
    """Extended statistics.

    Args:
        schema: Its schema.
        name: Its name.
        definition: As ``pg_get_statisticsobjdef`` writes it.
        target: The statistics target; ``None`` for the default.
        owner: The role that owns it.
        comment: What ``COMMENT ON STATISTICS`` said.
    """

    kind: ClassVar[str] = "statistics"

    schema: str
    name: str
    definition: str
    target: int | None = None
    owner: str = ""
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[ExtendedStatistics, ...]:
    """Read the extended statistics with one query."""
    return fetch(connection, ExtendedStatistics, SQL, scope)
