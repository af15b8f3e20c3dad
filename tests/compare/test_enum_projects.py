"""Enumerated types as they meet in real projects: several changes, types, schemas and revisions at once."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import pytest
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities
from sqlalchemy import ARRAY, CheckConstraint, Column, Enum, Integer, MetaData, String, Table, Text, text
from tests.support.autogenerate import Script, catalogs, cycle, execute, generate, migrating, rows, run
from tests.support.enum_changes import lines

from alembic_assay import catalog
from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL
    from sqlalchemy.schema import SchemaItem

AB = ("a", "b", "c")


class Mood(enum.Enum):
    a = 1
    b = 2


class Feeling(enum.StrEnum):
    a = "x"
    b = "y"


def models(*items: SchemaItem, table: str = "task", metadata: MetaData | None = None, **options: Any) -> MetaData:
    """A table with a key and these items."""
    metadata = metadata or MetaData()
    key = Column("id", Integer, primary_key=True, autoincrement=False)
    Table(table, metadata, key, *items, **options)
    return metadata


def mood(*labels: str, name: str = "mood", schema: str | None = None) -> Enum:
    return Enum(*(labels or AB), name=name, **({"schema": schema} if schema else {}))


def of(type_: Any, *more: SchemaItem, name: str = "mood", **options: Any) -> MetaData:
    return models(Column(name, type_, **options), *more)


HELD = ["INSERT INTO task (id, mood) VALUES (1, 'a'), (2, 'c'), (3, NULL)"]

CASES: dict[str, tuple[Callable[[], MetaData], Callable[[], MetaData], list[str], list[str]]] = {
    "type renamed, label added, all reordered": (
        lambda: of(mood("a", "c")),
        lambda: of(mood("c", "x", "a", name="feeling"), info={"type_renamed_from": "mood"}),
        HELD,
        ["op.rename_enum('mood', 'feeling')", "op.replace_enum('feeling', ['c', 'x', 'a'])"],
    ),
    "type renamed, label renamed, label added in between": (
        lambda: of(mood("a", "c")),
        lambda: of(
            mood("a", "x", "sea", name="Feeling"),
            info={"type_renamed_from": "mood", "renamed_values": {"c": "sea"}},
        ),
        HELD,
        [
            "op.add_enum_value('mood', 'x', after='a')",
            "op.rename_enum_value('mood', 'c', 'sea')",
            "op.rename_enum('mood', 'Feeling')",
        ],
    ),
    "label removed that a CHECK named, which goes, another one renamed": (
        lambda: of(mood(), CheckConstraint("mood <> 'b' AND mood <> 'c' OR id > 0", name="ck")),
        lambda: of(mood("a", "sea"), info={"renamed_values": {"c": "sea"}}),
        HELD,
        [
            "op.rename_enum_value('mood', 'c', 'sea')",
            "op.drop_constraint(op.f('ck'), 'task', type_='check')",
            "op.replace_enum('mood', ['a', 'sea'])",
        ],
    ),
    "table renamed, label removed": (
        lambda: of(mood()),
        lambda: models(Column("mood", mood("a", "c")), table="work", info={"renamed_from": "task"}),
        HELD,
        ["op.replace_enum('mood', ['a', 'c'])", "op.rename_table('task', 'work')"],
    ),
    "column renamed, label renamed, default follows": (
        lambda: of(mood(), server_default="b"),
        lambda: of(
            mood("a", "B b", "c"),
            name="feels",
            server_default="B b",
            info={"renamed_values": {"b": "B b"}, "renamed_from": "mood"},
        ),
        HELD,
        ["op.rename_enum_value('mood', 'b', 'B b')", "op.alter_column('task', 'mood', new_column_name='feels')"],
    ),
    "used in nothing but an array": (
        lambda: of(ARRAY(mood())),
        lambda: of(ARRAY(mood("c", "a"))),
        ["INSERT INTO task (id, mood) VALUES (1, '{a,c,NULL}'), (2, '{}')"],
        ["op.replace_enum('mood', ['c', 'a'])"],
    ),
    "an array of it goes with its type": (
        lambda: of(ARRAY(mood())),
        lambda: models(Column("other", Text)),
        [],
        [
            "op.add_column('task', sa.Column('other', sa.Text(), nullable=True))",
            "op.drop_column('task', 'mood')",
            "op.drop_enum('mood')",
        ],
    ),
    "label added, used by a new table": (
        lambda: of(mood()),
        lambda: models(Column("m", mood(*AB, "d"), server_default="d"), table="new", metadata=of(mood(*AB, "d"))),
        HELD,
        [],
    ),
    "the same labels under other names in Python": (
        lambda: of(Enum(Mood, name="mood")),
        lambda: of(Enum(Feeling, name="mood")),
        ["INSERT INTO task (id, mood) VALUES (1, 'a'), (2, NULL)"],
        ["pass"],
    ),
    "text in a schema, with odd names": (
        lambda: models(Column("M: m", Text, server_default="a"), schema="app"),
        lambda: models(Column("M: m", mood(name='My "Mood"', schema="app"), server_default="c"), schema="app"),
        ["INSERT INTO app.task VALUES (1, 'b'), (2, NULL)"],
        [],
    ),
    "a number with a default": (
        lambda: of(Integer(), server_default="1"),
        lambda: of(mood("1", "2"), server_default="2"),
        ["INSERT INTO task VALUES (1, 2), (2, NULL)"],
        [],
    ),
    "arrays of text with a default": (
        lambda: of(ARRAY(Text), server_default=text("'{a}'")),
        lambda: of(ARRAY(mood()), server_default=text("'{b,c}'")),
        ["INSERT INTO task VALUES (1, '{a,NULL}'), (2, NULL)"],
        [],
    ),
    "one becomes many": (
        lambda: of(mood(), server_default="a"),
        lambda: of(ARRAY(mood()), server_default=text("'{b,c}'")),
        HELD,
        [],
    ),
    "an enum becomes text": (lambda: of(mood(), server_default="a"), lambda: of(Text(), server_default="z"), HELD, []),
    "the schema is the metadata's": (
        lambda: models(Column("mood", mood()), metadata=MetaData(schema="app")),
        lambda: models(Column("mood", mood("c", "x", "a")), metadata=MetaData(schema="app")),
        [each.replace("task", "app.task") for each in HELD],
        [],
    ),
    "one type becomes another": (lambda: of(mood()), lambda: of(mood("a", "c", name="other")), HELD, []),
    "not native any more": (
        lambda: of(mood()),
        lambda: of(Enum(*AB, name="mood", native_enum=False)),
        HELD,
        [],
    ),
    "native from now on": (
        lambda: of(Enum(*AB, name="mood", native_enum=False, create_constraint=True)),
        lambda: of(mood(), server_default="a"),
        HELD,
        [],
    ),
    "text with a default": (
        lambda: of(String(10), server_default="a"),
        lambda: of(mood(), server_default="b"),
        HELD,
        [],
    ),
}


@pytest.mark.parametrize(("before", "after", "insert", "upgrade"), CASES.values(), ids=CASES.keys())
def test_cycle(
    database_url: URL,
    before: Callable[[], MetaData],
    after: Callable[[], MetaData],
    insert: list[str],
    upgrade: list[str],
) -> None:
    execute(database_url, "CREATE SCHEMA app")
    script = cycle(database_url, before(), after(), insert=insert, include_schemas=True)
    assert not upgrade or lines(script.upgrade) == upgrade


def test_a_label_that_rows_use_has_no_way_back_until_they_are_mapped(database_url: URL) -> None:
    run(database_url, generate(database_url, of(mood())), "upgrade")
    script = generate(database_url, of(mood(*AB, "d")))
    run(database_url, script, "upgrade")
    execute(database_url, *HELD, "UPDATE task SET mood = 'd' WHERE id < 3")
    before, held = catalogs(database_url), rows(database_url)
    with pytest.raises(AssayError) as caught:
        run(database_url, script, "downgrade")
    assert str(caught.value) == (
        "op.replace_enum: enum mood would lose 'd', but 2 rows of public.task.mood hold 'd'. Nothing was changed."
        " Map the rows: mapping={'d': ...}."
    )
    assert (catalogs(database_url), rows(database_url)) == (before, held)
    mapped = script.downgrade.rstrip().removesuffix(")") + ", mapping={'d': 'a'})"
    run(database_url, Script(script.imports, script.upgrade, mapped), "downgrade")
    assert rows(database_url) == {"public.task": ["(1,a)", "(2,a)", "(3,)"]}


def test_types_of_one_name_in_two_schemas_are_two(database_url: URL) -> None:
    def both(first: tuple[str, ...], second: tuple[str, ...], **info: Any) -> MetaData:
        metadata = of(mood(*first, schema="public"))
        return models(Column("mood", mood(*second, schema="app"), info=info), metadata=metadata, schema="app")

    execute(database_url, "CREATE SCHEMA app")
    script = cycle(
        database_url,
        both(AB, AB),
        both((*AB, "d"), ("c", "x"), renamed_values={"a": "x"}, removed_values={"b": None}),
        insert=[*HELD, *(each.replace("task", "app.task") for each in HELD)],
        include_schemas=True,
    )
    assert lines(script.upgrade) == [
        "op.add_enum_value('mood', 'd', after='c', schema='public')",
        "op.rename_enum_value('mood', 'a', 'x', schema='app')",
        "op.replace_enum('mood', ['c', 'x'], schema='app')",
    ]


def test_a_type_in_a_domain_in_a_composite_type(database_url: URL) -> None:
    execute(
        database_url,
        "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE DOMAIN good AS mood CHECK (VALUE <> 'c');"
        "CREATE TYPE pair AS (one good, many mood[]); CREATE TABLE held (p pair, ps pair[]);"
        "INSERT INTO held VALUES (ROW('b', '{a,b}'), ARRAY[ROW('a', NULL)::pair]);"
        "CREATE TABLE task (id int PRIMARY KEY, mood mood)",
    )
    before = catalogs(database_url)
    after = of(mood("c", "a"), info={"removed_values": {"b": "a"}})
    only = {"include_object": lambda _object, _name, _kind, reflected, _to: not reflected}
    script = generate(database_url, after, **only)
    run(database_url, script, "upgrade")
    assert generate(database_url, after, **only).upgrade == "pass"
    assert rows(database_url)["public.held"] == ['("(a,""{a,a}"")","{""(a,)""}")']
    run(database_url, script, "downgrade")
    assert catalogs(database_url) == before


def test_a_chain_of_revisions_goes_back_step_by_step(database_url: URL) -> None:
    chain = [
        of(mood("a")),
        of(mood("a", "b")),
        of(mood("a", "x", "b"), Column("more", mood("a", "x", "b"), server_default="x")),
        of(
            mood("a", "y", "b"),
            Column("more", mood("a", "y", "b"), server_default="y"),
            info={"renamed_values": {"x": "y"}},
        ),
        of(mood("b", "a", "y"), Column("more", mood("b", "a", "y"), server_default="y")),
        of(
            mood("b", "a", "y", name="M"),
            Column("more", mood("b", "a", "y", name="M"), server_default="y"),
            info={"type_renamed_from": "mood"},
        ),
        of(mood("b", "y", name="M"), info={"removed_values": {"a": "b"}}),
        of(Text()),
    ]
    states, scripts = [catalogs(database_url)], list[Script]()
    for each in chain:
        scripts.append(generate(database_url, each))
        run(database_url, scripts[-1], "upgrade")
        assert generate(database_url, each).upgrade == "pass"
        states.append(catalogs(database_url))
        if len(scripts) == 1:
            execute(database_url, "INSERT INTO task (id, mood) VALUES (1, 'a'), (2, NULL)")
    assert rows(database_url) == {"public.task": ["(1,b)", "(2,)"]}
    execute(database_url, "UPDATE task SET mood = NULL")  # the first states do not have the label that rows were given
    for script, state in zip(reversed(scripts), reversed(states[:-1]), strict=True):
        run(database_url, script, "downgrade")
        assert [str(each) for each in catalog.diff(state, catalogs(database_url)) if each.fields != ("position",)] == []


def test_a_registered_view_that_uses_a_label_of_the_same_revision_is_refused(database_url: URL) -> None:
    def view(label: str) -> None:
        register_entities([PGView("public", "v", f"SELECT id FROM task WHERE mood = '{label}'")], schemas=["public"])

    view("c")
    run(database_url, generate(database_url, of(mood())), "upgrade")
    execute(database_url, *HELD)
    before = catalogs(database_url)
    view("d")
    with pytest.raises(AssayError) as caught:
        generate(database_url, of(mood(*AB, "d")))
    assert str(caught.value) == (
        'PostgreSQL refuses what is registered with alembic-utils: view public.v: unsafe use of new value "d" of enum type'
        " mood. Add the label to its type in a revision of its own, upgrade, and then use it in what is registered."
    )
    assert catalogs(database_url) == before


def test_text_that_is_no_label_is_refused_before_the_script_is_written(database_url: URL) -> None:
    run(database_url, generate(database_url, of(Text())), "upgrade")
    execute(database_url, "INSERT INTO task VALUES (1, 'a'), (2, 'z''z'), (3, 'z''z'), (4, 'q'), (5, NULL)")
    with pytest.raises(AssayError) as caught:
        generate(database_url, of(mood()))
    assert str(caught.value) == (
        "column task.mood becomes enum mood, but 1 row holds 'q'; 2 rows hold \"z'z\"."
        " Change those rows by an UPDATE before, or add the labels."
    )


def test_a_tenants_schema(database_url: URL) -> None:
    """The type has no schema in the models: it is in the first one of the search_path."""
    execute(database_url, 'CREATE SCHEMA "Tenant 1"', "CREATE TYPE mood AS ENUM ('of', 'another')")
    url = database_url.update_query_dict({"options": '-csearch_path="Tenant\\ 1"'})
    script = cycle(url, of(mood()), of(mood("c", "a", name="feeling"), info={"type_renamed_from": "mood"}), insert=HELD)
    assert lines(script.upgrade) == ["op.rename_enum('mood', 'feeling')", "op.replace_enum('feeling', ['c', 'a'])"]
    with migrating(database_url) as connection:
        labels = connection.execute(text("SELECT enum_range(NULL::public.mood)::text")).scalar_one()
    assert labels == "{of,another}"
