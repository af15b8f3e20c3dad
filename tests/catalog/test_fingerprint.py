"""Fingerprints: equal where diff says equal, and only there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from alembic_assay import catalog
from alembic_assay.catalog import document
from alembic_assay.catalog.dependencies import Dependency
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.fingerprint import fingerprint, fingerprints
from alembic_assay.catalog.snapshot import Snapshot

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCHEMA = "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood); CREATE TABLE u (id int)"


@pytest.mark.parametrize(
    ("statement", "touched"),
    [
        ("ALTER TYPE mood ADD VALUE 'happy'", ["enum public.mood"]),
        ("ALTER TABLE t ALTER m SET NOT NULL", ["table public.t"]),
        ("CREATE INDEX i ON t (m DESC)", ["table public.t"]),
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", ["table public.t"]),
        ("DROP TABLE u", ["table public.u"]),
        ("CREATE TABLE w (id int)", ["table public.w"]),
        ("COMMENT ON COLUMN t.id IS 'key'", ["table public.t"]),
        ("INSERT INTO t VALUES (1, 'sad')", []),
    ],
)
def test_a_change_touches_the_fingerprint_of_its_object_only(
    connection: Connection, statement: str, touched: list[str]
) -> None:
    connection.exec_driver_sql(SCHEMA)
    before = catalog.read(connection)
    connection.execute(text(statement))
    after = catalog.read(connection)
    assert (fingerprint(before) == fingerprint(after)) is (catalog.diff(before, after) == []) is (touched == [])
    one, other = fingerprints(before), fingerprints(after)
    assert sorted(title for title in one.keys() | other.keys() if one.get(title) != other.get(title)) == touched


def test_comments_count_unless_said_otherwise(connection: Connection) -> None:
    connection.exec_driver_sql(SCHEMA)
    before = catalog.read(connection)
    connection.exec_driver_sql("COMMENT ON TYPE mood IS 'x'; COMMENT ON TABLE t IS 'y'; COMMENT ON COLUMN t.id IS 'z'")
    after = catalog.read(connection)
    assert fingerprint(before) != fingerprint(after)
    assert fingerprint(before, comments=False) == fingerprint(after, comments=False)
    assert fingerprints(before, comments=False) == fingerprints(after, comments=False)


def test_anybody_can_compute_it_from_the_document(connection: Connection) -> None:
    connection.exec_driver_sql(SCHEMA)
    snapshot = catalog.read(connection)
    found = json.loads(document.dumps(document.to_document(snapshot, name="shop", version="1.0.0")))
    for name in ("name", "version", "fingerprint", "dependencies"):
        found.pop(name, None)
    compact = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert fingerprint(snapshot) == f"sha256:{hashlib.sha256(compact.encode()).hexdigest()}"


def test_what_the_server_derives_does_not_count() -> None:
    snapshot = Snapshot((Enum(schema="public", name="a", labels=()),))
    more = replace(snapshot, dependencies=(Dependency("view", ("a", "b"), "enum", ("public", "a")),))
    assert fingerprint(snapshot) == fingerprint(more)


def test_it_stays_what_it_is() -> None:
    snapshot = Snapshot((Enum(schema="public", name="größe", labels=("s", "no"), comment="c"),))
    assert fingerprint(snapshot) == "sha256:eca3e51a9f531532307536525017f336b2124defd707d2f7ac628605f99e3520"


enums = st.lists(
    st.builds(
        lambda name, labels, comment: Enum(schema="public", name=name, labels=tuple(labels), comment=comment),
        st.sampled_from("abc"),
        st.lists(st.sampled_from(["x", "y"]), max_size=2),
        st.none() | st.just(""),
    ),
    unique_by=lambda enum: enum.name,
).map(lambda found: Snapshot(tuple(sorted(found, key=lambda enum: enum.key))))


@given(enums, enums)
def test_equal_fingerprints_are_equal_snapshots(one: Snapshot, other: Snapshot) -> None:
    assert (fingerprint(one) == fingerprint(other)) is (catalog.diff(one, other) == [])
