"""Subscriptions of logical replication, without how they connect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import OF_DATABASE, Scope, comment_on, fetch, major
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OPTIONS = {
    "binary": (14, "CASE WHEN s.subbinary THEN 'true' END"),
    "streaming": (14, "CASE s.substream::text WHEN 'p' THEN 'parallel' WHEN 't' THEN 'on' WHEN 'true' THEN 'on' END"),
    "two_phase": (15, "CASE WHEN s.subtwophasestate <> 'd' THEN 'true' END"),
    "disable_on_error": (15, "CASE WHEN s.subdisableonerr THEN 'true' END"),
    "password_required": (16, "CASE WHEN NOT s.subpasswordrequired THEN 'false' END"),
    "run_as_owner": (16, "CASE WHEN s.subrunasowner THEN 'true' END"),
    "origin": (16, "CASE WHEN s.suborigin <> 'any' THEN s.suborigin END"),
    "failover": (17, "CASE WHEN s.subfailover THEN 'true' END"),
    "synchronous_commit": (14, "NULLIF(s.subsynccommit, 'off')"),
}
"""Since which version, and the value where it is not the default that most versions share."""

SQL = """
SELECT s.subname AS name, s.subpublications AS publications, s.subslotname::text AS slot,
       array_remove(ARRAY[{options}]::text[], NULL) AS options,
       pg_get_userbyid(s.subowner) AS owner, d.description AS comment
FROM pg_subscription AS s
{comment}
WHERE {of_database} AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Record):
    """A subscription; its connection string is a secret, and whether it runs is a matter of operation.

    Args:
        name: Its name.
        publications: To what it subscribes, in order.
        slot: The replication slot at the publisher; ``None`` for none.
        options: ``binary=true`` …, where it is not PostgreSQL's default.
        owner: The role that owns it.
        comment: What ``COMMENT ON SUBSCRIPTION`` said.
    """

    kind: ClassVar[str] = "subscription"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    publications: tuple[str, ...] = ()
    slot: str | None = None
    options: tuple[str, ...] = ()
    owner: str = ""
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[Subscription, ...]:
    """Read the subscriptions of this database with one query; everybody may, but not how they connect."""
    version = major(connection)
    options = ", ".join(f"'{name}=' || {sql}" for name, (since, sql) in sorted(_OPTIONS.items()) if version >= since)
    sql = SQL.format(options=options, comment=comment_on("pg_subscription", "s.oid"), of_database=OF_DATABASE)
    return fetch(connection, Subscription, sql, scope)
