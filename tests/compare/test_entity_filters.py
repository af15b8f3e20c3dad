"""Which entities are compared, by whom, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import comparators
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import ReplaceableEntity, register_entities
from tests.compare.entities import TABLE, function, models, view
from tests.support.autogenerate import execute, generate

from alembic_assay.env import STOCK_PLUGINS
from alembic_assay.errors import EntityError
from alembic_assay.options import Options

if TYPE_CHECKING:
    from sqlalchemy import URL

V = "CREATE VIEW v AS SELECT id, title FROM task"
F = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'"
DROP_V = 'op.execute(\'DROP VIEW "public"."v"\')'
DROP_F = 'op.execute(\'DROP FUNCTION "public"."f"()\')'


def proposed(url: URL, *before: str, **opts: Any) -> str:
    execute(url, TABLE, *before)
    return generate(url, models(), **opts).upgrade


def test_all_that_is_not_registered_is_dropped_in_the_schemas_of_what_is(database_url: URL) -> None:
    register_entities([], schemas=["public"])
    upgrade = proposed(database_url, V, F, "CREATE SCHEMA s", "CREATE VIEW s.w AS SELECT 1 AS x")
    assert upgrade.splitlines() == [DROP_V, DROP_F]


def test_nothing_registered_nothing_dropped(database_url: URL) -> None:
    assert proposed(database_url, V, F) == "pass"


def test_only_the_registered_types(database_url: URL) -> None:
    register_entities([], schemas=["public"], entity_types=[PGView])
    assert proposed(database_url, V, F) == DROP_V


def test_excluded_schemas(database_url: URL) -> None:
    register_entities([], schemas=["public", "s"], exclude_schemas=["public"])
    upgrade = proposed(database_url, V, F, "CREATE SCHEMA s", "CREATE VIEW s.w AS SELECT 1 AS x")
    assert upgrade == 'op.execute(\'DROP VIEW "s"."w"\')'


def test_include_schemas_looks_at_all_that_include_name_lets_through(database_url: URL) -> None:
    register_entities([view("SELECT id, title FROM task")])

    def include_name(name: str | None, type_: str, _parents: object) -> bool:
        return type_ != "schema" or name != "s"

    more = [f"CREATE SCHEMA {schema}" for schema in "st"]
    more += [f"CREATE VIEW {schema}.w AS SELECT 1 AS x" for schema in "st"]
    upgrade = proposed(database_url, V, *more, include_schemas=True, include_name=include_name)
    assert upgrade == 'op.execute(\'DROP VIEW "t"."w"\')'


def test_hooks_are_asked_as_alembic_utils_asks_them(database_url: URL) -> None:
    asked: list[tuple[object, ...]] = []

    def include_name(name: str | None, type_: str, parents: dict[str, str]) -> bool:
        if type_ in {"view", "function"}:
            asked.append((name, type_, parents["schema_name"]))
        return name != "public.v"

    def include_object(entity: object, name: str, type_: str, reflected: bool, compare_to: object) -> bool:
        if isinstance(entity, ReplaceableEntity):
            asked.append((name, type_, reflected, compare_to))
        return name != "public.unwanted"

    register_entities([view("SELECT 1 AS x", "unwanted")])
    upgrade = proposed(database_url, V, F, include_name=include_name, include_object=include_object)
    assert upgrade == DROP_F
    assert asked == [
        ("public.unwanted", "view", False, None),
        ("public.v", "view", "public"),
        ("public.f()", "function", "public"),
        ("public.f()", "function", True, None),
    ]


def test_what_is_ignored_stays(database_url: URL) -> None:
    register_entities([], schemas=["public"])
    assert proposed(database_url, V, F, assay=Options(ignore_tables=("v", "public.f"))) == "pass"


def test_an_extension_in_use_stays_and_its_members_too(database_url: URL) -> None:
    register_entities([], schemas=["public"])
    upgrade = proposed(database_url, "CREATE EXTENSION citext", "CREATE DOMAIN d AS citext")
    assert "citext" not in upgrade


def test_a_view_that_the_server_refuses(database_url: URL) -> None:
    register_entities([view("SELECT nothing FROM task"), view("SELECT 1 AS x", "fine")])
    with pytest.raises(EntityError) as caught:
        proposed(database_url)
    assert str(caught.value) == (
        'PostgreSQL refuses what is registered with alembic-utils: view public.v: column "nothing" does not exist.'
        " Everything else of this revision was there when it was tried."
    )


def test_what_hangs_on_it_and_does_not_fit_any_more(database_url: URL) -> None:
    register_entities([view("SELECT id FROM task")])
    with pytest.raises(EntityError) as caught:
        proposed(database_url, V, "CREATE SCHEMA s", "CREATE VIEW s.w AS SELECT title FROM v")
    message = str(caught.value).replace("SELECT v.title", "SELECT title").replace("v.title", '"title"')  # before 18
    assert message == (
        'changed view public.v: PostgreSQL refuses \'CREATE VIEW "s"."w" AS SELECT title FROM public.v\', which'
        ' puts back what hangs on it: column "title" does not exist. Register or change that in the same revision, or'
        " drop it before."
    )


def test_switched_off_alembic_utils_does_its_own(database_url: URL) -> None:
    register_entities([view("SELECT 1 AS x")])
    upgrade = proposed(database_url, autogenerate_plugins=[STOCK_PLUGINS])
    assert "op.create_entity(public_v)" in upgrade


def test_comparators_of_others_still_run(database_url: URL) -> None:
    """They share a group with that of alembic-utils."""
    called = []

    @comparators.dispatch_for("schema")
    def theirs(*_: object) -> None:
        called.append("theirs")

    register_entities([view("SELECT 1 AS x")])
    try:
        upgrade = proposed(database_url)
    finally:
        for entries in comparators._registry.values():
            entries[:] = [entry for entry in entries if entry[0] is not theirs]
    assert called == ["theirs"]
    assert upgrade.count("CREATE VIEW") == 1


def test_alembic_utils_is_not_imported_for_who_does_not_use_it() -> None:
    code = """
import sys
import alembic_assay.compare.entities as entities
result = entities.take_over(None, None), entities.compare(None, None)
print([each.name for each in result], [name for name in sys.modules if name.startswith("alembic_utils")])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "['CONTINUE', 'CONTINUE'] []\n"


def test_the_operations_of_alembic_utils(database_url: URL) -> None:
    register_entities([view("SELECT id FROM task"), function("g()", "RETURNS integer LANGUAGE sql AS 'SELECT 2'")])
    upgrade = proposed(database_url, V, F, assay=Options(entities="alembic-utils"))
    calls = [line.split("=")[0].strip() for line in upgrade.splitlines() if line.startswith("op.")]
    assert calls == ["op.replace_entity(public_v)", "op.create_entity(public_g)", "op.drop_entity(public_f)"]
