"""Migrations between two documents: what is written, what is refused, and rows on the way."""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import NullPool, create_engine, text
from tests.emit.generated import as_script
from tests.support.autogenerate import Script, catalogs, execute, rows, run

from alembic_assay.catalog import diff, document
from alembic_assay.emit import generate_migration
from alembic_assay.emit.migration import NOTHING
from alembic_assay.errors import IncompatibleChangeError, SchemaComparisonError
from alembic_assay.options import Options

if TYPE_CHECKING:
    from sqlalchemy import URL

OLD: dict[str, Any] = {
    "format": "schema/1",
    "name": "todo",
    "version": "1.0.0",
    "schemas": [{"name": "public"}],
    "enums": [{"schema": "public", "name": "mood", "values": ["sad", "ok"]}],
    "tables": [
        {
            "schema": "public",
            "name": "tasks",
            "columns": [
                {"name": "id", "type": "integer", "nullable": False},
                {"name": "title", "type": "text"},
                {"name": "mood", "type": "public.mood", "default": "'sad'::public.mood"},
            ],
            "primary_key": {"name": "tasks_pkey", "columns": ["id"]},
            "checks": [{"name": "ck_title", "columns": ["title"], "definition": "CHECK ((title <> ''::text))"}],
            "indexes": [
                {"name": "idx_tasks_title", "keys": [{"column": "title"}]},
                {"name": "tasks_pkey", "constraint": "tasks_pkey", "unique": True, "keys": [{"column": "id"}]},
            ],
            "owner": "postgres",
        }
    ],
}


def changed(**parts: Any) -> dict[str, Any]:
    """Return the document with a part of its table changed: ``columns={"title": {...}}``."""
    new = copy.deepcopy(OLD)
    new["version"] = "1.1.0"
    table = new["tables"][0]
    for name, options in parts.pop("columns", {}).items():
        found = next((each for each in table["columns"] if each["name"] == name), None)
        if found is None:
            table["columns"].append({"name": name, **options})
        else:
            found |= options
    enum = parts.pop("enum", {})
    new["enums"][0] |= enum
    table |= parts
    return new


def without(column: str) -> dict[str, Any]:
    new = changed(checks=[], indexes=[])
    new["tables"][0]["columns"] = [each for each in new["tables"][0]["columns"] if each["name"] != column]
    return new


def errors(old: Any, new: Any, **options: Any) -> list[str]:
    with pytest.raises(SchemaComparisonError) as caught:
        generate_migration(old, new, **options)
    return [f"{each['code']} {each['path']}: {each['message']} {each['hint']}".strip() for each in caught.value.errors]


def body(script: str, function: str = "upgrade") -> list[str]:
    """Return the statements of a function, each in one line."""
    found = next(each for each in ast.parse(script).body if isinstance(each, ast.FunctionDef) and each.name == function)
    return [ast.unparse(each) for each in found.body[1:]]


