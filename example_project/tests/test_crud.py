from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from db.session import session_scope
from models import Category, Priority, Task, TaskCreate, TaskUpdate, User


def a_user(identifier: str = "ada") -> User:
    return User(id=identifier, email=f"{identifier}@example.com", name=identifier.title(), password_hash="!")


def a_task(title: str = "T", **values: Any) -> Task:
    return Task(**{"title": title, "user": a_user(), **values})


def count(session: Session, model: type[User | Task | Category]) -> int:
    return session.exec(select(func.count()).select_from(model)).one()


def test_create_and_read(session: Session) -> None:
    category = Category(name="work")
    created = TaskCreate(
        title="  Write tests ", due_date=date(2025, 3, 1), due_time=time(9, 30), tags=["home"], priority=Priority.HIGH
    )
    session.add(Task(**created.model_dump(exclude={"category_id"}), user=a_user(), category=category))
    session.commit()
    session.expunge_all()

    task = session.exec(select(Task)).one()
    assert task.model_dump(exclude={"id", "category_id", "created_at", "updated_at"}) == {
        "title": "Write tests",
        "description": "",
        "priority": Priority.HIGH,
        "due_date": date(2025, 3, 1),
        "due_time": time(9, 30),
        "tags": ["home"],
        "user_id": "ada",
        "is_completed": False,
    }
    assert task.user.name == "Ada"
    assert task.category is not None
    assert task.category.name == "work"


def test_the_database_has_the_same_defaults_as_the_models(session: Session) -> None:
    session.add(a_user())
    session.commit()
    session.connection().exec_driver_sql("INSERT INTO tasks (user_id, title) VALUES ('ada', 'plain SQL')")
    session.add(Task(user_id="ada", title="ORM"))
    session.commit()
    rows = session.exec(select(Task).order_by(col(Task.id))).all()
    by_sql, by_orm = (row.model_dump(exclude={"id", "title", "created_at", "updated_at"}) for row in rows)
    assert by_sql == by_orm


def test_a_user_gets_an_identifier_when_the_authentication_service_gave_none(session: Session) -> None:
    user = User(email="x@example.com", name="X", password_hash="!")
    assert len(user.id) == 36
    assert user.id != User(email="y@example.com", name="Y", password_hash="!").id
    session.add(user)
    session.commit()


def test_partial_update_changes_what_was_sent_and_the_time(session: Session) -> None:
    session.add(a_task("Old", description="kept"))
    session.commit()
    task = session.exec(select(Task)).one()
    before = task.updated_at
    changes = TaskUpdate.model_validate({"title": "New", "due_date": None})
    task.sqlmodel_update(changes.model_dump(exclude_unset=True))
    session.commit()
    assert (task.title, task.description) == ("New", "kept")
    assert before is not None
    assert task.updated_at is not None
    assert task.updated_at > before
    assert task.created_at == before


def test_a_tag_added_in_place_is_stored(session: Session) -> None:
    session.add(a_task(tags=["home"]))
    session.commit()
    task = session.exec(select(Task)).one()
    task.tags.append("urgent")
    session.commit()
    session.expunge_all()
    assert session.exec(select(Task)).one().tags == ["home", "urgent"]


def test_two_tasks_do_not_share_their_tags() -> None:
    first, second = Task(title="1", user_id="ada"), Task(title="2", user_id="ada")
    first.tags.append("home")
    assert second.tags == []


def test_tasks_are_found_by_tag_and_sorted_by_priority(session: Session) -> None:
    user = a_user()
    session.add_all(
        a_task(priority.value, priority=priority, tags=["home", priority.value], user=user)
        for priority in (Priority.HIGH, Priority.LOW, Priority.MEDIUM)
    )
    session.commit()
    home = select(Task.title).where(col(Task.tags).contains(["home"]))
    assert session.exec(home.order_by(col(Task.priority))).all() == ["low", "medium", "high"]
    assert session.exec(select(Task.title).where(col(Task.tags).contains(["low"]))).all() == ["low"]


def test_the_enum_is_stored_by_value(session: Session) -> None:
    session.add(a_task(priority=Priority.HIGH))
    session.commit()
    connection = session.connection()
    assert connection.exec_driver_sql("SELECT priority::text FROM tasks").scalar() == "high"
    labels = connection.exec_driver_sql("SELECT enum_range(NULL::task_priority)::text").scalar()
    assert labels == "{low,medium,high}"


def test_times_are_aware_and_keep_their_instant(session: Session) -> None:
    login = datetime(2025, 3, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    user = a_user()
    user.last_login_at = login
    session.add(user)
    session.commit()
    session.refresh(user)
    assert user.last_login_at == login
    for value in (user.last_login_at, user.created_at, user.updated_at):
        assert value is not None
        assert value.utcoffset() is not None
    assert abs(datetime.now(UTC) - (user.created_at or login)) < timedelta(minutes=5)


def test_deleting_a_user_deletes_the_tasks_by_one_statement(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.add_all([a_user("ada"), a_user("bob")])
        session.flush()
        session.add_all(Task(title=f"{owner} {n}", user_id=owner) for owner in ("ada", "bob") for n in range(3))
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    with session_scope(engine) as session:
        session.delete(session.get_one(User, "ada"))
    assert [statement.split()[0] for statement in statements] == ["SELECT", "DELETE"]
    with session_scope(engine) as session:
        assert session.exec(select(Task.user_id).distinct()).all() == ["bob"]
        assert count(session, User) == 1


def test_deleting_a_user_deletes_tasks_that_are_loaded_too(session: Session) -> None:
    user = a_user()
    session.add_all([a_task("1", user=user), a_task("2", user=user)])
    session.commit()
    assert len(user.tasks) == 2
    session.delete(user)
    session.commit()
    assert count(session, Task) == 0


def test_deleting_a_user_in_sql_deletes_the_tasks(session: Session) -> None:
    session.add(a_task())
    session.commit()
    session.connection().exec_driver_sql("DELETE FROM users")
    assert count(session, Task) == 0


@pytest.mark.parametrize("loaded", [True, False])
def test_deleting_a_category_keeps_its_tasks(session: Session, loaded: bool) -> None:
    category = Category(name="work")
    session.add(a_task(category=category))
    session.commit()
    assert not loaded or len(category.tasks) == 1
    session.delete(category)
    session.commit()
    assert session.exec(select(Task.category_id)).all() == [None]


def test_deleting_a_task_keeps_user_and_category(session: Session) -> None:
    task = a_task(category=Category(name="work"))
    session.add(task)
    session.commit()
    session.delete(task)
    session.commit()
    assert (count(session, User), count(session, Category), count(session, Task)) == (1, 1, 0)


def test_a_session_that_fails_writes_nothing(engine: Engine) -> None:
    def fail() -> None:
        with session_scope(engine) as session:
            session.add(a_user())
            session.flush()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match=r"^stop$"):
        fail()
    with session_scope(engine) as session:
        assert count(session, User) == 0


def test_objects_stay_readable_after_the_session(engine: Engine) -> None:
    with session_scope(engine) as session:
        user = a_user()
        session.add(user)
    assert user.name == "Ada"
