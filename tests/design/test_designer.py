"""What is designed is what the server keeps, and every choice says why."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tests.design.made import differences, made
from tests.design.wanted import TASKS, attribute, entity, query, relationship

from alembic_assay.catalog import document
from alembic_assay.design import design_schema, json_schema, load

EVERYTHING = Path(__file__).parent / "everything.yaml"


def table(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in found["tables"] if each["name"] == name)


def indexes(found: dict[str, Any], name: str = "tasks") -> list[str]:
    each = table(found, name).get("indexes", ())
    return [index["definition"].partition(" INDEX ")[2].replace("ON public.", "ON ") for index in each]


def test_the_server_keeps_what_is_designed_to_the_letter(connection: Connection) -> None:
    assert differences(connection, design_schema(load(EVERYTHING))) == [
        # An expression of the user is his own; the server sets parentheses.
        "column public.users.computed_x: default (n * 2) → n * 2",
        "constraint public.users.ck_users_n_rule: definition CHECK (((n < 100) OR (n > 200))) → CHECK ((n < 100 OR n > 200))",
    ]


def test_a_design_is_a_valid_document_and_always_the_same() -> None:
    code = (
        "import json, sys; from pathlib import Path; from alembic_assay.design import *;"
        f"print(json.dumps(design_schema(load(Path({str(EVERYTHING)!r})))))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert len(found) == 1
    designed = json.loads(found.pop())
    again = document.to_document(document.from_document(designed))
    assert [each["name"] for each in again["tables"]] == [each["name"] for each in designed["tables"]]


def test_the_form_is_exported_as_json_schema() -> None:
    schema = json_schema()
    assert schema["properties"]["format"]["const"] == "schema-requirements/1"
    assert set(schema["required"]) == {"format", "name", "entities"}


def test_everything_has_a_comment() -> None:
    found = design_schema(load(EVERYTHING))
    commented = [*found["tables"], *found["enums"], *(c for t in found["tables"] for c in t["columns"])]
    assert [each["name"] for each in commented if not each.get("comment")] == []
    assert "lints" not in found


def test_every_index_and_foreign_key_action_has_its_reason() -> None:
    found = design_schema(load(EVERYTHING))
    decided = {each["decision"] for each in found["decisions"]}
    names = {i["name"] for t in found["tables"] for i in t.get("indexes", ()) if "constraint" not in i}
    assert {f"index {name}" for name in names if name.startswith("idx_")} <= decided
    assert all(each["why"] and each["because"] for each in found["decisions"])


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        (query(filter={"title": "eq"}, sort=["-created_at"]), ["idx_tasks_title_created_at ON tasks USING btree (title, created_at DESC)"]),
        (query(filter={"created_at": "range", "title": "eq"}, sort=["updated_at"]), ["idx_tasks_title_updated_at_created_at ON tasks USING btree (title, updated_at, created_at)"]),
        (query(filter={"tags": "contains"}), ["idx_tasks_tags_gin ON tasks USING gin (tags)"]),
        (query(filter={"title": "prefix"}), ["idx_tasks_title ON tasks USING btree (title text_pattern_ops)"]),
        (query(filter={"title": "search"}), ["idx_tasks_title_gin ON tasks USING gin (to_tsvector('english'::regconfig, (title)::text))"]),
        (query(filter={"title": "eq"}, where="tags IS NULL"), ["idx_tasks_title_partial ON tasks USING btree (title) WHERE (tags IS NULL)"]),
        (query(filter={"title": "eq"}, frequency="low"), []),
        (query(filter={"id": "eq"}, sort=["title"]), []),
        (relationship(), ["idx_tasks_user_id ON tasks USING btree (user_id)"]),
        ({**relationship(), "queries": query(filter={"user_id": "eq"}, sort=["title"])["queries"]}, ["idx_tasks_user_id_title ON tasks USING btree (user_id, title)"]),
        (relationship(kind="one_to_one"), ["uq_tasks_user_id ON tasks USING btree (user_id)"]),
    ],
)  # fmt: skip
def test_indexes_follow_the_guide(requirements: dict[str, Any], expected: list[str], connection: Connection) -> None:
    found = design_schema(requirements)
    assert [each for each in indexes(found) if not each.startswith("pk_")] == expected
    assert differences(connection, found) == []


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"type": "money"}, "numeric(19,4)"),
        ({"type": "url", "max_length": 500}, "character varying(500)"),
        ({"type": "decimal"}, "numeric"),
        ({"type": "timestamp", "default_sql": "now()"}, "timestamp with time zone"),
        ({"type": "ip"}, "inet"),
        ({"type": "bigint", "default": 2**40, "min": -5}, "bigint"),
        ({"type": "smallint", "default": -3, "min": -5}, "smallint"),
        ({"type": "decimal", "precision": 5, "scale": 2, "default": "0.50", "max": "9.5", "min": -3}, "numeric(5,2)"),
        ({"type": "text", "default": "it's \\ 100% :x"}, "text"),
        ({"type": "short_text", "default": "é", "pattern": "'\\d%"}, "character varying(255)"),
        ({"type": "tags", "default": ["a", "b'"]}, "text[]"),
        ({"type": "json", "default": {"b": "'", "a": [1]}}, "jsonb"),
        ({"type": "json", "default": []}, "jsonb"),
        ({"type": "email", "default": "a@b"}, "public.citext"),
        ({"type": "priority", "default": "low"}, "public.priority"),
        ({"type": "boolean", "default": False}, "boolean"),
        ({"type": "integer", "computed": "length(title)"}, "integer"),
        ({"type": "secret"}, "bytea"),
    ],
)
def test_types_and_defaults_are_as_the_server_writes_them(
    options: dict[str, Any], kind: str, connection: Connection
) -> None:
    found = design_schema(attribute(**options))
    assert next(c["type"] for c in table(found, "tasks")["columns"] if c["name"] == "x") == kind
    assert differences(connection, found) == []


def test_two_rules_over_the_same_columns_have_two_names(connection: Connection) -> None:
    found = design_schema(entity(rules=[{"check": "title <> ''"}, {"check": "title <> ' '"}]))
    assert [each["name"] for each in table(found, "tasks")["checks"]] == [
        "ck_tasks_title_rule",
        "ck_tasks_title_rule_2",
    ]
    with made(connection, found):
        pass


def test_sensitive_data_and_retention_are_in_the_document() -> None:
    users = table(design_schema(load(EVERYTHING)), "users")
    assert users["classification"] == {"email": "pii", "password_hash": "credential"}
    assert users["retention"] == {"after": "P2Y", "by": "deleted_at", "action": "anonymize"}


def test_tenants_do_not_see_each_others_rows(connection: Connection) -> None:
    tenants = {
        **entity(tenant_scoped=True, attributes={"title": {"type": "text", "unique": True}}),
        "tenancy": {"entity": "Organization", "setting": "app.tenant"},
        "roles": {"application": "assay_app", "migration": "assay_owner"},
    }
    tenants["entities"]["Organization"] = {}
    found = design_schema(tenants)
    connection.execute(text("CREATE ROLE assay_app; CREATE ROLE assay_owner"))
    with made(connection, found, owners=True):
        connection.execute(text("INSERT INTO organizations DEFAULT VALUES; INSERT INTO organizations DEFAULT VALUES"))
        connection.execute(text("SET LOCAL ROLE assay_app"))
        for tenant in ("1", "2"):
            connection.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": tenant})
            connection.execute(text("INSERT INTO tasks (organization_id, title) VALUES (:t, 'x')"), {"t": tenant})
        seen = connection.execute(text("SELECT organization_id FROM tasks")).scalars().all()
        assert seen == [2]
        with pytest.raises(DBAPIError, match="row-level security"), connection.begin_nested():
            connection.execute(text("INSERT INTO tasks (organization_id, title) VALUES (1, 'y')"))
        with pytest.raises(DBAPIError, match="must be owner"), connection.begin_nested():
            connection.execute(text("DROP TABLE tasks"))
        connection.execute(text("SELECT set_config('app.tenant', '', true)"))
        assert connection.execute(text("SELECT count(*) FROM tasks")).scalar_one() == 0
        connection.execute(text("RESET ROLE"))
    connection.rollback()


def test_what_looks_like_two_values_in_one_is_asked_about() -> None:
    text_ = {"type": "text"}
    names = ("phone1", "phone2", "phone3", "tag_ids", "user_email")
    found = design_schema(
        {
            **entity(attributes={**dict.fromkeys(names, text_), "views_count": {"type": "integer"}}),
            "relationships": relationship()["relationships"],
        }
    )
    assert [each["question"] for each in found["open_questions"]] == [
        "Should phone1, phone2, phone3 of Task be rows of an entity of their own?",
        "Should Task.tag_ids be a relationship?",
        "Is Task.user_email a copy of User.email?",
        "Who keeps Task.views_count right?",
    ]
    assert "open_questions" not in design_schema(
        entity(attributes={"tag_ids": {"type": "text", "denormalized": "of another system"}})
    )


def test_a_long_name_is_cut_with_a_hash(connection: Connection) -> None:
    name = "x" * 60
    found = design_schema(entity(attributes={name: {"type": "integer", "min": 1, "unique": True}}))
    assert differences(connection, found) == []


def test_odd_names_and_another_schema(connection: Connection) -> None:
    found = design_schema({**entity(table='Or"der %', rules=[{"unique": ["title"]}]), "schema": "My App"})
    assert differences(connection, found) == []


def test_one_sided_relationships_are_the_same_from_both_ends() -> None:
    many = {"name": "tasks", "kind": "one_to_many", "from": "User", "to": "Task", "inverse": "user"}
    one = relationship(inverse="tasks")
    first, second = design_schema({**TASKS, "relationships": [many]}), design_schema(one)
    assert first["tables"] == second["tables"]
