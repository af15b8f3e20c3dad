"""Each code has a requirement that fails with it; messages are whole."""

from __future__ import annotations

from typing import Any

import pytest
from tests.design.wanted import TASKS, attribute, entity, query, relationship

from alembic_assay.design import design_schema
from alembic_assay.design.loading import loads
from alembic_assay.errors import ConflictingConstraintsError, InvalidRequirementsError

REQUIRED: dict[str, Any] = {"kind": "many_to_one", "required": True}
X = "/entities/Task/attributes/x"
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("REQ001", {**TASKS, "nmae": 1}, "/nmae: unknown field 'nmae'. Did you mean 'name'?"),
    (
        "REQ001",
        {**TASKS, "entities": {"user": {}}},
        '/entities/user: expected a text that matches ^[A-Z][A-Za-z0-9]*$, got "user".',
    ),
    ("REQ001", entity(key="uid"), "/entities/Task/key: expected 'identity', 'uuid', 'uuidv7', 'text' or 'natural', got \"uid\". Did you mean 'uuid'?"),
    ("REQ101", attribute(type="emial"), f"{X}/type: unknown type 'emial'. Did you mean 'email'?"),
    ("REQ102", entity(rules=[{"unique": ["titel"]}]), "/entities/Task/rules/0/unique/0: unknown attribute 'titel'. Did you mean 'title'?"),
    ("REQ102", query(sort=["-titel"]), "/queries/0/sort/0: unknown attribute 'titel'. Did you mean 'title'?"),
    ("REQ103", relationship(to="Usr"), "/relationships/0/to: unknown entity 'Usr'. Did you mean 'User'?"),
    ("REQ103", query(entity="Tsk"), "/queries/0/entity: unknown entity 'Tsk'. Did you mean 'Task'?"),
    ("REQ104", entity(rules=[{"check": "titel <> ''"}]), "/entities/Task/rules/0/check: unknown column 'titel'. Did you mean 'title'?"),
    ("REQ104", entity(rules=[{"check": "title) OR (true"}]), "/entities/Task/rules/0/check: cannot parse SQL: syntax error at or near \")\": 'title) OR (true'."),
    ("REQ104", query(where="EXISTS (SELECT 1)"), "/queries/0/where: a subquery cannot be used here: 'EXISTS (SELECT 1)'."),
    ("REQ104", attribute(type="integer", default_sql="1; DROP TABLE x"), f"{X}/default_sql: expected one expression, got '1; DROP TABLE x'."),
    ("REQ105", query(filter={"title": "contains"}), "/queries/0/filter/title: 'contains' does not apply to 'title', which is short_text. It is for date_period, json, period, tags."),
    ("REQ105", entity(rules=[{"no_overlap": {"during": "title"}}]), "/entities/Task/rules/0/no_overlap/during: expected one of date_period, period, got short_text 'title'."),
    ("REQ106", entity(dependencies=["title"]), "/entities/Task/dependencies/0: expected a dependency, got 'title'. Write it as 'zip -> city, country'."),
    ("REQ110", entity("Job", table="tasks"), "/entities/Job: table 'tasks' has the name of another object: /entities/Task. Give one of them another 'table'."),
    ("REQ111", entity(attributes={"id": {"type": "text"}}), "/entities/Task/attributes/id: 'id' is the key that every entity gets. Leave it out, or say 'key'."),
    ("REQ111", entity(attributes={"created_at": {"type": "date"}}), "/entities/Task/attributes/created_at: column 'created_at' is there already. Leave the attribute out."),
    ("REQ112", entity(key="natural"), "/entities/Task: key 'natural' needs 'key_attributes'."),
    ("REQ112", entity(key="uuid", key_attributes=["title"]), "/entities/Task/key_attributes: 'key_attributes' exclude key 'uuid'. Say key: natural."),
    (
        "REQ113",
        {**TASKS, "relationships": relationship()["relationships"] * 2},
        "/relationships/1: Task has two things named 'user'; the other one is /relationships/0. Give the relationship another 'name' or 'inverse'.",
    ),
    ("REQ114", relationship(name="title"), "/relationships/0: relationship 'title' is named as an attribute: /entities/Task/attributes/title."),
    (
        "REQ115",
        {**entity(attributes={"user_id": {"type": "text"}}), "relationships": relationship()["relationships"]},
        "/entities/Task/attributes/user_id: relationship 'user' makes column 'user_id', which is an attribute too. Leave the attribute out; the relationship is /relationships/0.",
    ),
    ("REQ116", entity(table="t" * 64), f"/entities/Task: table name '{'t' * 64}' is longer than 63 bytes. Give it a shorter 'table'."),
    ("REQ201", attribute(type="integer", default=1, default_sql="1"), f"{X}: 'default' and 'default_sql' exclude each other."),
    ("REQ202", attribute(type="integer", default=1, computed="1"), f"{X}: a computed attribute cannot have a default."),
    ("REQ203", attribute(type="integer", min=18, max=5), f"{X}: min 18 is larger than max 5: no value can satisfy both."),
    ("REQ203", attribute(type="smallint", max=40000), f"{X}/max: 40000 is outside of what smallint can hold."),
    ("REQ204", attribute(type="boolean", min=1), f"{X}/min: 'min' does not apply to boolean. It is for bigint, decimal, integer, money, smallint."),
    ("REQ205", attribute(type="priority", default="lo"), f"{X}/default: default 'lo' is not a value of priority. Did you mean 'low'?"),
    ("REQ206", attribute(type="integer", min=1, default=0), f"{X}/default: default 0 is not from 1 to 2147483647."),
    ("REQ206", attribute(type="short_text", max_length=2, default="abc"), f"{X}/default: default of 3 characters, more than 2."),
    ("REQ206", attribute(type="boolean", default="no"), f"{X}/default: expected true or false, got 'no'."),
    ("REQ207", attribute(type="decimal", precision=2, scale=3), f"{X}/scale: scale 3 is larger than the precision."),
    ("REQ207", attribute(type="embedding"), f"{X}: an embedding needs 'dimensions'."),
    ("REQ208", entity(rules=[{"unique": ["title"], "check": "true"}]), "/entities/Task/rules/0: expected exactly one of unique, check and no_overlap, got unique and check."),
    ("REQ209", entity(retention={"after": "2 years", "by": "created_at", "action": "delete"}), "/entities/Task/retention/after: expected a duration of ISO 8601, got '2 years'. Two years are P2Y, ninety days P90D."),
    ("REQ210", relationship(required=True, on_delete="set_null"), "/relationships/0/on_delete: required, but on_delete is set_null: the column cannot be NULL. Use cascade or restrict, or not required."),
    ("REQ211", relationship(through="Task"), "/relationships/0/through: 'through' is for many_to_many, not many_to_one."),
    ("REQ212", relationship(kind="many_to_many", on_delete="set_null"), "/relationships/0/on_delete: set_null: the columns of a link are its key and cannot be NULL. Use cascade."),
    ("REQ213", entity(tenant_scoped=True), "/entities/Task/tenant_scoped: there are no tenants. Add tenancy: {entity: …}."),
    (
        "REQ220",
        {
            **TASKS,
            "relationships": [
                {**REQUIRED, "name": "a", "from": "Task", "to": "User"},
                {**REQUIRED, "name": "b", "from": "User", "to": "Task"},
            ],
        },
        "/relationships/1: User requires Task requires User: no first row can be inserted. One of these relationships must not be required.",
    ),
    ("REQ221", relationship(name="parent", to="Task", required=True), "/relationships/0/required: Task requires Task: no first row can be inserted. Leave 'required' out."),
    ("REQ301", entity(attributes={"password": {"type": "text"}}), "/entities/Task/attributes/password/type: 'password' as text: a password is never kept in plain text. Use type password_hash."),
    ("REQ302", attribute(type="text", sensitive="secret"), f"{X}/type: secret 'x' as text: never in plain text. Use type secret, or password_hash for what is compared."),
    ("REQ303", attribute(type="secret", unique=True), f"{X}: secret cannot be searched or unique. Keep a keyed hash (HMAC) in an attribute of its own to look it up."),
]  # fmt: skip


