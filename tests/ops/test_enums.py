"""The directives for enumerated types: what they refuse, render and reverse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import render_python_code
from alembic.operations import Operations
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext

from alembic_assay import catalog
from alembic_assay.catalog.enums import Enum
from alembic_assay.errors import AssayError, DirectiveError, IrreversibleError
from alembic_assay.ops.enums import AddEnumValueOp, CreateEnumOp, DropEnumOp
from alembic_assay.ops.replace_enum import ModifyEnumOps, ReplaceEnumOp
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.operations import MigrateOperation
    from sqlalchemy import Connection

NASTY = [
    "it's",
    'say "hi"',
    ":x",
    "a:b",
    "50%",
    "%s",
    "%(x)s",
    "::",
    "\\",
    "\\:a",
    "snø",
    "x" * 63,
    "select",
    "NULL",
    " ",
]


def operations(connection: Connection) -> Any:  # directives of plugins are unknown to the class
    return Operations(MigrationContext.configure(connection))


def labels(connection: Connection) -> dict[str, tuple[str, ...]]:
    return {f"{enum.schema}.{enum.name}": enum.labels for enum in catalog.read(connection).of(Enum)}


def rendered(operation: MigrateOperation) -> list[str]:
    return render_python_code(UpgradeOps([operation])).splitlines()[1:-1]


def test_whatever_a_label_holds_it_arrives(connection: Connection) -> None:
    op = operations(connection)
    op.create_enum("all", NASTY)
    op.create_enum("one", ["last"])
    for label in NASTY:
        op.add_enum_value("one", label, before="last")
    assert labels(connection) == {"public.all": tuple(NASTY), "public.one": (*NASTY, "last")}


@pytest.mark.parametrize("name", ["order", "Order", "interval", 'a"b', "50%:x", "x" * 63, "snø", "a b"])
def test_whatever_a_type_is_called_every_directive_finds_it(connection: Connection, name: str) -> None:
    connection.execute(Statement('CREATE SCHEMA "My: 5%"'))
    op = operations(connection)
    op.create_enum(name, ["a"], schema="My: 5%")
    op.add_enum_value(name, "b", schema="My: 5%")
    op.replace_enum(name, ["b", "c"], schema="My: 5%", mapping={"a": "c"})
    assert labels(connection) == {f"My: 5%.{name}": ("b", "c")}
    op.drop_enum(name, schema="My: 5%")
    assert labels(connection) == {}


def test_adding_twice_is_an_error_unless_allowed(connection: Connection) -> None:
    op = operations(connection)
    op.create_enum("mood", ["sad"])
    op.add_enum_value("mood", "sad", if_not_exists=True)
    assert labels(connection) == {"public.mood": ("sad",)}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda op: op.create_enum("mood", ["x" * 64]),
            f"op.create_enum('mood'): label '{'x' * 64}' has 64 bytes, expected 1 to 63.",
        ),
        (
            lambda op: op.create_enum("mood", ["ø" * 32]),
            f"op.create_enum('mood'): label '{'ø' * 32}' has 64 bytes, expected 1 to 63.",
        ),
        (lambda op: op.create_enum("mood", [""]), "op.create_enum('mood'): label '' has 0 bytes, expected 1 to 63."),
        (lambda op: op.create_enum("mood", ["a", "b", "a"]), "op.create_enum('mood'): label 'a' is there twice."),
        (
            lambda op: op.create_enum("mood", ["a", 3]),
            "op.create_enum('mood'): expected labels that are strings, got 3.",
        ),
        (
            lambda op: op.add_enum_value("mood", "x", before="a", after="b"),
            "op.add_enum_value('mood', 'x'): expected before or after, got both. Name one neighbour.",
        ),
        (
            lambda op: op.replace_enum("mood", ["a"], mapping={"b": "c"}),
            "op.replace_enum('mood'): mapping 'b' to 'c': expected one of ['a'].",
        ),
        (lambda op: op.replace_enum("mood", ["a"]), "op.replace_enum: there is no enum mood in this database."),
    ],
)
def test_wrong_arguments_are_named(connection: Connection, call: Callable[[Operations], None], message: str) -> None:
    with pytest.raises(DirectiveError) as caught:
        call(operations(connection))
    assert str(caught.value) == message


SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (id int, mood mood DEFAULT 'sad', moods mood[] DEFAULT ARRAY['sad'::mood]);
CREATE TABLE part (id int, mood mood) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE INDEX i ON t (mood) WHERE mood <> 'sad';
CREATE INDEX expression ON t ((mood = 'sad'));
ALTER TABLE t ADD CONSTRAINT c CHECK (mood <> 'happy' OR id > 0);
INSERT INTO t VALUES (1, 'happy', '{sad,happy,NULL}'), (2, NULL, NULL);
INSERT INTO part VALUES (1, 'sad');
"""


def test_a_rebuild_keeps_rows_defaults_checks_indexes_and_partitions(connection: Connection) -> None:
    connection.exec_driver_sql(SCHEMA)
    before = catalog.read(connection)
    operations(connection).replace_enum("mood", ["happy", "sad"])
    assert [str(change) for change in catalog.diff(before, catalog.read(connection))] == [
        "enum public.mood: labels (sad, ok, happy) → (happy, sad)"
    ]
    rows = connection.exec_driver_sql("SELECT id, mood::text, moods::text FROM t ORDER BY id").all()
    assert rows == [(1, "happy", "{sad,happy,NULL}"), (2, None, None)]


