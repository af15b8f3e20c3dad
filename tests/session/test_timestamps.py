from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, DateTime, Integer, MetaData, Table, func, insert, text, update
from tests.session.models import Person

from alembic_assay.session.timestamps import keep_timestamps, trigger_sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from alembic_assay.session import Database

LONG_AGO, AGO = datetime(2001, 1, 1, tzinfo=UTC), datetime(2002, 1, 1, tzinfo=UTC)


def test_objects_and_bulk_statements_are_stamped(database: Database) -> None:
    with database.session() as session:
        ada, bob = Person(name="Ada"), Person(name="Bob")
        session.add_all([ada, bob])
        session.flush()
        assert ada.created_at == ada.updated_at is not None
        session.execute(insert(Person).values(name="Cyd"))
        assert session.query(Person).where(Person.created_at.is_(None)).count() == 0
    with database.session() as session:
        session.get_one(Person, ada.id).name = "Ada L."
        session.execute(update(Person).where(Person.id == bob.id).values(name="Bob M."))
    with database.session() as session:
        people = {person.name: person for person in session.query(Person)}
    assert {name: person.updated_at != person.created_at for name, person in people.items()} == {
        "Ada L.": True,
        "Bob M.": True,
        "Cyd": False,
    }


def test_a_value_that_is_given_stays(database: Database) -> None:
    with database.session() as session:
        ada = Person(name="Ada", created_at=LONG_AGO, updated_at=LONG_AGO)
        session.add(ada)
        session.flush()
        ada.name, ada.updated_at = "Ada L.", AGO
        session.flush()
        session.refresh(ada)
        assert (ada.created_at, ada.updated_at) == (LONG_AGO, AGO)


def test_defaults_of_a_column_stay_and_other_metadata_too() -> None:
    metadata, stranger = MetaData(), MetaData()
    keep_timestamps(metadata, created="made", updated="changed")
    tables = [
        Table(
            "t",
            each,
            Column("id", Integer),
            Column("made", DateTime, server_default=func.now()),
            Column("changed", DateTime, onupdate=func.clock_timestamp()),
        )
        for each in (metadata, stranger)
    ]
    assert str(update(tables[0]).values(id=1)) == "UPDATE t SET id=:id, changed=clock_timestamp()"
    assert str(insert(tables[0]).values(id=1)) == "INSERT INTO t (id, changed) VALUES (:id, now())"
    assert str(insert(tables[1]).values(id=1)) == "INSERT INTO t (id) VALUES (:id)"


@pytest.mark.parametrize(("schema", "column"), [(None, "updated_at"), ('My "App"', "Changed At")])
def test_a_trigger_sees_every_writer(connection: Connection, schema: str | None, column: str) -> None:
    quoted = '"' + column + '"'
    table = "t" if schema is None else '"My ""App""".t'
    if schema is not None:
        connection.execute(text('CREATE SCHEMA "My ""App"""'))
    connection.execute(text(f"CREATE TABLE {table} (a int, {quoted} timestamptz)"))
    connection.execute(text(f"INSERT INTO {table} VALUES (1), (2)"))
    for _ in range(2):  # another table of the schema has the same function
        for statement in trigger_sql("t", schema=schema, column=column):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f'DROP TRIGGER "touch_{column}" ON {table}') if _ == 0 else None
    connection.execute(text(f"UPDATE {table} SET a = a WHERE a = 1"))  # changes nothing
    connection.execute(text(f"UPDATE {table} SET a = 3 WHERE a = 2"))
    rows = connection.execute(text(f"SELECT a, {quoted} = now() FROM {table} ORDER BY a")).all()
    assert [tuple(row) for row in rows] == [(1, None), (3, True)]


def test_a_column_name_that_would_end_the_function() -> None:
    message = "expected a column name without '$$', got 'a$$b'."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        trigger_sql("t", column="a$$b")
