"""Enumerated types: what autogenerate writes for each change, as a full cycle on a real server with rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import ARRAY, Column, Enum, Integer, MetaData, Table, Text, text
from tests.support import autogenerate
from tests.support.autogenerate import cycle
from tests.support.enum_changes import lines

if TYPE_CHECKING:
    from sqlalchemy import URL

ROWS = ["INSERT INTO task (id, mood) VALUES (1, 'a'), (2, 'c'), (3, NULL)"]


def models(
    *labels: str, name: str = "mood", column: str = "mood", schema: str | None = None, **column_options: Any
) -> MetaData:
    """A table ``task`` with one column of one enumerated type."""
    metadata = MetaData()
    type_ = Enum(*labels, name=name, schema=schema) if schema else Enum(*labels, name=name)
    Table("task", metadata, Column("id", Integer, primary_key=True), Column(column, type_, **column_options))
    return metadata


@pytest.mark.parametrize(
    ("after", "upgrade"),
    [
        (["a", "b", "c", "z"], ['op.add_enum_value("mood", "z", after="c")']),
        (["z", "a", "b", "c"], ['op.add_enum_value("mood", "z", before="a")']),
        (["a", "z", "b", "c"], ['op.add_enum_value("mood", "z", after="a")']),
        (
            ["x", "y", "a", "b", "z", "c", "w"],
            [
                'op.add_enum_value("mood", "x", before="a")',
                'op.add_enum_value("mood", "y", after="x")',
                'op.add_enum_value("mood", "z", after="b")',
                'op.add_enum_value("mood", "w", after="c")',
            ],
        ),
        (
            ["aa", "a", "a b", "b", "c"],
            ['op.add_enum_value("mood", "aa", before="a")', 'op.add_enum_value("mood", "a b", after="a")'],
        ),
        (
            ["it's", 'qu"ote', "a", ":x", "50%", "b", "::", "c", "snø", "x" * 63],
            [
                "op.add_enum_value('mood', \"it's\", before='a')",
                "op.add_enum_value('mood', 'qu\"ote', after=\"it's\")",
                "op.add_enum_value('mood', ':x', after='a')",
                "op.add_enum_value('mood', '50%', after=':x')",
                "op.add_enum_value('mood', '::', after='b')",
                "op.add_enum_value('mood', 'snø', after='c')",
                f"op.add_enum_value('mood', '{'x' * 63}', after='snø')",
            ],
        ),
    ],
)
def test_labels_are_added_where_the_models_have_them(database_url: URL, after: list[str], upgrade: list[str]) -> None:
    script = cycle(database_url, models("a", "b", "c"), models(*after), insert=ROWS)
    assert lines(script.upgrade) == lines("\n".join(upgrade))
    assert lines(script.downgrade) == lines('op.replace_enum("mood", ["a", "b", "c"])')


@pytest.mark.parametrize(
    ("after", "call"),
    [
        (["a", "c"], 'op.replace_enum("mood", ["a", "c"])'),
        (["c", "b", "a"], 'op.replace_enum("mood", ["c", "b", "a"])'),
        (["c", "x", "a"], 'op.replace_enum("mood", ["c", "x", "a"])'),
    ],
)
def test_labels_that_go_or_move_need_a_rebuild(database_url: URL, after: list[str], call: str) -> None:
    script = cycle(database_url, models("a", "b", "c"), models(*after), insert=ROWS)
    assert script.upgrade.startswith("# Rewrites public.task (about 3 rows, 0.0 MB) under ACCESS EXCLUSIVE.\n")
    assert lines(script.upgrade) == lines(call)
    assert lines(script.downgrade) == lines("op.replace_enum('mood', ['a', 'b', 'c'])")


@pytest.mark.parametrize(
    ("label", "default"), [("it's", text("'it''s'")), ("x\\y", "x\\y"), ("it's", "it's"), ("50%", "50%"), (":x", ":x")]
)
def test_a_label_that_is_used_is_committed_first_however_it_is_written(
    database_url: URL, label: str, default: Any
) -> None:
    after = models("a", "b", "c", label)
    after.tables["task"].append_column(
        Column("second", Enum("a", "b", "c", label, name="mood"), server_default=default)
    )
    script = cycle(database_url, models("a", "b", "c"), after, insert=ROWS)
    assert lines(script.upgrade)[0] == "with op.get_context().autocommit_block():"


SAID = {"said in the models": {}, "said on the command line": {"assay_x": ["rename=mood.b:beta"]}}


@pytest.mark.parametrize("where", SAID)
def test_a_label_is_renamed(database_url: URL, where: str) -> None:
    info = {"renamed_values": {"b": "beta"}} if "models" in where else {}
    before = models("a", "b", "c", server_default="a")
    after = models("a", "beta", "c", server_default="a", info=info)
    script = cycle_with(database_url, before, after, SAID[where], [*ROWS, "UPDATE task SET mood = 'b' WHERE id = 1"])
    assert lines(script.upgrade) == lines('op.rename_enum_value("mood", "b", "beta")')
    assert lines(script.downgrade) == lines('op.rename_enum_value("mood", "beta", "b")')


def cycle_with(url: URL, before: MetaData, after: MetaData, said: dict[str, Any], insert: list[str]) -> Any:
    """A cycle in which something is said for the one step that needs it."""
    autogenerate.run(url, autogenerate.generate(url, before), "upgrade")
    autogenerate.execute(url, *insert)
    catalogs, rows = autogenerate.catalogs(url), autogenerate.rows(url)
    script = autogenerate.generate(url, after, **said)
    autogenerate.run(url, script, "upgrade")
    assert autogenerate.generate(url, after).upgrade == "pass"
    autogenerate.run(url, script, "downgrade")
    assert autogenerate.catalogs(url) == catalogs
    assert autogenerate.rows(url) == rows
    return script


def one_line(script: str) -> str:
    return " ".join(lines(script))


@pytest.mark.parametrize(
    ("before", "after", "using", "using_back", "insert"),
    [
        (Text(), Enum("a", "b", name="mood"), '"M m"::text::"mood"', '"M m"::text::TEXT', "'a'"),
        (Integer(), Enum("1", "2", name="mood"), '"M m"::text::"mood"', '"M m"::text::INTEGER', "1"),
        (
            ARRAY(Text),
            ARRAY(Enum("a", "b", name="mood")),
            '"M m"::text[]::"mood"[]',
            '"M m"::text[]::TEXT[]',
            "'{a,NULL}'",
        ),
    ],
)
def test_a_column_becomes_an_enum(
    database_url: URL, before: Any, after: Any, using: str, using_back: str, insert: str
) -> None:
    def table(type_: Any) -> MetaData:
        metadata = MetaData()
        Table("task", metadata, Column("id", Integer, primary_key=True), Column("M m", type_))
        return metadata

    script = cycle(
        database_url, table(before), table(after), insert=[f"INSERT INTO task VALUES (1, {insert}), (2, NULL)"]
    )
    assert f"postgresql_using={using!r}" in one_line(script.upgrade)
    assert f"postgresql_using={using_back!r}" in one_line(script.downgrade)
