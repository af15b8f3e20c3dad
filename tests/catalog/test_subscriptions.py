"""Subscriptions: read without how they connect, and made so that they do not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support import roundtrip, servers

from alembic_assay import catalog
from alembic_assay.catalog.create_sql import create_sql
from alembic_assay.catalog.subscriptions import Subscription

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

MADE = """
CREATE SUBSCRIPTION "Every ""one"" %:x" CONNECTION 'host=h password=hunter2' PUBLICATION "B b", a
    WITH (connect = false, slot_name = 'a_slot', binary = true, streaming = on);
CREATE SUBSCRIPTION plain CONNECTION 'host=h password=hunter2' PUBLICATION a WITH (connect = false, slot_name = NONE);
COMMENT ON SUBSCRIPTION plain IS '100% of ''it''';
"""


def drop_subscriptions(url: URL) -> None:
    """Drop them all: a database that has some cannot be dropped."""
    with psycopg.connect(servers.libpq_url(url), autocommit=True) as connection:
        query = "SELECT subname FROM pg_subscription JOIN pg_database AS d ON d.oid = subdbid AND datname = current_database()"
        for (name,) in connection.execute(query).fetchall():
            quoted = '"' + name.replace('"', '""') + '"'
            connection.execute(f"ALTER SUBSCRIPTION {quoted} SET (slot_name = NONE)".encode())
            connection.execute(f"DROP SUBSCRIPTION {quoted}".encode())


@pytest.fixture
def two(server_url: URL) -> Iterator[tuple[URL, URL]]:
    with servers.database(server_url) as one, servers.database(server_url) as other:
        yield one, other
        drop_subscriptions(one)
        drop_subscriptions(other)


def test_they_come_back_without_their_secret(two: tuple[URL, URL]) -> None:
    one, other = two
    roundtrip.load(one, filter(str.strip, MADE.split(";")))
    snapshot = roundtrip.snapshot_of(one)
    odd, plain = snapshot.of(Subscription)
    assert (odd.name, odd.publications, odd.slot) == ('Every "one" %:x', ("B b", "a"), "a_slot")
    assert set(odd.options) >= {"binary=true", "streaming=on"}
    assert (plain.slot, plain.comment) == (None, "100% of 'it'")
    statements = create_sql(snapshot)
    assert "hunter2" not in str(snapshot.records) + "".join(statements)
    roundtrip.load(other, statements)
    assert catalog.diff(snapshot, roundtrip.snapshot_of(other)) == []
