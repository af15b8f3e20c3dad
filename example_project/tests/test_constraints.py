from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

USER = "INSERT INTO users (id, email, name, password_hash) VALUES ('ada', 'ada@example.com', 'Ada', '!')"
CATEGORY = "INSERT INTO categories (name) VALUES ('work')"
TASK = "INSERT INTO tasks (user_id, title) VALUES ('ada', 'T')"

VIOLATIONS = {
    "pk_users": USER.replace("ada@", "other@"),
    "uq_users_email": USER.replace("'ada'", "'other'"),
    "ck_users_email_lower": "UPDATE users SET email = 'Ada@example.com'",
    "ck_users_name_not_blank": "UPDATE users SET name = '  '",
    "pk_categories": "INSERT INTO categories (id, name) SELECT id, 'other' FROM categories",
    "uq_categories_name": CATEGORY,
    "ck_categories_name_not_blank": "UPDATE categories SET name = ''",
    "pk_tasks": "INSERT INTO tasks (id, user_id, title) SELECT id, 'ada', 'T' FROM tasks",
    "fk_tasks_user_id_users": "UPDATE tasks SET user_id = 'nobody'",
    "fk_tasks_category_id_categories": "UPDATE tasks SET category_id = -1",
    "ck_tasks_title_not_blank": "UPDATE tasks SET title = ' '",
    "ck_tasks_due_time_has_date": "UPDATE tasks SET due_time = '09:00'",
    "ck_tasks_tags_is_array": """UPDATE tasks SET tags = '"home"'""",
    "ck_tasks_tags_are_strings": """UPDATE tasks SET tags = '["home", 1]'""",
}

ALL_CONSTRAINTS = """
    SELECT conname FROM pg_constraint
    WHERE conrelid IN ('users'::regclass, 'tasks'::regclass, 'categories'::regclass) AND contype <> 'n'
"""

NOT_NULL = """
    SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relname IN ('users', 'tasks', 'categories') AND attnum > 0 AND attnotnull
"""


def fill(connection: Connection) -> None:
    for statement in (USER, CATEGORY, TASK):
        connection.exec_driver_sql(statement)


def refusal(connection: Connection, statement: str) -> psycopg.errors.Diagnostic:
    with pytest.raises(DBAPIError) as raised:
        connection.exec_driver_sql(statement)
    error = raised.value.orig
    assert isinstance(error, psycopg.Error)
    return error.diag


@pytest.mark.parametrize("name", VIOLATIONS)
def test_violation(engine: Engine, name: str) -> None:
    with engine.connect() as connection:
        fill(connection)
        assert refusal(connection, VIOLATIONS[name]).constraint_name == name


def test_every_constraint_is_violated_above(engine: Engine) -> None:
    with engine.connect() as connection:
        assert set(connection.exec_driver_sql(ALL_CONSTRAINTS).scalars()) == set(VIOLATIONS)


def test_every_constraint_is_validated(engine: Engine) -> None:
    with engine.connect() as connection:
        query = "SELECT conname FROM pg_constraint WHERE NOT convalidated"
        assert connection.exec_driver_sql(query).scalars().all() == []


def test_not_null(engine: Engine) -> None:
    with engine.connect() as connection:
        fill(connection)
        columns = sorted(connection.exec_driver_sql(NOT_NULL).scalars())
        assert len(columns) == 19
        for column in columns:
            table, name = column.split(".")
            with connection.begin_nested() as savepoint:
                found = refusal(connection, f"UPDATE {table} SET {name} = NULL")
                savepoint.rollback()
            assert (found.sqlstate, found.table_name, found.column_name) == ("23502", table, name)


@pytest.mark.parametrize(("table", "column", "length"), [("users", "name", 255), ("tasks", "title", 200)])
def test_too_long(engine: Engine, table: str, column: str, length: int) -> None:
    with engine.connect() as connection:
        fill(connection)
        connection.exec_driver_sql(f"UPDATE {table} SET {column} = repeat('é', {length})")
        found = refusal(connection, f"UPDATE {table} SET {column} = repeat('é', {length + 1})")
        assert found.sqlstate == "22001"
        assert found.message_primary == f"value too long for type character varying({length})"


def test_priority_takes_its_labels_only(engine: Engine) -> None:
    with engine.connect() as connection:
        fill(connection)
        found = refusal(connection, "UPDATE tasks SET priority = 'HIGH'")
        assert found.message_primary == 'invalid input value for enum task_priority: "HIGH"'


def test_no_index_repeats_another(engine: Engine) -> None:
    with engine.connect() as connection:
        query = """
            SELECT a.indexrelid::regclass::text, b.indexrelid::regclass::text FROM pg_index a JOIN pg_index b
            ON a.indrelid = b.indrelid AND a.indexrelid <> b.indexrelid AND a.indpred IS NULL AND b.indpred IS NULL
            AND b.indkey::text || ' ' LIKE a.indkey::text || ' %%'
        """
        assert connection.exec_driver_sql(query).all() == []
