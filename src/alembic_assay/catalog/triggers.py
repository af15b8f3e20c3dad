"""Triggers, and the internal ones of foreign keys where somebody disabled them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_TABLES, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.relname AS table,
       CASE WHEN t.tgisinternal THEN format('%s (%s)', k.conname, t.tgfoid::regproc) ELSE t.tgname::text END AS name,
       CASE WHEN t.tgisinternal THEN '' ELSE pg_get_triggerdef(t.oid) END AS definition,
       CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' ELSE 'origin' END
           AS enabled,
       whole.tgrelid::regclass::text AS parent, d.description AS comment
FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint AS k ON k.oid = t.tgconstraint
LEFT JOIN pg_trigger AS whole ON whole.oid = t.tgparentid
{comment_on("pg_trigger", "t.oid")}
WHERE (NOT t.tgisinternal OR t.tgenabled <> 'O') AND {IN_TABLES} AND {not_of_extension("pg_class", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Record):
    """A trigger.

    Args:
        schema: The schema of its table.
        table: Its table.
        name: Its name; for an internal trigger, its constraint and function.
        definition: As ``pg_get_triggerdef`` writes it.
        enabled: ``origin``, ``replica``, ``always`` or ``disabled``.
        parent: The partitioned table whose trigger it is a copy of, with its schema.
        comment: What ``COMMENT ON TRIGGER`` said.
    """

    kind: ClassVar[str] = "trigger"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "table", "name")

    schema: str
    table: str
    name: str
    definition: str
    enabled: str = "origin"
    parent: str | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Trigger, ...]:
    """Read the triggers with one query."""
    return fetch(connection, Trigger, SQL, scope)
