"""The users/tasks schemas that this package began with contradict each other; each contradiction is found by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alembic_assay import catalog
from alembic_assay.catalog import document
from alembic_assay.design.lints import lints
from alembic_assay.errors import InvalidSchemaError

if TYPE_CHECKING:
    from sqlalchemy import Connection

SPECIFICATION = """
CREATE TABLE users (
    id TEXT PRIMARY KEY, email VARCHAR(255) UNIQUE NOT NULL, name VARCHAR(255) NOT NULL,
    password_hash VARCHAR(255) NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, is_active BOOLEAN DEFAULT true, last_login_at TIMESTAMP NULL
);
CREATE INDEX idx_users_email ON users(email);
CREATE TABLE tasks (
    id SERIAL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE, title VARCHAR(200) NOT NULL,
    description TEXT, status VARCHAR(20) DEFAULT 'Pending', priority VARCHAR(20) DEFAULT 'Medium',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    completed_at TIMESTAMP NULL, deleted_at TIMESTAMP NULL
);
CREATE INDEX idx_tasks_user_id ON tasks(user_id);
CREATE INDEX idx_tasks_status ON tasks(status);
CREATE INDEX idx_tasks_created_at ON tasks(created_at DESC);
CREATE INDEX idx_tasks_user_status ON tasks(user_id, status);
"""
TEMPLATE = """
CREATE TABLE tasks (id VARCHAR(6) PRIMARY KEY, title VARCHAR(200) NOT NULL, user_id INTEGER,
    due_date DATE, created_at TIMESTAMP DEFAULT now());
CREATE INDEX idx_tasks_user_id ON tasks (user_id);
CREATE INDEX idx_tasks_user_id_created_at ON tasks (user_id, created_at);
"""


def read(connection: Connection, sql: str) -> catalog.Snapshot:
    connection.exec_driver_sql(sql)
    return catalog.read(connection)


def found(snapshot: catalog.Snapshot, *names: str) -> list[tuple[str, str]]:
    return [(each["lint"], each["object"]) for each in lints(snapshot) if each["lint"] in names]


def test_indexes_that_others_serve(connection: Connection) -> None:
    assert found(read(connection, SPECIFICATION), "redundant-index", "fk-without-index") == [
        ("redundant-index", "index public.tasks.idx_tasks_user_id"),
        ("redundant-index", "index public.users.idx_users_email"),
    ]
    connection.exec_driver_sql("DROP TABLE tasks; DROP TABLE users")
    assert found(read(connection, TEMPLATE), "redundant-index", "short-text-key") == [
        ("redundant-index", "index public.tasks.idx_tasks_user_id"),
        ("short-text-key", "column public.tasks.id"),
    ]


def test_timestamps_without_a_time_zone_and_nothing_documented(connection: Connection) -> None:
    snapshot = read(connection, SPECIFICATION)
    assert len(found(snapshot, "timestamp-without-time-zone")) == 7
    assert found(snapshot, "missing-comment") == [
        ("missing-comment", "table public.tasks"),
        ("missing-comment", "table public.users"),
    ]


def test_a_foreign_key_without_an_index(connection: Connection) -> None:
    sql = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a, x int); CREATE INDEX i ON b (x, a_id)"
    assert found(read(connection, sql), "fk-without-index") == [("fk-without-index", "constraint public.b.b_a_id_fkey")]


@pytest.mark.parametrize(
    ("column", "references", "code", "message"),
    [
        (
            {"name": "user_id", "type": "integer", "nullable": False},
            {"table": "public.users", "columns": ["id"]},
            "SCH201",
            "column 'user_id' is integer, but 'id', which it references, is text.",
        ),
        (
            {"name": "user_id", "type": "text", "nullable": False},
            {"table": "public.user", "columns": ["id"]},
            "SCH203",
            "no table 'public.user' in this document.",
        ),
    ],
)
def test_the_two_models_do_not_fit_together(
    column: dict[str, Any], references: dict[str, Any], code: str, message: str
) -> None:
    users = {"schema": "public", "name": "users", "columns": [{"name": "id", "type": "text", "nullable": False}]}
    key = {"name": "fk_tasks_user_id_users", "columns": ["user_id"], "references": references}
    tasks = {"schema": "public", "name": "tasks", "columns": [column], "foreign_keys": [key]}
    primary = {"name": "pk_users", "columns": ["id"]}
    with pytest.raises(InvalidSchemaError) as caught:
        document.from_document({"format": "schema/1", "tables": [tasks, {**users, "primary_key": primary}]})
    assert [(each["code"], each["message"]) for each in caught.value.errors] == [(code, message)]
