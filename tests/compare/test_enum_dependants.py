"""Whatever hangs on an enumerated type is still there after each change of the type, and after the way back."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import ARRAY, Column, Enum, Integer, MetaData, Table, Text
from tests.support.autogenerate import catalogs, execute, generate, migrating, run
from tests.support.enum_dependants import BASE, DEPENDANTS, ONE_ROW_A_LABEL

from alembic_assay import catalog
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from sqlalchemy import URL

LABELS = ("sad", "calm", "ok", "happy")
BACK = ["op.replace_enum('mood', ['sad', 'calm', 'ok', 'happy'])"]
ONLY_WHAT_MODELS_HAVE: dict[str, Any] = {
    "include_object": lambda _object, _name, _kind, reflected, _to: not reflected,
    "compare_server_default": lambda *_: False,
    "include_schemas": True,
}
"""What is in the database only stays there, and nothing is compared with it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the type.

    Args:
        labels: Its labels then.
        upgrade: What autogenerate writes.
        downgrade: And for the way back.
        name: Its name then.
        schema: Its schema then.
        info: Of its column.
        column: The default of a new column.
        held: What makes a row hold a label.
    """

    labels: tuple[str, ...] = LABELS
    upgrade: list[str] = field(default_factory=list)
    downgrade: list[str] = field(default_factory=lambda: BACK)
    name: str = "mood"
    schema: str | None = None
    info: dict[str, Any] = field(default_factory=dict)
    column: str | None = None
    held: tuple[str, ...] = ()

    def models(self, **options: Any) -> MetaData:
        """The table of the base, with the type as it is then."""
        metadata = MetaData()
        mood = Enum(*self.labels, name=self.name, **({"schema": self.schema} if self.schema else {}))
        columns: list[Column[Any]] = [
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("mood", mood, info=self.info),
            Column("moods", ARRAY(mood)),
            Column("note", Text),
        ]
        if self.column is not None:
            columns.append(Column("next", mood, server_default=self.column))
        Table("task", metadata, *columns, **options)
        return metadata


CHANGES = {
    "add in the middle": Change(
        ("sad", "calm", "fine", "ok", "happy"), ["op.add_enum_value('mood', 'fine', after='calm')"]
    ),
    "add and use": Change(
        ("sad", "calm", "fine", "ok", "happy"),
        [
            "with op.get_context().autocommit_block():",
            "    op.add_enum_value('mood', 'fine', after='calm', if_not_exists=True)",
            (
                "op.add_column('task', sa.Column('next', postgresql.ENUM('sad', 'calm', 'fine', 'ok', 'happy',"
                " name='mood', create_type=False), server_default='fine', nullable=True))"
            ),
        ],
        ["op.drop_column('task', 'next')", *BACK],
        column="fine",
    ),
    "rename a value": Change(
        ("blue's", "calm", "ok", "happy"),
        ["op.rename_enum_value('mood', 'sad', \"blue's\")"],
        ["op.rename_enum_value('mood', \"blue's\", 'sad')"],
        info={"renamed_values": {"sad": "blue's"}},
    ),
    "rename the type": Change(
        LABELS,
        ["op.rename_enum('mood', 'Feeling')"],
        ["op.rename_enum('Feeling', 'mood')"],
        name="Feeling",
        info={"type_renamed_from": "mood"},
    ),
    "move it to another schema": Change(
        LABELS,
        ["op.rename_enum('mood', schema='public', new_schema='app')"],
        ["op.rename_enum('mood', schema='app', new_schema='public')"],
        schema="app",
        info={"type_renamed_from": "public.mood"},
    ),
    "remove an unused value": Change(("sad", "ok", "happy"), ["op.replace_enum('mood', ['sad', 'ok', 'happy'])"]),
    "remove a used value": Change(
        ("sad", "ok", "happy"),
        ["op.replace_enum('mood', ['sad', 'ok', 'happy'], mapping={'calm': 'happy'})"],
        info={"removed_values": {"calm": "happy"}},
        held=("UPDATE task SET moods = '{calm,sad}' WHERE id = 3",),
    ),
    "reorder": Change(("calm", "sad", "happy", "ok"), ["op.replace_enum('mood', ['calm', 'sad', 'happy', 'ok'])"]),
    "rename, remove and reorder all at once": Change(
        ("ok", "blue's", "happy"),
        [
            "op.rename_enum_value('mood', 'sad', \"blue's\", schema='public')",
            "op.rename_enum('mood', 'Feeling', schema='public', new_schema='app')",
            "op.replace_enum('Feeling', ['ok', \"blue's\", 'happy'], schema='app')",
        ],
        [
            "op.replace_enum('Feeling', [\"blue's\", 'calm', 'ok', 'happy'], schema='app')",
            "op.rename_enum('Feeling', 'mood', schema='app', new_schema='public')",
            "op.rename_enum_value('mood', \"blue's\", 'sad', schema='public')",
        ],
        name="Feeling",
        schema="app",
        info={
            "type_renamed_from": "public.mood",
            "renamed_values": {"sad": "blue's"},
            "removed_values": {"calm": None},
        },
    ),
}


def made(url: URL, *statements: str) -> None:
    with migrating(url) as connection:
        if any("PUBLICATION" in each for each in statements) and connection.dialect.server_version_info < (15,):
            pytest.skip("publications have no column lists before PostgreSQL 15")
    execute(url, BASE, *statements)


def lines(script: str) -> list[str]:
    """The lines of a script without comments, in one layout."""
    return ast.unparse(ast.parse(script)).splitlines()


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