@pytest.mark.parametrize(("code", "requirements", "line"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_each_code_has_an_example(code: str, requirements: dict[str, Any], line: str) -> None:
    with pytest.raises(InvalidRequirementsError) as caught:
        design_schema(requirements, where="todo.yaml")
    said = [f"{e['path']}: {e['message']} {e['hint']}".rstrip() for e in caught.value.errors if e["code"] == code]
    assert line in said


def test_everything_is_said_at_once() -> None:
    wrong = {**attribute(type="emial"), "relationships": relationship(to="Usr", required=True)["relationships"]}
    with pytest.raises(InvalidRequirementsError) as caught:
        design_schema(wrong, where="todo.yaml")
    assert str(caught.value).splitlines() == [
        "todo.yaml: 2 errors.",
        "  REQ101 at /entities/Task/attributes/x/type: unknown type 'emial'. Did you mean 'email'?",
        "  REQ103 at /relationships/0/to: unknown entity 'Usr'. Did you mean 'User'?",
    ]


def test_contradictions_alone_have_an_error_of_their_own() -> None:
    with pytest.raises(ConflictingConstraintsError):
        design_schema(attribute(type="integer", min=2, max=1))
    with pytest.raises(InvalidRequirementsError) as caught:
        design_schema(attribute(type="integr", min=2, max=1))
    assert not isinstance(caught.value, ConflictingConstraintsError)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("entities:\n  User: {}\n  User: {}\n", "REQ003", "line 3: key 'User' stands twice, first in line 2."),
        ("a: [", "REQ002", "not YAML: line 2, column 1: did not find expected node content."),
        ("- 1", "REQ001", "expected an object."),
    ],
)
def test_a_text_that_cannot_be_read_is_refused(text: str, code: str, message: str) -> None:
    with pytest.raises(InvalidRequirementsError) as caught:
        loads(text, "yaml")
    assert [(each["code"], each["message"]) for each in caught.value.errors] == [(code, message)]


def test_what_follows_from_another_error_is_not_said() -> None:
    wrong = {**relationship(to="Usr"), "queries": query(filter={"user": "eq"})["queries"]}
    with pytest.raises(InvalidRequirementsError) as caught:
        design_schema(wrong)
    assert [each["code"] for each in caught.value.errors] == ["REQ103"]
