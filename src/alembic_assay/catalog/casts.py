"""Casts that were made by ``CREATE CAST``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, OF_DATABASE, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT format_type(k.castsource, NULL) AS source, format_type(k.casttarget, NULL) AS target,
       CASE k.castmethod WHEN 'f' THEN 'function' WHEN 'i' THEN 'inout' ELSE 'binary' END AS method,
       CASE WHEN k.castfunc <> 0 THEN k.castfunc::regprocedure::text END AS function,
       CASE k.castcontext WHEN 'a' THEN 'assignment' WHEN 'i' THEN 'implicit' ELSE 'explicit' END AS context,
       d.description AS comment
FROM pg_cast AS k
{comment_on("pg_cast", "k.oid")}
WHERE k.oid >= {FIRST_OID} AND {not_of_extension("pg_cast", "k.oid")}
  AND EXISTS (SELECT FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
              WHERE t.oid IN (k.castsource, k.casttarget) AND ({OF_DATABASE} OR {IN_SCHEMAS}))
  AND NOT EXISTS (SELECT FROM pg_depend AS x WHERE x.classid = 'pg_cast'::regclass AND x.objid = k.oid
                  AND x.deptype = 'i')  -- from a range to its multirange
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Record):
    """A cast.

    Args:
        source: The type that it takes.
        target: The type that it gives.
        method: ``function``, ``inout`` (by the types' own text) or ``binary`` (the same bytes).
        function: What converts, with its arguments.
        context: ``explicit``, ``assignment`` or ``implicit``: where it is used unasked.
        comment: What ``COMMENT ON CAST`` said.
    """

    kind: ClassVar[str] = "cast"
    key_fields: ClassVar[tuple[str, ...]] = ("source", "target")

    source: str
    target: str
    method: str
    function: str | None = None
    context: str = "explicit"
    comment: str | None = None

    @property
    def title(self) -> str:
        """As SQL writes it: ``cast (text AS public.mood)``."""
        return f"{self.kind} ({self.source} AS {self.target})"


def read(connection: Connection, scope: Scope) -> tuple[Cast, ...]:
    """Read the casts with one query."""
    return fetch(connection, Cast, SQL, scope)