REFUSED = {
    "table": (
        {**OLD, "tables": []},
        (
            "MIG101 : table public.tasks is gone, with its rows. If it was renamed: 'renamed_from' of the new one."
            " Or allow it: 'table public.tasks' or 'MIG101'."
        ),
    ),
    "column": (
        without("title"),
        (
            "MIG102 : column public.tasks.title is gone, with its values. If it was renamed: 'renamed_from' of the new one."
            " Or allow it: 'column public.tasks.title' or 'MIG102'."
        ),
    ),
    "label": (
        changed(enum={"values": ["sad"]}),
        (
            "MIG103 /new/enums/0: enum public.mood: label 'ok' is gone. Say it in 'renamed_values', or in 'removed_values':"
            " {'ok': what its rows get, or null}. Or allow it: 'enum public.mood' or 'MIG103'."
        ),
    ),
    "new column": (
        changed(columns={"due": {"type": "date", "nullable": False}}),
        (
            "MIG104 /new/tables/0/columns/3: column public.tasks.due is new and NOT NULL. Give it a default, or 'backfill':"
            " SQL for rows without a value. Or allow it: 'column public.tasks.due' or 'MIG104'."
        ),
    ),
    "not null": (
        changed(columns={"title": {"nullable": False}}),
        (
            "MIG104 /new/tables/0/columns/1: column public.tasks.title becomes NOT NULL. Give it a default, or 'backfill':"
            " SQL for rows without a value. Or allow it: 'column public.tasks.title' or 'MIG104'."
        ),
    ),
    "type": (
        changed(columns={"title": {"type": "character varying(5)"}}, checks=[]),
        (
            "MIG105 /new/tables/0/columns/1: column public.tasks.title: not every text is a character varying(5)."
            " Or allow it: 'column public.tasks.title' or 'MIG105'."
        ),
    ),
    "generated": (
        changed(columns={"title": {"generated": {"expression": "'x'::text", "stored": True}}}),
        (
            "MIG107 /new/tables/0/columns/1: column public.tasks.title is dropped and added again: its expression is another"
            " one. Or allow it: 'column public.tasks.title' or 'MIG107'."
        ),
    ),
    "partitioned": (
        changed(form="partitioned", partition={"by": "RANGE (id)"}),
        "MIG201 /new/tables/0: table public.tasks: form cannot be changed. Make another one, and drop this one later.",
    ),
    "nothing of that name": (
        changed(columns={"name": {"type": "text", "renamed_from": "titel"}}),
        (
            "MIG301 /new/tables/0/columns/3/renamed_from: there was no column 'titel'. Name what it was in the old document,"
            " or leave it out."
        ),
    ),
    "both are there": (
        changed(columns={"title": {"renamed_from": "mood"}}),
        (
            "MIG302 /new/tables/0/columns/1/renamed_from: there was a column 'title' before, beside 'mood'."
            " A rename in a circle takes two migrations."
        ),
    ),
    "two of one": (
        changed(columns={n: {"type": "text", "renamed_from": "title"} for n in ("a", "b")}),
        (
            "MIG303 /new/tables/0/columns/4/renamed_from: column 'title' became another one already."
            " One thing can become one other."
        ),
    ),
    "not valid": (
        {"format": "schema/1", "tabels": []},
        "SCH001 /new/tabels: unknown field 'tabels'. Did you mean 'tables'?",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    new, message = REFUSED[name]
    assert message in errors(OLD, new)


def test_a_sequence_is_refused() -> None:
    sequence = {"schema": "public", "name": "numbers"}
    message = "MIG106 : sequence public.numbers is gone, with its position."
    assert errors({**OLD, "sequences": [sequence]}, OLD) == [
        f"{message} Or allow it: 'sequence public.numbers' or 'MIG106'."
    ]


def test_what_a_type_holds_together_is_refused() -> None:
    pair = {"schema": "public", "name": "pair", "attributes": ["a integer"]}
    old = {**changed(columns={"p": {"type": "public.pair"}}), "composite_types": [pair]}
    needs = {"object": ["column", "public", "tasks", "p"], "needs": ["composite type", "public", "pair"]}
    new = {**old, "composite_types": [{**pair, "attributes": ["b integer"]}]}
    found = errors({**old, "dependencies": [needs]}, {**new, "dependencies": [needs]}, allow=["all"])
    assert found == [
        (
            "MIG202 : column public.tasks.p depends on composite type public.pair and cannot be taken away and made again."
            " Drop it before this and create it after it, or leave out the change."
        )
    ]


@pytest.mark.parametrize("allow", ["MIG102", "column public.tasks.title", "all"])
def test_what_is_allowed_is_written(allow: str) -> None:
    new = without("title")
    with pytest.raises(IncompatibleChangeError):
        generate_migration(OLD, new, allow=["MIG101"])
    assert "op.drop_column('tasks', 'title')" in body(generate_migration(OLD, new, allow=[allow]))


def test_nothing_to_do_and_always_the_same() -> None:
    assert body(generate_migration(OLD, OLD)) == ["pass"]
    assert generate_migration(OLD, without("title"), allow=["all"]) == generate_migration(
        OLD, without("title"), allow=["all"]
    )


def test_the_whole_first_script() -> None:
    script = generate_migration(NOTHING, OLD)
    assert script.startswith('"""todo 1.0.0.\n\nRevision ID: ')
    assert script.endswith("\n")
    assert body(script) == [
        "op.create_enum('mood', ['sad', 'ok'])",
        (
            "op.create_table('tasks', sa.Column('id', sa.INTEGER(), autoincrement=False, nullable=False), sa.Column('title',"
            " sa.TEXT(), nullable=True), sa.Column('mood', postgresql.ENUM('sad', 'ok', name='mood', schema='public', create_type=False),"
            " server_default=sa.text(\"'sad'::public.mood\"), nullable=True), sa.CheckConstraint(\"title <> ''::text\","
            " name=op.f('ck_title')), sa.PrimaryKeyConstraint('id', name=op.f('tasks_pkey')))"
        ),
        "op.create_index(op.f('idx_tasks_title'), 'tasks', ['title'], unique=False)",
    ]
    assert body(script, "downgrade") == ["op.drop_table('tasks')", "op.drop_enum('mood')"]


def test_safe_forms_are_those_of_the_rules() -> None:
    new = changed(indexes=[*OLD["tables"][0]["indexes"], {"name": "idx_new", "keys": [{"column": "mood"}]}])
    plain, safe = (generate_migration(OLD, new, options=Options(fix=fix)) for fix in ((), ("all",)))
    assert "postgresql_concurrently" not in plain
    assert body(safe)[0].startswith("with op.get_context().autocommit_block():\n    op.create_index(")
    assert '        op.create_index(\n            op.f("idx_new"),\n            "tasks",\n' in safe


def migrated(url: URL, old: Any, new: Any, *insert: str, **options: Any) -> tuple[Script, dict[str, list[str]]]:
    """Migrate filled tables there and back; return the script, and the rows in between."""
    run(url, as_script(generate_migration(NOTHING, old)), "upgrade")
    execute(url, *insert)
    before, there = catalogs(url), rows(url)
    script = as_script(generate_migration(old, new, **options))
    run(url, script, "upgrade")
    wanted = [each for each in diff(document.from_document(new), catalogs(url)) if "owner" not in each.fields]
    left = [str(each) for each in wanted if each.record.kind not in {"extension", "schema"} and _counts(each)]
    assert not left
    between = rows(url)
    run(url, script, "downgrade")
    assert not [str(each) for each in diff(before, catalogs(url)) if each.fields != ("position",)]
    assert rows(url).keys() == there.keys()
    return script, between


def _counts(change: Any) -> bool:
    return getattr(change.record, "type", None) != "not null" and set(change.fields) != {"access_method"}


FILLED = "INSERT INTO tasks (id, title, mood) VALUES (1, 'a', 'sad'), (2, 'b', 'ok')"


def test_renames_keep_the_rows(database_url: URL) -> None:
    new = copy.deepcopy(OLD)
    new["enums"][0] |= {
        "name": "feeling",
        "renamed_from": "mood",
        "values": ["blue", "ok"],
        "renamed_values": {"sad": "blue"},
    }
    table = new["tables"][0]
    table |= {"name": "jobs", "renamed_from": "tasks"}
    table["columns"][1] |= {"name": "name", "renamed_from": "title"}
    table["columns"][2] |= {"type": "public.feeling", "default": "'blue'::public.feeling"}
    table["primary_key"]["name"] = "jobs_pkey"
    table["indexes"][1] |= {"name": "jobs_pkey", "constraint": "jobs_pkey"}
    table["checks"][0] |= {"columns": ["name"], "definition": "CHECK ((name <> ''::text))"}
    table["indexes"][0] = {"name": "idx_jobs_name", "keys": [{"column": "name"}]}
    script, between = migrated(database_url, OLD, new, FILLED)
    assert between == {"public.jobs": ["(1,a,blue)", "(2,b,ok)"]}
    assert script.upgrade.splitlines()[1:] == [
        "op.rename_enum('mood', 'feeling')",
        "op.rename_enum_value('feeling', 'sad', 'blue')",
        "op.rename_table('tasks', 'jobs')",
        "op.alter_column('jobs', 'title', new_column_name='name')",
        'op.execute(\'ALTER TABLE "public"."jobs" RENAME CONSTRAINT "tasks_pkey" TO "jobs_pkey"\')',
        'op.execute(\'ALTER INDEX "public"."idx_tasks_title" RENAME TO "idx_jobs_name"\')',
    ]


@pytest.mark.parametrize(
    ("enum", "column", "rows_then"),
    [
        ({"values": ["sad", "fine", "ok"]}, {}, ["(1,a,sad)", "(2,b,ok)"]),
        ({"values": ["sad", "new", "ok"]}, {"default": "'new'::public.mood"}, ["(1,a,sad)", "(2,b,ok)"]),
        ({"values": ["ok", "sad"]}, {}, ["(1,a,sad)", "(2,b,ok)"]),
        (
            {"values": ["ok", "new"], "removed_values": {"sad": "ok"}},
            {"default": "'ok'::public.mood"},
            ["(1,a,ok)", "(2,b,ok)"],
        ),
    ],
    ids=["added", "added and used", "other order", "removed"],
)
def test_labels(database_url: URL, enum: Any, column: Any, rows_then: list[str]) -> None:
    _, between = migrated(database_url, OLD, changed(enum=enum, columns={"mood": column}), FILLED)
    assert between == {"public.tasks": rows_then}


def test_backfill_comes_before_not_null(database_url: URL) -> None:
    columns = {
        "title": {"nullable": False, "backfill": "'none'"},
        "due": {"type": "date", "nullable": False, "backfill": "DATE '2030-01-01' + id"},
    }
    _, between = migrated(
        database_url, OLD, changed(columns=columns), FILLED, "INSERT INTO tasks (id, mood) VALUES (3, 'ok')"
    )
    assert between == {"public.tasks": ["(1,a,sad,2030-01-02)", "(2,b,ok,2030-01-03)", "(3,none,ok,2030-01-04)"]}


def test_security_and_what_hangs_on_a_column(database_url: URL) -> None:
    """Policies, privileges, views and functions come and go, and stand aside where a type changes."""
    view = {
        "schema": "public",
        "name": "v",
        "materialized": False,
        "definition": " SELECT title\n   FROM public.tasks;",
    }
    uses = {"object": ["view", "public", "v"], "needs": ["column", "public", "tasks", "title"]}
    names = {"columns": [{"name": "title", "type": "text"}]}
    old = {**OLD, "views": [{**view, **names}], "dependencies": [uses]}
    new = changed(
        columns={"title": {"type": "character varying(40)"}},
        checks=[],
        row_security=True,
        policies=[{"name": "mine", "permissive": True, "command": "all", "roles": ["public"], "using": "(id > 0)"}],
        acl=["postgres=arwdDxt/postgres", "pg_monitor=r/postgres"],
    )
    new["views"] = [{**view, "columns": [{"name": "title", "type": "character varying(40)"}]}]
    new["dependencies"] = [uses]
    script = as_script(generate_migration(old, new, allow=["MIG105"]))
    run(database_url, as_script(generate_migration(NOTHING, old)), "upgrade")
    execute(database_url, FILLED)
    before, there = catalogs(database_url), rows(database_url)
    run(database_url, script, "upgrade")
    with create_engine(database_url, poolclass=NullPool).connect() as connection:
        assert connection.execute(text("SELECT polname FROM pg_policy")).scalars().all() == ["mine"]
        assert connection.execute(text("SELECT has_table_privilege('pg_monitor', 'tasks', 'SELECT')")).scalar_one()
        assert connection.execute(text("SELECT title FROM v ORDER BY 1")).scalars().all() == ["a", "b"]
        assert connection.execute(text("SELECT relrowsecurity FROM pg_class WHERE relname = 'tasks'")).scalar_one()
    run(database_url, script, "downgrade")
    assert not [str(each) for each in diff(before, catalogs(database_url))]
    assert rows(database_url) == there
