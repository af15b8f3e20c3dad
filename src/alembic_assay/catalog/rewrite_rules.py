"""Rewrite rules (``CREATE RULE``), without the ones that make a view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_TABLES, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.relname AS table, r.rulename AS name, pg_get_ruledef(r.oid) AS definition,
       CASE r.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' ELSE 'origin' END
           AS enabled,
       d.description AS comment
FROM pg_rewrite AS r
JOIN pg_class AS c ON c.oid = r.ev_class
JOIN pg_namespace AS n ON n.oid = c.relnamespace
{comment_on("pg_rewrite", "r.oid")}
WHERE r.rulename <> '_RETURN' AND {IN_TABLES} AND {not_of_extension("pg_class", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteRule(Record):
    """A rewrite rule.

    Args:
        schema: The schema of its table or view.
        table: Its table or view.
        name: Its name.
        definition: As ``pg_get_ruledef`` writes it.
        enabled: ``origin``, ``replica``, ``always`` or ``disabled``.
        comment: What ``COMMENT ON RULE`` said.
    """

    kind: ClassVar[str] = "rule"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "table", "name")

    schema: str
    table: str
    name: str
    definition: str
    enabled: str = "origin"
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[RewriteRule, ...]:
    """Read the rewrite rules with one query."""
    return fetch(connection, RewriteRule, SQL, scope)
