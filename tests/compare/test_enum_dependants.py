"""Whatever hangs on an enumerated type is still there after each change of the type, and after the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.autogenerate import catalogs, execute, generate, migrating, run
from tests.support.enum_changes import CHANGES, Change, lines
from tests.support.enum_dependants import BASE, DEPENDANTS, ONE_ROW_A_LABEL

from alembic_assay import catalog
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
        if any("PUBLICATION" in each for each in statements) and connection.dialect.server_version_info < (15,):
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
    made(database_url, DEPENDANTS[dependant], *change.held)
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
