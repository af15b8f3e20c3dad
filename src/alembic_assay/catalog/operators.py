"""Operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record
from alembic_assay.sql import display

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, o.oprname AS name,
       CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) ELSE '' END AS left,
       format_type(o.oprright, NULL) AS right, o.oprcode::regproc::text AS function,
       (SELECT format('%I.%s', cn.nspname, c.oprname) FROM pg_operator AS c
        JOIN pg_namespace AS cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprcom) AS commutator,
       (SELECT format('%I.%s', cn.nspname, c.oprname) FROM pg_operator AS c
        JOIN pg_namespace AS cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprnegate) AS negator,
       NULLIF(o.oprrest::oid, 0)::regproc::text AS restrict, NULLIF(o.oprjoin::oid, 0)::regproc::text AS join,
       o.oprcanhash AS hashes, o.oprcanmerge AS merges,
       pg_get_userbyid(o.oprowner) AS owner, d.description AS comment
FROM pg_operator AS o
JOIN pg_namespace AS n ON n.oid = o.oprnamespace
{comment_on("pg_operator", "o.oid")}
WHERE o.oid >= {FIRST_OID} AND o.oprcode <> 0  -- not one that was only named as the commutator of another
  AND {IN_SCHEMAS} AND {not_of_extension("pg_operator", "o.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator(Record):
    """An operator.

    Args:
        schema: Its schema.
        name: Its name.
        left: The type on its left; empty for a prefix operator.
        right: The type on its right.
        function: What it calls.
        commutator: The operator with the operands exchanged.
        negator: The operator with the opposite result.
        restrict: What estimates its selectivity.
        join: What estimates it in a join.
        hashes: Whether it can be used in a hash join.
        merges: Whether it can be used in a merge join.
        owner: The role that owns it.
        comment: What ``COMMENT ON OPERATOR`` said.
    """

    kind: ClassVar[str] = "operator"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "name", "left", "right")

    schema: str
    name: str
    left: str
    right: str
    function: str
    commutator: str | None = None
    negator: str | None = None
    restrict: str | None = None
    join: str | None = None
    hashes: bool = False
    merges: bool = False
    owner: str = ""
    comment: str | None = None

    @property
    def title(self) -> str:
        """With its operands: ``operator public.=(text, integer)``."""
        return f"{self.kind} {display(self.schema)}.{self.name}({self.left or 'NONE'}, {self.right})"


def read(connection: Connection, scope: Scope) -> tuple[Operator, ...]:
    """Read the operators with one query."""
    return fetch(connection, Operator, SQL, scope)