def test_rows_are_mapped_also_in_arrays(connection: Connection) -> None:
    connection.exec_driver_sql(SCHEMA)
    connection.exec_driver_sql("ALTER TABLE t DROP CONSTRAINT c")
    operations(connection).replace_enum("mood", ["sad", "fine"], mapping={"happy": "fine", "ok": "fine"})
    rows = connection.exec_driver_sql("SELECT mood::text, moods::text FROM t ORDER BY id").all()
    assert rows == [("fine", "{sad,fine,NULL}"), (None, None)]


def test_rows_that_would_be_lost_are_counted(connection: Connection) -> None:
    connection.exec_driver_sql(SCHEMA)
    before = catalog.read(connection)
    with pytest.raises(IrreversibleError) as caught:
        operations(connection).replace_enum("mood", ["ok"])
    assert str(caught.value) == (
        "op.replace_enum: enum mood would lose 'sad', 'happy', but 1 row of public.part.mood holds 'sad'; 1 row of"
        " public.t.mood holds 'happy'; 1 row of public.t.moods holds 'happy'; 1 row of public.t.moods holds 'sad'."
        " Nothing was changed. Map the rows: mapping={'sad': ..., 'happy': ...}."
    )
    assert catalog.read(connection) == before


def test_a_rebuild_needs_a_transaction_and_a_database(connection: Connection) -> None:
    offline: Any = Operations(MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True}))
    with pytest.raises(DirectiveError) as caught:
        offline.replace_enum("mood", ["a"])
    assert str(caught.value) == (
        "op.replace_enum('mood') cannot be written with --sql: which columns use mood is known to the database only."
        " Run it online."
    )
    autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
    with pytest.raises(DirectiveError) as caught:
        operations(autocommit).replace_enum("mood", ["a"])
    assert str(caught.value) == "op.replace_enum('mood') needs a transaction. Move it out of autocommit_block()."


def test_operations_render_as_calls_that_evaluate_to_themselves() -> None:
    assert rendered(CreateEnumOp("mood", NASTY[:3], schema="My App")) == [
        '    op.create_enum("mood", ["it\'s", \'say "hi"\', ":x"], schema="My App")'
    ]
    assert rendered(DropEnumOp("mood", values=["a"])) == ['    op.drop_enum("mood")']
    assert rendered(ReplaceEnumOp("mood", ["a"], mapping={"b": "a"})) == [
        '    op.replace_enum("mood", ["a"], mapping={"b": "a"})'
    ]


def test_reverses_are_total_or_say_why() -> None:
    created = CreateEnumOp("mood", ["a"], schema="s")
    assert created.reverse().reverse().to_diff_tuple() == created.to_diff_tuple() == ("add_enum", "s", "mood", ["a"])
    replaced = ReplaceEnumOp("mood", ["a"], existing_values=["a", "b"])
    assert replaced.reverse().values == ["a", "b"]
    added = ModifyEnumOps(
        "mood", [AddEnumValueOp("mood", "b", after="a")], schema=None, existing_values=["a"], values=["a", "b"]
    )
    assert added.reverse().values == ["a"]
    assert added.reverse().reverse().values == ["a", "b"]


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (
            DropEnumOp("mood", schema="s"),
            (
                "dropping enum s.mood cannot be reversed: its labels are not known. Write op.create_enum('mood', [...])"
                " into downgrade() yourself."
            ),
        ),
        (
            AddEnumValueOp("mood", "b"),
            (
                "adding 'b' to enum mood cannot be reversed by itself. Write op.replace_enum('mood', [...]) with the labels"
                " to keep into downgrade()."
            ),
        ),
        (ReplaceEnumOp("mood", ["a"]), "replacing enum mood cannot be reversed: its labels are not known."),
    ],
)
def test_what_has_no_way_back_says_so(operation: MigrateOperation, message: str) -> None:
    with pytest.raises(AssayError) as caught:
        operation.reverse()
    assert str(caught.value) == message


def test_what_depends_on_no_row_is_written_offline(capsys: pytest.CaptureFixture[str]) -> None:
    context = MigrationContext.configure(
        dialect_name="postgresql", dialect_opts={"paramstyle": "named"}, opts={"as_sql": True}
    )
    offline: Any = Operations(context)
    offline.create_enum("mood", ["a"])
    offline.add_enum_value("mood", "b", after="a")
    offline.rename_enum_value("mood", "it's", "%(x)s :y", schema="S s")
    offline.rename_enum("mood", "feeling", schema="public", new_schema="app")
    offline.drop_enum("feeling", schema="app")
    assert [line for line in capsys.readouterr().out.splitlines() if line] == [
        "CREATE TYPE \"mood\" AS ENUM ('a');",
        "ALTER TYPE \"mood\" ADD VALUE 'b' AFTER 'a';",
        "ALTER TYPE \"S s\".\"mood\" RENAME VALUE 'it''s' TO '%(x)s :y';",
        'ALTER TYPE "public"."mood" RENAME TO "feeling";',
        'ALTER TYPE "public"."feeling" SET SCHEMA "app";',
        'DROP TYPE "app"."feeling";',
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda op: op.rename_enum("mood"),
            "op.rename_enum('mood'): expected a new name or new_schema, got neither.",
        ),
        (
            lambda op: op.rename_enum_value("mood", "a", ""),
            "op.rename_enum_value('mood'): label '' has 0 bytes, expected 1 to 63.",
        ),
        (
            lambda op: op.start_enum_switch("mood", ["a", "a"]),
            "op.start_enum_switch('mood'): label 'a' is there twice.",
        ),
        (
            lambda op: op.start_enum_switch("mood", ["a"]),
            "op.start_enum_switch: there is no enum mood in this database.",
        ),
    ],
)
def test_wrong_arguments_of_renames_and_switches_are_named(
    connection: Connection, call: Callable[[Any], None], message: str
) -> None:
    with pytest.raises(DirectiveError) as caught:
        call(operations(connection))
    assert str(caught.value) == message
