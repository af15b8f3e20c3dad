"""The two applications of the example project: designed, generated, made, filled and queried."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import NullPool, create_engine, orm, select, text
from sqlalchemy.exc import DBAPIError
from tests.design.made import differences
from tests.emit.generated import imported, migrate
from tests.support.autogenerate import generate

from alembic_assay.design import design_schema, load

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

REQUIREMENTS = Path(__file__).parents[2] / "example_project" / "requirements"


def designed(name: str) -> dict[str, Any]:
    return design_schema(load(REQUIREMENTS / f"{name}.yaml"))


def refused(session: orm.Session, row: Any) -> str:
    """Return the constraint that refuses a row, or the error."""
    savepoint = session.begin_nested()
    session.add(row)
    try:
        session.flush()
    except DBAPIError as error:
        cause: Any = error.orig
        return str(cause.diag.constraint_name or type(cause).__name__)
    finally:
        savepoint.rollback()
    return ""


def test_users_and_tasks(database_url: URL, tmp_path: Path) -> None:
    schema = designed("tasks")
    with imported(schema, "sqlmodel", tmp_path) as module:
        migrate(schema, database_url)
        assert generate(database_url, module.metadata).upgrade == "pass"
        with orm.Session(create_engine(database_url, poolclass=NullPool)) as session:
            ada = module.User(id="ada", email="Ada@example.com", name="Ada", password_hash="h")
            ada.tasks = [module.Task(title=f"task {n}", tags=["work"]) for n in range(3)]
            session.add(ada)
            session.commit()
            assert session.scalars(select(module.User).where(module.User.email == "ada@EXAMPLE.com")).one() is ada
            found = session.scalars(select(module.Task).where(module.Task.tags.contains(["work"]))).all()
            assert {each.status.value for each in found} == {"Pending"}
            for wrong in ({"title": " "}, {"due_time": "10:00"}, {"title": "x" * 201}):
                task = module.Task(**{"title": "x", "user_id": "ada", **wrong})
                assert refused(session, task) in {
                    "ck_tasks_title_not_blank",
                    "ck_tasks_due_time_has_date",
                    "StringDataRightTruncation",
                }
            session.delete(ada)
            session.commit()
            assert session.scalars(select(module.Task)).all() == []


def test_the_textbook(database_url: URL, tmp_path: Path) -> None:
    schema = designed("textbook")
    with imported(schema, "declarative", tmp_path) as module:
        migrate(schema, database_url)
        assert generate(database_url, module.metadata).upgrade == "pass"
        with orm.Session(create_engine(database_url, poolclass=NullPool)) as session:
            ada = module.User(
                email="ada@x", name="Ada", password_hash="h", preference=module.Preference(level="advanced")
            )
            book = module.Book(slug="robots", title="Robots")
            chapter = module.Chapter(title="Arms", position=1, book=book, body="An arm has joints")
            passage = module.Passage(chapter=chapter, content="joints", position=0, checksum="0" * 64)
            answer = module.Message(author="assistant", content="Two.", tokens=2)
            session.add_all([ada, chapter, passage, module.ReadingProgress(chapter=chapter, user=ada, percent=50)])
            session.add(module.Conversation(user=ada, chapter=chapter, messages=[answer]))
            session.flush()
            session.add(module.MessageSource(message=answer, passage=passage))
            session.commit()
            search = text("SELECT title FROM chapters WHERE to_tsvector('english', body) @@ to_tsquery('joint')")
            assert session.execute(search).scalars().all() == ["Arms"]
            assert [each.percent for each in ada.reading_progress] == [50]
            other = module.User(email="ADA@x", name="Other", password_hash="h")
            assert refused(session, other) == "uq_users_email_live"
            session.delete(book)
            session.commit()
            assert [each.chapter for each in ada.conversations] == [None]
            session.delete(ada)
            session.commit()
            assert [session.scalars(select(each)).all() for each in (module.Message, module.Preference)] == [[], []]


@pytest.mark.parametrize("name", ["tasks", "textbook"])
def test_only_own_expressions_are_spelled_otherwise_by_the_server(name: str, connection: Connection) -> None:
    changed = [line.partition(":")[0] for line in differences(connection, designed(name))]
    assert (
        changed
        == {
            "tasks": [
                "constraint public.tasks.ck_tasks_due_time_has_date",
                "constraint public.tasks.ck_tasks_title_not_blank",
                "constraint public.users.ck_users_name_not_blank",
                "index public.tasks.idx_tasks_due_date_partial",
            ],
            "textbook": ["index public.chapters.idx_chapters_book_id_position_partial"],
        }[name]
    )


@pytest.mark.parametrize("name", ["tasks", "textbook"])
def test_nothing_is_unwise(name: str) -> None:
    assert "lints" not in designed(name)
