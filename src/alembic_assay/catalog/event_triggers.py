"""Event triggers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import OF_DATABASE, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT e.evtname AS name, e.evtevent AS event, COALESCE(e.evttags, '{{}}') AS tags, e.evtfoid::regproc::text AS function,
       CASE e.evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' ELSE 'origin' END
           AS enabled,
       pg_get_userbyid(e.evtowner) AS owner, d.description AS comment
FROM pg_event_trigger AS e
{comment_on("pg_event_trigger", "e.oid")}
WHERE {OF_DATABASE} AND {not_of_extension("pg_event_trigger", "e.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger(Record):
    """An event trigger.

    Args:
        name: Its name.
        event: ``ddl_command_end`` …
        tags: The commands that it is for, ``CREATE TABLE`` …; none are all.
        function: What it calls.
        enabled: ``origin``, ``replica``, ``always`` or ``disabled``.
        owner: The role that owns it.
        comment: What ``COMMENT ON EVENT TRIGGER`` said.
    """

    kind: ClassVar[str] = "event trigger"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    event: str
    tags: tuple[str, ...] = ()
    function: str
    enabled: str = "origin"
    owner: str = ""
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[EventTrigger, ...]:
    """Read the event triggers with one query."""
    return fetch(connection, EventTrigger, SQL, scope)
