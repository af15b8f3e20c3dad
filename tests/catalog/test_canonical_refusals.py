"""What the server refuses: isolated, named in its own words, and nothing else with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import NullType, UserDefinedType

from alembic_assay.catalog.canonical import CanonicalError, Refused, canonical
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.tables import Table as TableRecord

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection


class Missing(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "app.missing"


def partly_refused() -> MetaData:
    metadata = MetaData(schema="app")
    Table(
        "good",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a", Integer, ForeignKey("app.bad.id")),
        Column("b", Integer, ForeignKey("app.lost.id")),
        Column("c", Integer, ForeignKey("app.keyless.a")),
        CheckConstraint("no_such(id)", name="bad_check"),
        CheckConstraint("id > 0"),
        CheckConstraint("a > 0"),
        UniqueConstraint("a", name="good_unique"),
        Index("bad_index", "a", postgresql_using="no_such_method"),
        Index("good_index", "b"),
        comment="still there",
    )
    Table("bad", metadata, Column("id", Integer, primary_key=True), Column("x", Missing))
    Table("worse", metadata, Column("id", NullType, primary_key=True))
    Table("keyless", metadata, Column("a", Integer))
    return metadata


def test_refused_objects_do_not_take_others_with_them(connection: Connection) -> None:
    metadata = partly_refused()
    connection.execute(text("CREATE SCHEMA app"))
    found = canonical(connection, metadata)
    assert found.refused == (
        Refused(
            "constraint app.good.bad_check",
            "function no_such(integer) does not exist",
        ),
        Refused(
            "foreign key constraint of app.good (b)",
            "Foreign key associated with column 'good.b' could not find table 'app.lost' with which to generate a"
            " foreign key to target column 'id'",
        ),
        Refused(
            "foreign key constraint of app.good (c)",
            'there is no unique constraint matching given keys for referenced table "keyless"',
        ),
        Refused("index app.good.bad_index", 'access method "no_such_method" does not exist'),
        Refused("table app.bad", 'type "app.missing" does not exist'),
        Refused(
            "table app.worse",
            "(in table 'worse', column 'id'): Can't generate DDL for NullType(); did you forget to specify a type on"
            " this Column?",
        ),
    )
    assert [table.title for table in found.of(TableRecord)] == ["table app.good", "table app.keyless"]
    constraints = [each for each in found.of(Constraint) if each.type != "not null"]
    assert [(each.name, each.definition) for each in constraints] == [
        ("good_a_check", "CHECK ((a > 0))"),
        ("good_a_fkey", "FOREIGN KEY (a) REFERENCES app.bad(id)"),
        ("good_id_check", "CHECK ((id > 0))"),
        ("good_pkey", "PRIMARY KEY (id)"),
        ("good_unique", "UNIQUE (a)"),
    ]


def test_a_refused_table_in_a_chunk_of_many_is_found(connection: Connection) -> None:
    metadata = MetaData()
    for number in range(40):
        Table(f"t{number}", metadata, Column("id", Missing if number in {7, 31} else Integer))
    found = canonical(connection, metadata)
    assert [refused.title for refused in found.refused] == ["table public.t31", "table public.t7"]
    assert len(found.of(TableRecord)) == 38


def test_a_refused_enum_is_told_and_the_real_one_is_used(connection: Connection) -> None:
    connection.execute(text("CREATE TYPE e AS ENUM ('a', 'b')"))
    metadata = MetaData()
    Table("t", metadata, Column("e", Enum("a", "b" * 64, name="e")))
    Table("u", metadata, Column("f", Enum("a", "b" * 64, name="f")))
    found = canonical(connection, metadata)
    label = "b" * 64
    assert found.refused == (
        Refused("enum public.e", f'invalid enum label "{label}"'),
        Refused("enum public.f", f'invalid enum label "{label}"'),
        Refused("table public.u", 'type "public.f" does not exist'),
    )
    assert [table.title for table in found.of(TableRecord)] == ["table public.t"]


def test_a_deferrable_key_is_no_target_whether_its_table_is_there_or_not(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer), UniqueConstraint("id", deferrable=True))
    Table("b", metadata, Column("a_id", Integer, ForeignKey("a.id")))
    refused = (
        Refused(
            "foreign key constraint of public.b (a_id)",
            'cannot use a deferrable unique constraint for referenced table "a"',
        ),
    )
    assert canonical(connection, metadata).refused == refused
    monkeypatch.setattr("alembic_assay.catalog.canonical_chunks.RELATIONS_AT_ONCE", 1)
    assert canonical(connection, metadata).refused == refused


def test_a_role_without_create_is_told_what_is_missing(database_url: URL, connection: Connection) -> None:
    connection.execute(text("CREATE ROLE poor"))
    connection.execute(text("SET LOCAL ROLE poor"))
    with pytest.raises(CanonicalError) as caught:
        canonical(connection, MetaData())
    assert str(caught.value) == (
        f"models are compared in a scratch schema, but role 'poor' may not create schemas in database"
        f' \'{database_url.database}\'. GRANT CREATE ON DATABASE "{database_url.database}" TO "poor";'
    )


def test_a_read_only_transaction_is_refused(database_url: URL, connection: Connection) -> None:
    connection.execute(text("SET TRANSACTION READ ONLY"))
    with pytest.raises(CanonicalError) as caught:
        canonical(connection, MetaData())
    assert str(caught.value) == (
        "models are compared in a scratch schema, expected a transaction that may write in database"
        f" '{database_url.database}', got a read-only one. Connect to the primary, without"
        " default_transaction_read_only."
    )


def test_autocommit_is_refused(database_url: URL) -> None:
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, pytest.raises(CanonicalError) as caught:
        canonical(connection, MetaData())
    engine.dispose()
    assert str(caught.value) == (
        "models are compared in a transaction that is rolled back, got a connection in AUTOCOMMIT."
        " Use another connection, or another isolation_level."
    )


def test_what_is_not_the_models_fault_is_an_error(connection: Connection) -> None:
    connection.execute(text("SET LOCAL statement_timeout = '1ms'"))
    metadata = MetaData()
    for number in range(50):
        Table(f"t{number}", metadata, Column("id", Integer, primary_key=True), Column("a", Text, unique=True))
    with pytest.raises(CanonicalError) as caught:
        canonical(connection, metadata)
    assert str(caught.value) == (
        "the canonical form of the models could not be found: canceling statement due to statement timeout."
    )


def test_labels_with_percent_signs_need_no_doubling(connection: Connection) -> None:
    metadata = MetaData()
    Table("t", metadata, Column("e", postgresql.ENUM("50%", "%s", "%%", name="e")))
    enum = next(record for record in canonical(connection, metadata) if record.kind == "enum")
    assert enum.labels == ("50%", "%s", "%%")  # type: ignore[attr-defined] # an Enum
