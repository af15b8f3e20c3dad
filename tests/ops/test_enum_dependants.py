"""Whatever hangs on an enumerated type is still there after each change of the type, and after the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from tests.support.enum_dependants import BASE, DEPENDANTS, PARTITION_KEY

from alembic_assay import catalog
from alembic_assay.catalog.aside import read
from alembic_assay.catalog.enums import Enum
from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

LABELS = ["sad", "calm", "ok", "happy"]


def operations(connection: Connection) -> Any:  # directives of plugins are unknown to the class
    return Operations(MigrationContext.configure(connection))


def made(connection: Connection, statements: str) -> catalog.Snapshot:
    if "PUBLICATION" in statements and int((connection.dialect.server_version_info or (0,))[0]) < 15:
        pytest.skip("publications have no column lists before PostgreSQL 15")
    connection.exec_driver_sql(BASE)
    connection.exec_driver_sql(statements.replace("%", "%%"))
    return read(connection)


def changes(before: catalog.Snapshot, connection: Connection) -> list[str]:
    found = catalog.diff(before, read(connection))
    return [str(each) for each in found if each.fields != ("position",)]


def rows(connection: Connection) -> dict[str, list[str]]:
    tables = "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm') AND oid >= 16384"
    return {
        name: sorted(connection.exec_driver_sql(f"SELECT t::text FROM ONLY {name} AS t".replace("%", "%%")).scalars())
        for name in connection.execute(text(tables)).scalars()
    }


def add(op: Any) -> None:
    op.add_enum_value("mood", "fine", after="ok")


def remove_unused(op: Any) -> None:
    op.replace_enum("mood", ["sad", "ok", "happy"])


def reorder(op: Any) -> None:
    op.replace_enum("mood", ["calm", "sad", "happy", "ok"])


def restore(op: Any) -> None:
    op.replace_enum("mood", LABELS)


def rename_all(op: Any) -> None:
    op.rename_enum_value("mood", "sad", "blue's")
    op.rename_enum("mood", "Feeling")
    op.rename_enum("Feeling", schema="public", new_schema="app")


def rename_all_back(op: Any) -> None:
    op.rename_enum("Feeling", "mood", schema="app", new_schema="public")
    op.rename_enum_value("mood", "blue's", "sad")


WAYS: list[tuple[Callable[[Any], None], Callable[[Any], None]]] = [
    (add, restore),
    (remove_unused, restore),
    (reorder, restore),
    (rename_all, rename_all_back),
]


@pytest.mark.parametrize("statements", DEPENDANTS.values(), ids=DEPENDANTS.keys())
def test_there_and_back_nothing_is_lost(connection: Connection, statements: str) -> None:
    before = made(connection, statements)
    held = rows(connection)
    for there, back in WAYS:
        there(operations(connection))
        if there in {remove_unused, reorder}:
            labels = next(each.labels for each in read(connection).of(Enum))
            assert changes(before, connection) == [
                f"enum public.mood: labels (sad, calm, ok, happy) → ({', '.join(labels)})"
            ]
        back(operations(connection))
        assert changes(before, connection) == [], there.__name__
        assert rows(connection) == held, there.__name__


@pytest.mark.parametrize("statements", DEPENDANTS.values(), ids=DEPENDANTS.keys())
def test_rows_are_mapped_and_what_hangs_on_them_stays(connection: Connection, statements: str) -> None:
    before = made(connection, statements)
    connection.exec_driver_sql("UPDATE task SET moods = '{calm,sad}' WHERE id = 3")
    if not any(word in statements for word in ("UNIQUE (mood)", "EXCLUDE", "REFERENCES kinds")):
        connection.exec_driver_sql("UPDATE task SET mood = 'calm' WHERE id = 3")
    operations(connection).replace_enum("mood", ["sad", "ok", "happy"], mapping={"calm": "happy"})
    assert changes(before, connection) == ["enum public.mood: labels (sad, calm, ok, happy) → (sad, ok, happy)"]
    assert not any("calm" in row for held in rows(connection).values() for row in held)


@pytest.mark.parametrize("change", [remove_unused, reorder])
def test_a_partition_key_cannot_be_rebuilt(connection: Connection, change: Callable[[Any], None]) -> None:
    before = made(connection, PARTITION_KEY)
    with pytest.raises(AssayError) as caught:
        change(operations(connection))
    assert str(caught.value) == (
        "column public.listed.mood is in the partition key of its table (LIST (mood)): PostgreSQL cannot change it."
        " Create a new partitioned table, copy the rows, and swap the names."
    )
    assert changes(before, connection) == []


def test_a_partition_key_is_no_obstacle_to_names(connection: Connection) -> None:
    before = made(connection, PARTITION_KEY)
    rename_all(operations(connection))
    rename_all_back(operations(connection))
    assert changes(before, connection) == []
