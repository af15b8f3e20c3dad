"""Whatever hangs on an enumerated type is still there after each change of the type, and after the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.autogenerate import catalogs, execute, generate, migrating, run
from tests.support.enum_changes import CHANGES, LABELS, Change, lines
from tests.support.enum_dependants import BASE, DEPENDANTS, ONE_ROW_A_LABEL, PARTITION_KEY

from alembic_assay import catalog
from alembic_assay.errors import AsideError
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from sqlalchemy import URL

ONLY_WHAT_MODELS_HAVE: dict[str, Any] = {
    "include_object": lambda _object, _name, _kind, reflected, _to: not reflected,
    "compare_server_default": lambda *_: False,
    "include_schemas": True,
}
"""What is in the database only stays there, and nothing is compared with it."""


def made(url: URL, *statements: str) -> None:
    with migrating(url) as connection:
        if (
            any("PUBLICATION" in each for each in statements)
            and int((connection.dialect.server_version_info or (0,))[0]) < 15
        ):
            pytest.skip("publications have no column lists before PostgreSQL 15")
    execute(url, BASE, *statements)


def changes(before: catalog.Snapshot, url: URL) -> list[str]:
    """What differs; a generated column comes last in its table, and the others move up."""
    return [str(each) for each in catalog.diff(before, catalogs(url)) if each.fields != ("position",)]


def rows(url: URL) -> dict[str, list[str]]:
    """Every row of every table and materialised view, by the names of its columns."""
    listed = "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm') AND oid >= 16384 ORDER BY 1"
    with migrating(url) as connection:
        names = connection.exec_driver_sql(listed).scalars().all()
        queries = {name: Statement(f"SELECT to_jsonb(t)::text FROM ONLY {name} AS t ORDER BY 1") for name in names}
        return {name: list(connection.execute(query).scalars()) for name, query in queries.items()}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("dependant", DEPENDANTS)
def test_there_and_back_nothing_is_lost(database_url: URL, dependant: str, change: Change) -> None:
    cycle(database_url, dependant, DEPENDANTS[dependant], change)


RENAMES = [name for name in CHANGES if CHANGES[name].labels == LABELS or name == "rename a value"]


@pytest.mark.parametrize("name", RENAMES)
def test_a_partition_key_is_no_obstacle_to_names(database_url: URL, name: str) -> None:
    cycle(database_url, "partition key", PARTITION_KEY, CHANGES[name])


IN_THE_KEY = (
    "column public.listed.mood is in the partition key of its table (LIST (mood)): PostgreSQL cannot change it."
)
REMEDY = "Create a new partitioned table, copy the rows, and swap the names."


@pytest.mark.parametrize("name", ["remove an unused value", "remove a used value", "reorder"])
def test_what_a_partition_key_makes_impossible_is_refused(database_url: URL, name: str) -> None:
    made(database_url, PARTITION_KEY, *CHANGES[name].held)
    with pytest.raises(AsideError) as caught:
        generate(database_url, CHANGES[name].models(), **ONLY_WHAT_MODELS_HAVE)
    assert str(caught.value) == f"{IN_THE_KEY} {REMEDY}"


@pytest.mark.parametrize("name", ["add in the middle", "add and use"])
def test_that_a_partition_key_leaves_no_way_back_is_said_in_the_script(database_url: URL, name: str) -> None:
    made(database_url, PARTITION_KEY)
    script = generate(database_url, CHANGES[name].models(), **ONLY_WHAT_MODELS_HAVE)
    assert (lines(script.upgrade), lines(script.downgrade)) == (CHANGES[name].upgrade, CHANGES[name].downgrade)
    assert f"# Will be refused: {IN_THE_KEY}\n" in script.downgrade
    run(database_url, script, "upgrade")
    before = catalogs(database_url)
    with pytest.raises(AsideError) as caught:
        run(database_url, script, "downgrade")
    assert str(caught.value) == f"{IN_THE_KEY} {REMEDY}"
    assert catalogs(database_url) == before


def cycle(database_url: URL, dependant: str, statements: str, change: Change) -> None:
    made(database_url, statements, *change.held)
    if change.held and dependant not in ONE_ROW_A_LABEL:
        execute(database_url, "UPDATE task SET mood = 'calm' WHERE id = 2")
    models = change.models(prefixes=["UNLOGGED"] if dependant == "unlogged table" else [])
    before, held = catalogs(database_url), rows(database_url)
    script = generate(database_url, models, **ONLY_WHAT_MODELS_HAVE)
    assert (lines(script.upgrade), lines(script.downgrade)) == (change.upgrade, change.downgrade)
    run(database_url, script, "upgrade")
    assert generate(database_url, models, **ONLY_WHAT_MODELS_HAVE).upgrade == "pass"
    mapped = rows(database_url)
    run(database_url, script, "downgrade")
    assert changes(before, database_url) == []
    assert rows(database_url) == (mapped if change.held else held)
