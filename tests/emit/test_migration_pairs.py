"""Two hundred random pairs of schemas: the migration between their documents makes the one of the other, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic.operations import Operations
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError
from tests.emit import pairs
from tests.support.autogenerate import context_of

from alembic_assay import catalog
from alembic_assay.catalog import document
from alembic_assay.catalog.columns import Column
from alembic_assay.emit.migration import generate_migration
from alembic_assay.errors import IrreversibleError, sqlstate

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection


def run(connection: Connection, script: str, direction: str) -> None:
    names: dict[str, Any] = {}
    exec(compile(script, "<migration>", "exec"), names)  # noqa: S102 - the text under test
    with Operations.context(context_of(connection)):
        names[direction]()


def seen(connection: Connection) -> catalog.Snapshot:
    """What the catalogs hold, without what PostgreSQL 18 notes of NOT NULL."""
    found = catalog.read(connection)
    records = tuple(each for each in found if getattr(each, "type", None) != "not null")
    return catalog.Snapshot(records, found.dependencies)


def different(before: catalog.Snapshot, after: catalog.Snapshot) -> list[str]:
    found = [each for each in catalog.diff(before, after) if each.fields != ("position",)]
    return [str(each) for each in found if getattr(each.record, "type", None) != "not null"]


@pytest.mark.parametrize("seed", range(200))
def test_a_migration_makes_one_schema_the_other(database_url: URL, seed: int) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.begin()
        pair = pairs.pair(connection, seed)
        old, new = pairs.documents(connection, pair)
        script = generate_migration(old, new, allow=["all"])
        for fill in (pairs.VALUES, pairs.VALUES[:1], []):
            try:
                with pairs.rolled_back(connection):
                    pairs.make(connection, pair.before)
                    before = seen(connection)
                    pairs.fill(connection, before, fill)
                    check(connection, script, before, document.from_document(new))
            except (DBAPIError, IrreversibleError) as error:
                refused = isinstance(error, IrreversibleError) or (sqlstate(error) or "")[:2] in {"22", "23"}
                if refused and fill:
                    continue  # rows of these values cannot be there in the new schema
                raise
            break


def check(connection: Connection, script: str, before: catalog.Snapshot, wanted: catalog.Snapshot) -> None:
    kept = untouched(before, wanted)
    rows = pairs.rows(connection, before, kept)
    run(connection, script, "upgrade")
    assert not (left := different(wanted, seen(connection))), "\n".join([*left, script])
    after = pairs.rows(connection, before, kept)
    assert not (left := [f"{name}: {rows[name]} {after[name]}" for name in rows if rows[name] != after[name]]), left
    run(connection, script, "downgrade")
    assert not (left := different(before, seen(connection))), "\n".join(["downgrade", *left, script])
    assert pairs.rows(connection, before, kept) == rows, script


def untouched(before: catalog.Snapshot, after: catalog.Snapshot) -> set[tuple[str, ...]]:
    """Return the columns that stay what they are."""
    columns = {each.key: each for each in before.of(Column)}
    return {
        each.key
        for each in after.of(Column)
        if each.key in columns and columns[each.key].type == each.type and each.generated is None
    }
