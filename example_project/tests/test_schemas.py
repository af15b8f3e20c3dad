from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from models import (
    CategoryCreate,
    Priority,
    TaskCreate,
    TaskRead,
    TaskUpdate,
    User,
    UserCreate,
    UserRead,
    UserUpdate,
    metadata,
)

NOW = datetime(2025, 3, 1, tzinfo=UTC)


def problems(model: type[Any], **values: Any) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as raised:
        model.model_validate(values)
    return [(error["loc"], error["msg"]) for error in raised.value.errors()]


@pytest.mark.parametrize("title", ["", "   ", "\t\n"])
def test_blank_title(title: str) -> None:
    expected = [(("title",), "String should have at least 1 character")]
    assert problems(TaskCreate, title=title) == expected
    assert problems(TaskUpdate, title=title) == expected


def test_title_of_201_characters() -> None:
    expected = [(("title",), "String should have at most 200 characters")]
    assert problems(TaskCreate, title="é" * 201) == expected
    assert problems(TaskUpdate, title="é" * 201) == expected
    assert TaskCreate(title="é" * 200).title == "é" * 200


def test_title_is_stripped() -> None:
    assert TaskCreate(title=f" {'x' * 200} ").title == "x" * 200


def test_task_defaults() -> None:
    assert TaskCreate(title="T").model_dump() == {
        "title": "T",
        "description": "",
        "priority": Priority.MEDIUM,
        "due_date": None,
        "due_time": None,
        "tags": [],
        "category_id": None,
    }


def test_priority_is_read_and_written_by_value() -> None:
    task = TaskCreate.model_validate_json('{"title": "T", "priority": "high"}')
    assert task.priority is Priority.HIGH
    assert '"priority":"high"' in task.model_dump_json()
    assert problems(TaskCreate, title="T", priority="HIGH") == [
        (("priority",), "Input should be 'low', 'medium' or 'high'")
    ]


def test_due_time_needs_a_date() -> None:
    assert problems(TaskCreate, title="T", due_time=time(9)) == [((), "Value error, due_time needs a due_date")]


def test_tags_are_short_texts() -> None:
    assert problems(TaskCreate, title="T", tags=["ok", " "]) == [
        (("tags", 1), "String should have at least 1 character")
    ]
    assert problems(TaskUpdate, tags=["x" * 51]) == [(("tags", 0), "String should have at most 50 characters")]


@pytest.mark.parametrize("field", ["title", "description", "priority", "tags", "is_completed"])
def test_null_is_not_a_way_to_clear_what_is_not_null(field: str) -> None:
    message = "Value error, expected a value, got null; leave the field out to keep what is stored"
    assert problems(TaskUpdate, **{field: None}) == [((field,), message)]


def test_a_partial_update_holds_what_was_sent() -> None:
    assert TaskUpdate.model_validate({"due_date": None}).model_dump(exclude_unset=True) == {"due_date": None}


def test_read_takes_aware_times_only() -> None:
    row = {"id": 1, "user_id": "ada", "title": "T", "category_id": None, "is_completed": False}
    assert TaskRead.model_validate({**row, "created_at": NOW, "updated_at": NOW}).created_at == NOW
    naive = datetime(2025, 3, 1)  # noqa: DTZ001 - what is refused
    assert problems(TaskRead, **row, created_at=naive, updated_at=NOW) == [
        (("created_at",), "Input should have timezone info")
    ]


def test_password_hash_is_never_read() -> None:
    user = User(email="ada@example.com", name="Ada", password_hash="scrypt$s3cret", created_at=NOW, updated_at=NOW)
    shown = UserRead.model_validate(user)
    assert "password_hash" not in UserRead.model_fields
    assert "password" not in UserRead.model_fields
    assert "s3cret" not in shown.model_dump_json()


def test_a_password_is_hidden_in_what_is_logged() -> None:
    created = UserCreate(email="ada@example.com", name="Ada", password=SecretStr("correct horse"))
    assert "correct horse" not in repr(created)
    assert created.password.get_secret_value() == "correct horse"


def test_a_short_password_is_refused_without_showing_it() -> None:
    with pytest.raises(ValidationError) as raised:
        UserCreate(email="ada@example.com", name="Ada", password=SecretStr("hunter2"))
    assert "hunter2" not in str(raised.value)


def test_email_is_checked_and_lowered() -> None:
    user = UserCreate(email=" Ada@Example.COM ", name="Ada", password=SecretStr("correct horse"))
    assert user.email == "ada@example.com"
    assert UserUpdate(email="ADA@example.com").email == "ada@example.com"
    message = "Value error, expected an address such as ada@example.com"
    for wrong in ("ada", "@", "a@b@c", "a b@c", ""):
        assert problems(UserUpdate, email=wrong) == [(("email",), message)]


def test_clients_do_not_choose_what_the_server_does() -> None:
    for model in (UserCreate, UserUpdate, TaskCreate, TaskUpdate, CategoryCreate):
        assert not {"id", "user_id", "created_at", "updated_at", "password_hash"} & set(model.model_fields)


def test_every_table_and_column_has_a_comment() -> None:
    for table in metadata.sorted_tables:
        assert table.comment
        assert [column.name for column in table.columns if not column.comment] == []


def test_every_constraint_and_index_has_a_name() -> None:
    for table in metadata.sorted_tables:
        assert all(constraint.name for constraint in table.constraints)
        assert all(str(index.name).startswith(f"idx_{table.name}_") for index in table.indexes)
