"""Constraints of tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_TABLES, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.relname AS table, k.conname AS name,
       CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign key'
                      WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclude' ELSE 'not null' END AS type,
       pg_get_constraintdef(k.oid) AS definition,
       array_remove(ARRAY(
           SELECT (SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = k.conrelid AND a.attnum = u.attnum)
           FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, ord) ORDER BY u.ord), NULL) AS columns,
       NULLIF(k.confrelid, 0)::regclass::text AS references,
       k.convalidated AS validated, k.condeferrable AS deferrable, k.condeferred AS deferred,
       k.conislocal AS local, k.coninhcount::int AS parents,
       d.description AS comment
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
{comment_on("pg_constraint", "k.oid")}
WHERE k.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND {IN_TABLES} AND {not_of_extension("pg_class", "c.oid")}
  AND NOT EXISTS (SELECT FROM pg_constraint AS whole WHERE whole.oid = k.conparentid AND whole.conrelid = k.conrelid)
      -- the server's own copies of a foreign key to a partitioned table, one for each partition
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint(Record):
    """A constraint of a table.

    Args:
        schema: The schema of its table.
        table: Its table.
        name: Its name.
        type: ``primary key``, ``unique``, ``foreign key``, ``check``, ``exclude`` or, from 18, ``not null``.
        definition: As ``pg_get_constraintdef`` writes it.
        columns: The constrained columns, in the order of the constraint.
        references: The table that a foreign key points to, with its schema.
        validated: ``False`` for a constraint that is still NOT VALID.
        deferrable: Whether it can be deferred.
        deferred: Whether it is deferred from the start.
        local: Whether it is declared on this table itself.
        parents: How many parents it is inherited from.
        comment: What ``COMMENT ON CONSTRAINT`` said.
    """

    kind: ClassVar[str] = "constraint"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "table", "name")

    schema: str
    table: str
    name: str
    type: str
    definition: str
    columns: tuple[str, ...] = ()
    references: str | None = None
    validated: bool = True
    deferrable: bool = False
    deferred: bool = False
    local: bool = True
    parents: int = 0
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Constraint, ...]:
    """Read the constraints of all tables with one query."""
    return fetch(connection, Constraint, SQL, scope)
