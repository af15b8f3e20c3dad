from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import aliased, joinedload, selectinload
from tests.session.models import Line, Note, Person

from alembic_assay.session.soft_delete import HARD_DELETE, INCLUDE_DELETED, purge, soft_delete

if TYPE_CHECKING:
    from alembic_assay.session import Database

ALL = {INCLUDE_DELETED: True}
TEXTS = select(Note.text).order_by(Note.id)


@pytest.fixture
def notes(database: Database) -> Database:
    """Ada has the notes one, two and three, of which two is marked; note three has a line."""
    soft_delete(database.sessions)
    with database.session() as session:
        three = Note(text="three", lines=[Line()])
        session.add(Person(id=1, name="Ada", notes=[Note(text="one"), Note(text="two"), three]))
    with database.session() as session:
        session.delete(session.scalars(select(Note).where(Note.text == "two")).one())
    return database


def rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_a_deleted_object_is_marked_and_left_out(notes: Database) -> None:
    assert rows(notes, "SELECT text, deleted_at IS NULL FROM note ORDER BY id") == [
        ("one", True),
        ("two", False),
        ("three", True),
    ]
    with notes.session() as session:
        assert session.scalars(TEXTS).all() == ["one", "three"]
        assert session.scalars(TEXTS.execution_options(**ALL)).all() == ["one", "two", "three"]
        assert session.get(Note, 2) is None
        assert session.scalar(select(func.count()).select_from(Note)) == 2


@pytest.mark.parametrize("loading", [None, joinedload(Person.notes), selectinload(Person.notes)])
def test_relationships_leave_it_out(notes: Database, loading: object) -> None:
    statement = select(Person) if loading is None else select(Person).options(loading)  # type: ignore[arg-type]
    with notes.session() as session:
        person = session.scalars(statement).unique().one()
        assert [note.text for note in person.notes] == ["one", "three"]


def test_joins_and_aliases_leave_it_out(notes: Database) -> None:
    other = aliased(Note)
    with notes.session() as session:
        assert session.scalars(select(other.text).order_by(other.id)).all() == ["one", "three"]
        joined = select(Note.text).join(Person).where(Person.name == "Ada").order_by(Note.id)
        assert session.scalars(joined).all() == ["one", "three"]
        exists = select(Person.name).where(Person.notes.any(Note.text == "two"))
        # SQLAlchemy 2.0 does not apply criteria within any() and has(); 2.1 does.
        assert session.scalars(exists).all() == (["Ada"] if sqlalchemy.__version__.startswith("2.0.") else [])


def test_statements_in_bulk(notes: Database) -> None:
    with notes.session() as session:
        session.execute(update(Note).values(text=Note.text + "!"))
    assert rows(notes, "SELECT text FROM note ORDER BY id") == [("one!",), ("two",), ("three!",)]
    with notes.session() as session:
        gone = session.scalars(delete(Note).where(Note.text == "one!").returning(Note.id)).all()
        assert gone == [1]
    assert rows(notes, "SELECT text FROM note WHERE deleted_at IS NULL") == [("three!",)]
    with notes.session() as session:
        session.execute(delete(Line))  # not a model whose rows are marked
        session.execute(delete(Note).where(Note.id == 3), execution_options={HARD_DELETE: True})
    assert rows(notes, "SELECT id FROM note ORDER BY id") == [(1,), (2,)]


def test_a_delete_in_bulk_marks_once(notes: Database) -> None:
    before = rows(notes, "SELECT deleted_at FROM note WHERE id = 2")
    with notes.session() as session:
        session.execute(delete(Note))
    assert rows(notes, "SELECT deleted_at FROM note WHERE id = 2") == before
    assert rows(notes, "SELECT count(*) FROM note WHERE deleted_at IS NULL") == [(0,)]


def test_what_a_cascade_would_delete_with_it_stays(notes: Database) -> None:
    with notes.session() as session:
        session.delete(session.get_one(Note, 3))
    assert rows(notes, "SELECT deleted_at IS NULL FROM note WHERE id = 3") == [(False,)]
    assert rows(notes, "SELECT count(*) FROM line") == [(1,)]


def test_for_good_where_asked(notes: Database) -> None:
    with notes.session() as session:
        session.info[HARD_DELETE] = True
        session.delete(session.get_one(Note, 3))
    assert rows(notes, "SELECT count(*) FROM note WHERE id = 3") == [(0,)]
    assert rows(notes, "SELECT count(*) FROM line") == [(0,)]


def test_purge_deletes_what_was_marked_long_ago(notes: Database) -> None:
    with notes.session() as session:
        session.execute(
            text(
                "INSERT INTO note (text, person_id, deleted_at) SELECT 'x', 1, '2001-01-01' FROM generate_series(1, 25)"
            )
        )
    with notes.sessions() as session:
        assert purge(session, Note, older_than=timedelta(days=30), batch=10) == 25
        assert purge(session, Note, older_than=timedelta(days=30), batch=10) == 0
    assert rows(notes, "SELECT count(*) FROM note") == [(3,)]


def test_other_sessions_are_not_touched(notes: Database, database: Database) -> None:
    from sqlalchemy.orm import Session  # noqa: PLC0415 - the one that nobody has changed

    with Session(database.engine) as session:
        assert len(session.scalars(TEXTS).all()) == 3
        session.delete(session.get_one(Note, 2))
        session.commit()
    assert rows(notes, "SELECT count(*) FROM note") == [(2,)]
