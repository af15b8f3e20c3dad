"""Renames and removals are never guessed: they are declared, or the run stops and prints both ways to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Enum, Integer, MetaData, Table
from tests.support.autogenerate import PLUGINS, catalogs, execute, generate, rows, run
from tests.support.enum_changes import lines
from tests.support.servers import database

from alembic_assay import catalog
from alembic_assay.compare.renames import Renames, parse, written
from alembic_assay.errors import AssayError, RenameError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


def models(
    *labels: str, name: str = "mood", schema: str | None = None, default: str | None = None, **info: Any
) -> MetaData:
    metadata = MetaData()
    type_ = Enum(*labels, name=name, schema=schema) if schema else Enum(*labels, name=name)
    Table(
        "task",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("mood", type_, info=info, server_default=default),
    )
    return metadata


CASES: dict[str, tuple[MetaData, list[str], list[str]]] = {
    "label renamed, in the models": (
        models("a", "beta", "c", renamed_values={"b": "beta"}),
        [],
        ['op.rename_enum_value("mood", "b", "beta")'],
    ),
    "label renamed, on the command line": (
        models("a", "beta", "c"),
        ["rename=mood.b:beta"],
        ['op.rename_enum_value("mood", "b", "beta")'],
    ),
    "label renamed, with the schema": (
        models("a", "b:c", "c"),
        ['rename=public.mood.b:"b:c"'],
        ['op.rename_enum_value("mood", "b", "b:c")'],
    ),
    "label renamed and another one added": (
        models("a", "x", "beta", "c", renamed_values={"b": "beta"}),
        [],
        ['op.add_enum_value("mood", "x", after="a")', 'op.rename_enum_value("mood", "b", "beta")'],
    ),
    "label renamed and all reordered": (
        models("c", "beta", "a", renamed_values={"b": "beta"}),
        [],
        ["op.rename_enum_value('mood', 'b', 'beta')", "op.replace_enum('mood', ['c', 'beta', 'a'])"],
    ),
    "two labels renamed": (
        models("A", "B", "c"),
        ["rename=mood.a:A", "rename=mood.b:B"],
        ['op.rename_enum_value("mood", "a", "A")', 'op.rename_enum_value("mood", "b", "B")'],
    ),
    "type renamed, in the models": (
        models("a", "b", "c", name="Feeling", type_renamed_from="mood"),
        [],
        ['op.rename_enum("mood", "Feeling")'],
    ),
    "type renamed, on the command line": (
        models("a", "b", "c", name="feeling"),
        ["rename=mood:feeling"],
        ['op.rename_enum("mood", "feeling")'],
    ),
    "type and label renamed": (
        models("a", "beta", "c", name="feeling", type_renamed_from="public.mood", renamed_values={"b": "beta"}),
        [],
        ['op.rename_enum_value("mood", "b", "beta")', 'op.rename_enum("mood", "feeling")'],
    ),
    "type renamed and a label added": (
        models("a", "b", "c", "d", name="feeling", type_renamed_from="mood"),
        [],
        ['op.add_enum_value("mood", "d", after="c")', 'op.rename_enum("mood", "feeling")'],
    ),
    "unused label gone, another one new": (
        models("a", "x", "c", removed_values={"b": None}),
        [],
        ['op.replace_enum("mood", ["a", "x", "c"])'],
    ),
    "unused label gone, said on the command line": (
        models("a", "x", "c"),
        ["remove=mood.b"],
        ['op.replace_enum("mood", ["a", "x", "c"])'],
    ),
}


@pytest.mark.parametrize(("after", "said", "upgrade"), CASES.values(), ids=CASES.keys())
def test_what_is_said_is_done_and_undone(
    database_url: URL, after: MetaData, said: list[str], upgrade: list[str]
) -> None:
    run(database_url, generate(database_url, models("a", "b", "c")), "upgrade")
    held = "'b'" if "replace" not in "".join(upgrade) or "rename" in "".join(upgrade) else "'a'"
    execute(database_url, f"INSERT INTO task VALUES (1, {held}), (2, 'c'), (3, NULL)")
    before, values = catalogs(database_url), rows(database_url)
    script = generate(database_url, after, assay_x=said)
    assert lines(script.upgrade) == lines("\n".join(upgrade))
    run(database_url, script, "upgrade")
    assert generate(database_url, after).upgrade == "pass"
    run(database_url, script, "downgrade")
    assert [str(each) for each in catalog.diff(before, catalogs(database_url))] == []
    assert rows(database_url) == values


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (models("a", "c", default="c", removed_values={"b": "c"}), []),
        (models("a", "c", default="c"), ["remove=mood.b:c"]),
    ],
)
def test_rows_get_the_declared_replacement_and_the_way_back_says_what_is_lost(
    database_url: URL, after: MetaData, said: list[str]
) -> None:
    run(database_url, generate(database_url, models("a", "b", "c", default="c")), "upgrade")
    execute(database_url, "INSERT INTO task VALUES (1, 'b'), (2, 'c')")
    script = generate(database_url, after, assay_x=said)
    assert lines(script.upgrade) == lines('op.replace_enum("mood", ["a", "c"], mapping={"b": "c"})')
    assert script.downgrade.splitlines() == [
        "# Rows that held 'b' stay 'c': which ones is not known.",
        'op.replace_enum("mood", ["a", "b", "c"])',
    ]
    before = catalogs(database_url)
    run(database_url, script, "upgrade")
    assert rows(database_url) == {"public.task": ["(1,c)", "(2,c)"]}
    run(database_url, script, "downgrade")
    assert catalogs(database_url) == before
    assert rows(database_url) == {"public.task": ["(1,c)", "(2,c)"]}


@pytest.fixture(scope="module")
def filled_url(server_url: URL) -> Iterator[URL]:
    """A database for refusals, which change nothing."""
    with database(server_url) as url:
        run(url, generate(url, models("a", "b", "c")), "upgrade")
        execute(url, "INSERT INTO task VALUES (1, 'b'), (2, 'b')", "CREATE TYPE lonely AS ENUM ('q')")
        yield url


REFUSED: dict[str, tuple[MetaData, list[str], str]] = {
    "a label that looks renamed": (
        models("a", "beta", "c"),
        [],
        (
            "enum mood of task.mood: label 'b' is gone and 'beta' is new in its place. If it was renamed:"
            " -x rename=mood.b:beta, or info={'renamed_values': {'b': 'beta'}} on the column. If it was removed:"
            " -x remove=mood.b, or info={'removed_values': {'b': None}}."
        ),
    ),
    "a type that looks renamed": (
        models("a", "b", "c", name="feeling"),
        [],
        (
            "enum mood is gone and enum feeling of task.mood is new, with the same labels. If it was renamed:"
            " -x rename=mood:feeling, or info={'type_renamed_from': 'mood'} on the column. If it is another one:"
            " -x remove=mood."
        ),
    ),
    "a label that rows hold": (
        models("a", "c"),
        [],
        (
            "enum mood would lose 'b', but 2 rows of public.task.mood hold 'b'. Say what such rows get:"
            " -x remove=mood.b:..., or info={'removed_values': {'b': ...}} on the column."
        ),
    ),
    "a rename to a label that the models do not have": (
        models("a", "beta", "c"),
        ["rename=mood.b:better"],
        (
            "enum mood of task.mood: 'b' is said to be renamed to 'better', which is none of its labels."
            " Expected a label that is new in the models."
        ),
    ),
    "a rename to a label that is there": (
        models("a", "c"),
        ["rename=mood.b:c"],
        (
            "enum mood of task.mood: 'b' is said to be renamed to 'c', which is there already."
            " Expected a label that is new in the models."
        ),
    ),
    "a replacement that the models do not have": (
        models("a", "c"),
        ["remove=mood.b:x"],
        "enum mood of task.mood: 'x' is said to replace 'b', and is none of its labels. Expected one of ['a', 'c'].",
    ),
    "what names nothing": (
        models("a", "b", "c"),
        ["rename=mod.b:beta", "remove=mood.z"],
        (
            "-x rename=mod.b:beta, -x remove=mood.z: nothing of that name is gone from the models. Expected -x"
            " rename=table.column:new, -x rename=type.label:new or -x rename=table:new; quote a part that holds . or :."
        ),
    ),
    "what cannot be read": (
        models("a", "b", "c"),
        ["rename=mood.b"],
        (
            "-x rename=mood.b: expected what it is called now after a colon. -x rename=table.column:new, -x"
            " rename=type.label:new or -x rename=table:new; quote a part that holds . or :"
        ),
    ),
}


@pytest.mark.parametrize(("after", "said", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_clear_stops_the_run(filled_url: URL, after: MetaData, said: list[str], message: str) -> None:
    with pytest.raises(AssayError) as caught:
        generate(filled_url, after, assay_x=said)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["", ".", "a.", "a:", ":b", "a:b:c", "a b:c.d", '"a', 'a"b', "a..b"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(RenameError):
        parse(text, "-x")


@pytest.mark.parametrize("path", [("a",), ("a", "b.c"), ('a"b', ":", "%s :x"), ("A b", "ø", "''")])
def test_what_is_written_is_read_as_the_same(path: tuple[str, ...]) -> None:
    assert parse(f"{written(*path)}:{written('n.e:w')}", "-x") == (path, "n.e:w")


def test_nobody_is_asked_where_nobody_can_answer() -> None:
    assert Renames([]).ask("?") is None


def test_a_default_that_names_a_label_that_goes_is_dropped_before_and_set_after(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b", "c", default="b")), "upgrade")
    execute(database_url, "INSERT INTO task VALUES (1, 'c')")
    before, after = catalogs(database_url), models("a", "c", default="a")
    script = generate(database_url, after)
    run(database_url, script, "upgrade")
    assert generate(database_url, after).upgrade == "pass"
    run(database_url, script, "downgrade")
    assert catalogs(database_url) == before


def test_a_default_follows_its_renamed_label(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b", default="b")), "upgrade")
    before, after = catalogs(database_url), models("a", "beta", default="beta", renamed_values={"b": "beta"})
    script = generate(database_url, after)
    run(database_url, script, "upgrade")
    assert generate(database_url, after).upgrade == "pass"
    run(database_url, script, "downgrade")
    assert catalogs(database_url) == before


def test_what_keeps_a_renamed_label_in_its_text_is_named(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b")), "upgrade")
    execute(
        database_url,
        "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'b'::mood; END$$",
        "CREATE FUNCTION g() RETURNS mood LANGUAGE sql BEGIN ATOMIC SELECT 'b'::mood; END",
        "CREATE FUNCTION s(mood, mood) RETURNS mood LANGUAGE sql AS 'SELECT $1'",
        "CREATE AGGREGATE ag(mood) (SFUNC = s, STYPE = mood, INITCOND = 'b')",
    )
    script = generate(database_url, models("a", "beta", renamed_values={"b": "beta"}))
    assert [line for line in script.upgrade.splitlines() if line.startswith("#")] == [
        "# aggregate public.ag(public.mood) names 'b' in its text: change it by hand.",
        "# function public.f() names 'b' in its text: change it by hand.",
    ]


def test_a_generated_column_that_will_come_last_is_named(database_url: URL, caplog: pytest.LogCaptureFixture) -> None:
    generated = "g int GENERATED ALWAYS AS (CASE mood WHEN 'a' THEN 1 END) STORED"
    execute(
        database_url,
        "CREATE TYPE mood AS ENUM ('a', 'b', 'c')",
        f"CREATE TABLE task (id serial PRIMARY KEY, mood mood, {generated}, note text, {generated.replace('g', 'h', 1)})",
    )
    only = {"include_object": lambda _object, _name, _kind, reflected, _to: not reflected}
    script = generate(database_url, models("c", "a", "b"), **only)
    assert [line for line in script.upgrade.splitlines() if line.startswith("#")] == [
        "# Rewrites public.task (about 0 rows, 0.0 MB) under ACCESS EXCLUSIVE.",
        "# Puts column public.task.g last in its table: it is generated, so it is dropped and added.",
    ]
    run(database_url, script, "upgrade")
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "Rebuilding enum 'mood' rewrites under ACCESS EXCLUSIVE: public.task (about 0 rows, 0.0 MB)",
        "column public.task.g comes last in its table: it is generated, so it is dropped and added",
    ]


def test_a_declared_rename_is_not_asked_for_though_another_type_looks_like_it(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b")), "upgrade")
    execute(database_url, "CREATE TYPE alike AS ENUM ('a', 'b')")
    after = models("a", "b", name="feeling", type_renamed_from="mood")
    assert lines(generate(database_url, after).upgrade) == ["op.rename_enum('mood', 'feeling')"]


def test_the_two_ways_name_the_schema_of_a_type_elsewhere(database_url: URL) -> None:
    execute(database_url, 'CREATE SCHEMA "S s"', "CREATE TYPE \"S s\".mood AS ENUM ('a')", "CREATE TABLE task (id int)")
    with pytest.raises(RenameError) as caught:
        generate(database_url, models("a", name="feeling", schema="S s"), include_schemas=True)
    assert str(caught.value) == (
        'enum "S s".mood is gone and enum "S s".feeling of task.mood is new, with the same labels. If it was renamed:'
        " -x rename=\"S s\".mood:feeling, or info={'type_renamed_from': '\"S s\".mood'} on the column."
        ' If it is another one: -x remove="S s".mood.'
    )
    for said in ('rename="S s".mood:feeling', 'remove="S s".mood'):
        generate(database_url, models("a", name="feeling", schema="S s"), include_schemas=True, assay_x=[said])


def test_renames_are_found_where_alembics_own_comparison_of_tables_runs(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b", default="b")), "upgrade")
    after = models("a", "beta", name="M", default="beta", renamed_values={"b": "beta"}, type_renamed_from="mood")
    script = generate(database_url, after, autogenerate_plugins=[*PLUGINS, "~assay.tables"])
    assert lines(script.upgrade) == lines("op.rename_enum_value('mood', 'b', 'beta')\nop.rename_enum('mood', 'M')")
