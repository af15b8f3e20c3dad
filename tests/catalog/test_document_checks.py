"""Invalid documents: everything at once, each with code, place and what to do."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from alembic_assay import catalog
from alembic_assay.catalog import document, document_checks
from alembic_assay.errors import InvalidSchemaError

if TYPE_CHECKING:
    from sqlalchemy import Connection

LONG = "é" * 32

VALID: dict[str, Any] = {
    "format": "schema/1",
    "enums": [{"schema": "public", "name": "mood", "values": ["sad", "ok"]}],
    "tables": [
        {
            "schema": "public",
            "name": "tasks",
            "columns": [
                {"name": "id", "type": "bigint", "nullable": False},
                {"name": "user_id", "type": "bigint", "nullable": False},
                {"name": "twice", "type": "bigint", "generated": {"expression": "(id * 2)", "stored": True}},
            ],
            "primary_key": {"name": "tasks_pkey", "columns": ["id"]},
            "foreign_keys": [
                {"name": "fk", "columns": ["user_id"], "references": {"table": "public.users", "columns": ["id"]}}
            ],
            "checks": [{"name": "ck", "columns": ["id"], "definition": "CHECK ((id > 0))"}],
            "indexes": [{"name": "i", "keys": [{"column": "user_id"}]}],
        },
        {
            "schema": "public",
            "name": "users",
            "columns": [{"name": "id", "type": "integer"}, {"name": "code", "type": "text"}],
            "primary_key": {"name": "users_pkey", "columns": ["id"]},
        },
    ],
}


def errors(found: Any) -> list[str]:
    """What is wrong, one line each."""
    with pytest.raises(InvalidSchemaError) as caught:
        document.from_document(found)
    lines = [f"{e['code']} {e['path']}: {e['message']} {e['hint']}".strip() for e in caught.value.errors]
    assert str(caught.value).splitlines()[0].startswith("the document is not a valid schema document: ")
    return lines


def changed(path: str, value: Any) -> Any:
    """The valid document with one value set."""
    found = copy.deepcopy(VALID)
    *way, last = path.strip("/").split("/")
    place: Any = found
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if isinstance(place, list) and last == "-":
        place.append(value)
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return found


def test_the_valid_document_is_valid() -> None:
    assert len(document.from_document(VALID)) == 13


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("/format", "schema/2", ["SCH001 /format: expected 'schema/1', got \"schema/2\"."]),
        ("/tabels", [], ["SCH001 /tabels: unknown field 'tabels'. Did you mean 'tables'?"]),
        ("/fingerprint", "sha256:1", ["SCH001 /fingerprint: expected String should match pattern '^(sha256:[0-9a-f]{64})?$', got \"sha256:1\"."]),
        ("/tables/0/columns/0/nulable", True, ["SCH001 /tables/0/columns/0/nulable: unknown field 'nulable'. Did you mean 'nullable'?"]),
        ("/tables/0/columns/0/nullable", "no", ['SCH001 /tables/0/columns/0/nullable: expected true or false, got "no".']),
        ("/tables/0/columns/0/type", 5, ["SCH001 /tables/0/columns/0/type: expected a string, got 5."]),
        ("/tables/0/columns", {}, ["SCH001 /tables/0/columns: expected a list, got {}."]),
        ("/tables/0/columns/0", {}, ["SCH001 /tables/0/columns/0/name: 'name' is missing.", "SCH001 /tables/0/columns/0/type: 'type' is missing."]),
        ("/tables/0/foreign_keys/0/on_delete", "NOTHING", ["SCH001 /tables/0/foreign_keys/0/on_delete: expected 'NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL' or 'SET DEFAULT', got \"NOTHING\"."]),
        ("/tables/0/x~y~1z", 1, ["SCH001 /tables/0/x~0y~01z: unknown field 'x~y~1z'."]),
        ("/tables/0/checks/0/expression", "(id > 1)", ["SCH101 /tables/0/checks/0/expression: 'expression' contradicts 'definition', which is 'CHECK ((id > 0))'. Change both, or leave 'definition' out."]),
        ("/tables/0/checks/0/deferrable", True, ["SCH101 /tables/0/checks/0/deferrable: 'deferrable' contradicts 'definition', which is 'CHECK ((id > 0))'. Change both, or leave 'definition' out."]),
        ("/tables/0/checks/0/definition", "CHECK ((id > 0)) NOT VALID", ["SCH101 /tables/0/checks/0/not_valid: 'not_valid' contradicts 'definition', which is 'CHECK ((id > 0)) NOT VALID'. Change both, or leave 'definition' out."]),
        ("/tables/0/primary_key/definition", "PRIMARY KEY (user_id)", ["SCH101 /tables/0/primary_key/columns: 'columns' contradicts 'definition', which is 'PRIMARY KEY (user_id)'. Change both, or leave 'definition' out."]),
        ("/tables/0/foreign_keys/0/definition", "FOREIGN KEY (id) REFERENCES public.users(code)", ["SCH101 /tables/0/foreign_keys/0/references: 'references' contradicts 'definition', which is 'FOREIGN KEY (id) REFERENCES public.users(code)'. Change both, or leave 'definition' out.", "SCH101 /tables/0/foreign_keys/0/columns: 'columns' contradicts 'definition', which is 'FOREIGN KEY (id) REFERENCES public.users(code)'. Change both, or leave 'definition' out."]),
        ("/tables/0/indexes/0/definition", "CREATE UNIQUE INDEX j ON other.tasks USING hash (user_id)", [f"SCH101 /tables/0/indexes/0/{name}: '{name}' contradicts 'definition', which is 'CREATE UNIQUE INDEX j ON other.tasks USING hash (user_id)'. Change both, or leave 'definition' out." for name in ("name", "unique", "method", "schema")]),
        ("/tables/0/checks/0", {"name": "ck"}, ["SCH102 /tables/0/checks/0: expected 'expression' or 'definition', got neither."]),
        ("/tables/0/indexes/0", {"name": "i"}, ["SCH102 /tables/0/indexes/0: expected 'keys' or 'definition', got neither."]),
        ("/tables/0/columns/1/type", "text", ["SCH201 /tables/0/foreign_keys/0: column 'user_id' is text, but 'id', which it references, is integer."]),
        ("/tables/0/foreign_keys/0/references", {"table": "public.users", "columns": ["code"]}, ["SCH201 /tables/0/foreign_keys/0: column 'user_id' is bigint, but 'code', which it references, is text.", "SCH202 /tables/0/foreign_keys/0/references: no primary key or unique constraint of public.users on (code)."]),
        ("/tables/0/foreign_keys/0/references", {"table": "public.user", "columns": ["id"]}, ["SCH203 /tables/0/foreign_keys/0/references/table: no table 'public.user' in this document. Did you mean 'public.users'?"]),
        ("/tables/0/foreign_keys/0/references", {"table": "public.users", "columns": ["ids"]}, ["SCH203 /tables/0/foreign_keys/0/references/columns: table public.users has no column 'ids'. Did you mean 'id'?"]),
        ("/tables/0/foreign_keys/0/columns", ["users_id"], ["SCH203 /tables/0/foreign_keys/0: table public.tasks has no column 'users_id'. Did you mean 'user_id'?"]),
        ("/tables/0/columns/2/name", LONG, [f"SCH204 /tables/0/columns/2/name: name '{LONG}' has 64 bytes; PostgreSQL cuts names after 63."]),
        ("/enums/0/name", "", ["SCH204 /enums/0/name: a name is empty."]),
        ("/tables/0/indexes/0/name", "users", ["SCH205 /tables/1: two objects have the name of relation public.users. The other one is /tables/0/indexes/0."]),
        ("/tables/0/indexes/0/name", "users_pkey", ["SCH205 /tables/1/primary_key: two objects have the name of relation public.users_pkey. The other one is /tables/0/indexes/0."]),
        ("/enums/0/name", "users", ["SCH205 /tables/1: two objects have the name of type public.users. The other one is /enums/0."]),
        ("/tables/0/columns/2/name", "user_id", ["SCH205 /tables/0/columns/2: two objects have the name of column public.tasks.user_id. The other one is /tables/0/columns/1."]),
        ("/enums/0/values", ["a", "", "a", LONG], ["SCH206 /enums/0/values/0: label 'a' stands 2 times.", "SCH206 /enums/0/values/1: a label is empty.", f"SCH206 /enums/0/values/3: label '{LONG}' has 64 bytes, more than 63."]),
        ("/tables/0/columns/2/default", "1", ["SCH207 /tables/0/columns/2/default: generated column 'twice' cannot have 'default'."]),
        ("/tables/0/columns/2/generated/expression", "(twice * 2)", ["SCH207 /tables/0/columns/2/generated/expression: generated column 'twice' refers to generated column 'twice'."]),
        ("/tables/0/foreign_keys/0/on_delete", "SET NULL", ["SCH208 /tables/0/foreign_keys/0/on_delete: SET NULL, but column 'user_id' cannot be NULL."]),
        ("/tables/1/primary_key/deferrable", True, ["SCH209 /tables/0/foreign_keys/0/references: the unique key of public.users on (id) is deferrable. A foreign key, as ON CONFLICT, needs one that is checked at once."]),
        ("/tables/0/partition", {"by": "RANGE (user_id)"}, ["SCH210 /tables/0/primary_key/columns: unique key without 'user_id' of the partition key RANGE (user_id)."]),
        ("/tables/1/primary_key/columns", ["id", "kode"], ["SCH202 /tables/0/foreign_keys/0/references: no primary key or unique constraint of public.users on (id).", "SCH212 /tables/1/primary_key: table public.users has no column 'kode'. Did you mean 'code'?"]),
    ],
)  # fmt: skip
def test_one_thing_wrong(path: str, value: Any, expected: list[str]) -> None:
    assert errors(changed(path, value)) == expected


def test_names_that_python_cannot_tell_apart_are_no_error() -> None:
    found = changed("/tables/0/columns/2/name", "user id")
    found["enums"][0]["values"] = ["sad", "o-k", "o k", "class"]
    found["tables"][1]["columns"] += [{"name": "user_id", "type": "text"}, {"name": "class", "type": "text"}]
    document.from_document(found)
    assert document_checks.notices(found) == [
        {"code": "SCH211", "path": path, "message": message, "hint": ""}
        for path, message in (
            ("/tables/0/columns/2/name", "'user id' and 'user_id' are the same name in Python: 'user_id'."),
            ("/enums/0/values/2", "'o k' and 'o-k' are the same name in Python: 'o_k'."),
        )
    ]


@pytest.mark.parametrize("found", [None, [], "x", 5, {"format": {1, 2}}])
def test_what_is_no_document(found: Any) -> None:
    assert errors(found)[0].startswith("SCH001 : expected ")


def test_the_message_is_one_line_and_one_more_for_each_error() -> None:
    found = changed("/enums/0/values", ["a", "a"])
    found["tables"][0]["foreign_keys"][0]["references"]["table"] = "public.user"
    with pytest.raises(InvalidSchemaError) as caught:
        document.loads(json.dumps(found)) and document.from_document(found, where="schema.json")
    assert str(caught.value) == (
        "schema.json is not a valid schema document: 2 errors.\n"
        "  SCH203 at /tables/0/foreign_keys/0/references/table: no table 'public.user' in this document."
        " Did you mean 'public.users'?\n"
        "  SCH206 at /enums/0/values/0: label 'a' stands 2 times."
    )
    assert caught.value.code == "invalid-schema"


def test_a_text_without_a_document() -> None:
    with pytest.raises(InvalidSchemaError) as caught:
        document.loads("[]", where="a.json")
    assert str(caught.value) == (
        "a.json is not a valid schema document: 1 error.\n  SCH001 at the document: expected an object."
    )


def test_a_table_of_an_extension_may_be_referenced() -> None:
    found = changed("/tables/0/foreign_keys/0/references/table", "public.spatial_ref_sys")
    found["extensions"] = [{"name": "postgis", "schema": "public", "version": "3.4"}]
    document.from_document(found)


def test_what_a_database_holds_is_believed_until_it_is_edited(connection: Connection) -> None:
    for statement in (
        "CREATE TABLE users (id int PRIMARY KEY)",
        "CREATE TABLE tasks (id int NOT NULL CONSTRAINT fk REFERENCES users ON DELETE SET NULL)",
        "CREATE TYPE odd AS ENUM ('')",
    ):
        connection.execute(text(statement))
    found = document.to_document(catalog.read(connection))
    assert document.from_document(found) == catalog.read(connection)
    table = next(table for table in found["tables"] if table["name"] == "tasks")
    table["foreign_keys"][0]["on_delete"] = "CASCADE"
    assert errors(found) == [
        (
            "SCH101 /tables/0/foreign_keys/0/on_delete: 'on_delete' contradicts 'definition', which is"
            " 'FOREIGN KEY (id) REFERENCES public.users(id) ON DELETE SET NULL'."
            " Change both, or leave 'definition' out."
        ),
        "SCH206 /enums/0/values/0: a label is empty.",
    ]


@pytest.mark.parametrize(
    "statement", ["CREATE TYPE {} AS ENUM ()", "CREATE TABLE {} (id int)", "CREATE INDEX {} ON t (id)"]
)
def test_names_collide_as_on_the_server(connection: Connection, statement: str) -> None:
    """Each pair of kinds is refused by the server if and only if it is refused here."""
    connection.execute(text("CREATE TABLE t (id int)"))
    connection.execute(text("CREATE SEQUENCE taken"))
    nested = connection.begin_nested()
    try:
        connection.execute(text(statement.format("taken")))
        refused = False
    except Exception:  # noqa: BLE001 - whatever the server says
        refused = True
    nested.rollback()
    found: dict[str, Any] = {
        "format": "schema/1",
        "sequences": [{"schema": "public", "name": "taken"}],
        "tables": [{"schema": "public", "name": "t", "columns": [{"name": "id", "type": "integer"}]}],
    }
    if "TYPE" in statement:
        found["enums"] = [{"schema": "public", "name": "taken", "values": []}]
    elif "TABLE" in statement:
        found["tables"].append({"schema": "public", "name": "taken"})
    else:
        found["tables"][0]["indexes"] = [{"name": "taken", "keys": [{"column": "id"}]}]
    if refused:
        assert len(errors(found)) == 1
    else:
        document.from_document(found)
