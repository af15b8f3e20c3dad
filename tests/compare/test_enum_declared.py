"""What models declare about an enumerated type follows each change of the type, and needs no operation of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_materialized_view import PGMaterializedView
from alembic_utils.pg_policy import PGPolicy
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities, registry
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Computed,
    Enum,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from tests.support.autogenerate import catalogs, execute, generate, rows, run
from tests.support.enum_changes import CHANGES, LABELS, Change, lines

from alembic_assay import catalog
from alembic_assay.sql import literal, qualified

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic_utils.replaceable_entity import ReplaceableEntity
    from sqlalchemy import URL
    from sqlalchemy.schema import SchemaItem

BEFORE = Change(LABELS)


class Type:
    """The type in one state of the models.

    Args:
        change: What its state is.
    """

    def __init__(self, change: Change) -> None:
        schema = {"schema": change.schema} if change.schema else {}
        self.type = Enum(*change.labels, name=change.name, **schema)
        self.renamed = change.info.get("renamed_values", {})
        self.name = qualified(change.name, change.schema).replace("%", "%%")

    def label(self, label: str) -> str:
        """What a label is called."""
        return str(self.renamed.get(label, label))

    def sql(self, template: str) -> Any:
        """Write an expression: ``{sad}`` is the label, ``{mood}`` the type."""
        labels = {label: literal(self.label(label)) for label in LABELS}
        return text(template.format(**labels, mood=self.name))


DECLARED: dict[str, Callable[[Type], list[SchemaItem]]] = {
    "default": lambda mood: [Column("d", mood.type, server_default=mood.label("sad"))],
    "default with a cast": lambda mood: [Column("d", mood.type, server_default=mood.sql("{sad}::{mood}"))],
    "default of an array": lambda mood: [
        Column("d", ARRAY(mood.type), server_default=mood.sql("ARRAY[{sad}::{mood}, {happy}::{mood}]")),
    ],
    "default of another column": lambda mood: [
        Column("d", Integer, server_default=mood.sql("length(({sad}::{mood})::text)"))
    ],
    "CHECK": lambda mood: [CheckConstraint(mood.sql("mood <> {sad} OR id > 0"), name="c")],
    "CHECK without a name": lambda mood: [CheckConstraint(mood.sql("mood IN ({sad}, {happy})"))],
    "partial index": lambda mood: [
        Index("i", "id", postgresql_where=mood.sql("mood = {sad} OR moods @> ARRAY[{sad}::{mood}]"))
    ],
    "expression index": lambda mood: [Index("i", mood.sql("(CASE mood WHEN {sad} THEN 1 ELSE 2 END)"), "mood")],
    "exclusion": lambda mood: [ExcludeConstraint(("mood", "="), name="x", where=mood.sql("mood = {happy}"))],
    "unique": lambda _: [UniqueConstraint("mood", name="u", deferrable=True)],
    "generated column": lambda mood: [
        Column("g", Integer, Computed(mood.sql("CASE mood WHEN {sad} THEN 1 ELSE 2 END"), persisted=True), index=True)
    ],
    "primary key": lambda mood: [Column("k", mood.type, server_default=mood.label("sad"), primary_key=True)],
}


def models(change: Change, items: Callable[[Type], list[SchemaItem]]) -> MetaData:
    """The table of the base with what hangs on the type."""
    metadata, mood = MetaData(), Type(change)
    made = items(mood)
    if change.column is not None:
        made.append(Column("next", mood.type, server_default=change.column))
    columns = [
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("mood", mood.type, info=change.info),
        Column("moods", ARRAY(mood.type)),
    ]
    Table("task", metadata, *columns, *made)
    return metadata


def there_and_back(url: URL, change: Change, before: Callable[[], MetaData], after: Callable[[], MetaData]) -> None:
    execute(url, "CREATE SCHEMA app")
    run(url, generate(url, before()), "upgrade")
    first, second = ("calm", "happy") if change.held else ("sad", "happy")
    execute(url, f"INSERT INTO task (id, mood, moods) VALUES (1, 'sad', '{{{first},NULL}}'), (2, '{second}', '{{}}')")
    known, held = catalogs(url), rows(url)
    wanted = after()
    script = generate(url, wanted)
    assert (lines(script.upgrade), lines(script.downgrade)) == (change.upgrade, change.downgrade)
    run(url, script, "upgrade")
    assert generate(url, wanted).upgrade == "pass"
    mapped = rows(url)
    run(url, script, "downgrade")
    assert [str(each) for each in catalog.diff(known, catalogs(url)) if each.fields != ("position",)] == []
    assert rows(url) == (mapped if change.held else held)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("items", DECLARED.values(), ids=DECLARED.keys())
def test_what_hangs_on_the_type_follows(
    database_url: URL, items: Callable[[Type], list[SchemaItem]], change: Change
) -> None:
    there_and_back(database_url, change, lambda: models(BEFORE, items), lambda: models(change, items))


def view(mood: Type) -> ReplaceableEntity:
    return PGView("public", "v", str(mood.sql("SELECT id, mood FROM task WHERE mood <> {sad}")))


def matview(mood: Type) -> ReplaceableEntity:
    return PGMaterializedView(
        "public", "mv", str(mood.sql("SELECT id, {happy}::{mood} AS m FROM task")), with_data=True
    )


def function(mood: Type) -> ReplaceableEntity:
    query = "SELECT count(*) FROM task WHERE mood = {sad} OR {happy}::{mood} = ANY (moods)"
    return PGFunction("public", "f()", str(mood.sql(f"RETURNS bigint LANGUAGE sql BEGIN ATOMIC {query}; END")))


def policy(mood: Type) -> ReplaceableEntity:
    return PGPolicy("public", "p", str(mood.sql("USING (mood <> {ok})")), "public.task")


ENTITIES = {"view": view, "matview": matview, "function": function, "policy": policy}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("entity", ENTITIES.values(), ids=ENTITIES.keys())
def test_what_is_registered_follows(
    database_url: URL, entity: Callable[[Type], ReplaceableEntity], change: Change
) -> None:
    def registered(state: Change) -> MetaData:
        registry.clear()  # type: ignore[no-untyped-call] # alembic-utils has no types there
        register_entities([entity(Type(state))], schemas=["public"])
        return models(state, lambda _: [])

    there_and_back(database_url, change, lambda: registered(BEFORE), lambda: registered(change))
