"""The online way to other labels: with rows, while others write, up and down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import ARRAY, Column, Enum, Integer, MetaData, Table
from sqlalchemy.exc import OperationalError
from tests.support.autogenerate import catalogs, execute, generate, migrating, rows, run

from alembic_assay import catalog
from alembic_assay.errors import AssayError
from alembic_assay.options import Options

if TYPE_CHECKING:
    from sqlalchemy import URL

HANGING = [
    "CREATE INDEX plain ON task (mood DESC, id) INCLUDE (id)",
    "CREATE INDEX partial ON task (id) WHERE mood = 'a' OR moods @> '{c}'",
    "COMMENT ON INDEX partial IS 'p'",
    "CREATE VIEW v AS SELECT mood, moods FROM task WHERE mood <> 'a'",
    "ALTER TABLE task ADD CONSTRAINT c CHECK (mood <> 'c' OR id > 0)",
    "GRANT SELECT (mood) ON task TO PUBLIC",
    "COMMENT ON TYPE mood IS 't'",
    "INSERT INTO task SELECT i, CASE i % 3 WHEN 0 THEN 'a' ELSE 'c' END::mood, '{a,NULL}' FROM generate_series(1, 5000) AS i",
]


def models(*labels: str, **info: Any) -> MetaData:
    metadata = MetaData()
    mood = Enum(*labels, name="mood")
    Table(
        "task",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("mood", mood, nullable=False, server_default="a", comment="m", info=info),
        Column("moods", ARRAY(mood)),
    )
    return metadata


def differences(before: catalog.Snapshot, after: catalog.Snapshot) -> list[str]:
    return [str(each) for each in catalog.diff(before, after) if each.fields != ("position",)]


ONLINE = {
    "assay": Options(enum_rebuild="online"),
    "include_object": lambda _o, _n, kind, *_: kind not in {"index", "check_constraint"},
}


def test_up_and_down_with_rows_and_all_that_hangs_on_them(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b", "c")), "upgrade")
    execute(database_url, *HANGING)
    before, held = catalogs(database_url), rows(database_url)
    script = generate(database_url, models("c", "a"), **ONLINE)
    assert script.upgrade.splitlines()[1:] == [
        "with op.get_context().autocommit_block():",
        '    op.start_enum_switch("mood", ["c", "a"])',
        '    op.copy_enum_values("mood")',
        "",
        'op.finish_enum_switch("mood")',
    ]
    run(database_url, script, "upgrade")
    assert differences(before, catalogs(database_url)) == ["enum public.mood: labels (a, b, c) → (c, a)"]
    assert generate(database_url, models("c", "a"), **ONLINE).upgrade == "pass"
    run(database_url, script, "downgrade")
    assert differences(before, catalogs(database_url)) == []
    assert sorted_values(rows(database_url)) == sorted_values(held)


def sorted_values(found: dict[str, list[str]]) -> list[list[str]]:
    """Columns come last after a switch, so the values of a row are compared without their order."""
    return sorted(
        sorted(row.strip("()").replace('"', "").replace("{", "").replace("}", "").split(","))
        for held in found.values()
        for row in held
    )


def test_what_is_written_meanwhile_is_in_both_and_mapped(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b", "c")), "upgrade")
    execute(database_url, "INSERT INTO task VALUES (1, 'b', '{b,a}')")
    script = generate(database_url, models("a", "c", removed_values={"b": "c"}), **ONLINE)
    start = "\n".join(script.upgrade.splitlines()[1:3])
    run(database_url, type(script)(script.imports, start, ""), "upgrade")
    execute(database_url, "INSERT INTO task VALUES (2, 'b', NULL)", "UPDATE task SET mood = 'c' WHERE id = 1")
    run(database_url, type(script)(script.imports, start, ""), "upgrade")  # as after a failure
    run(database_url, script, "upgrade")
    assert rows(database_url) == {"public.task": ['(1,c,"{c,a}")', "(2,c,)"]}


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE DOMAIN d AS mood", "public.d is made of it"),
        ("ALTER TABLE task ADD UNIQUE (mood)", "constraint public.task.task_mood_key is a unique"),
        (
            "CREATE TABLE heir () INHERITS (task)",
            "table public.heir is partitioned, inherited or foreign; table public.heir is partitioned, inherited or foreign",
        ),
    ],
)
def test_what_needs_a_rewrite_is_said_before_the_script_is_written(
    database_url: URL, statement: str, reason: str
) -> None:
    run(database_url, generate(database_url, models("a", "b", "c")), "upgrade")
    execute(database_url, statement)
    with pytest.raises(AssayError) as caught:
        generate(database_url, models("c", "a"), **ONLINE)
    assert str(caught.value) == (
        f"enum public.mood cannot be switched online: {reason}. Use op.replace_enum, in a maintenance window:"
        " enum_rebuild = 'rewrite'."
    )


def test_what_must_be_dropped_before_is_refused(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b", "c")), "upgrade")
    execute(database_url, "ALTER TABLE task ADD CONSTRAINT ck CHECK (mood <> 'b')")
    with pytest.raises(AssayError) as caught:
        generate(database_url, models("c", "a"), assay=Options(enum_rebuild="online"))
    assert str(caught.value) == (
        "enum mood cannot be switched online: the same revision drops what names a label that goes. Drop that in a"
        " revision of its own before this one, or allow it: enum_rebuild = 'rewrite'."
    )


def test_a_table_that_is_locked_stops_the_start_and_not_the_application(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b", "c")), "upgrade")
    script = generate(database_url, models("c", "a"), **ONLINE)
    with migrating(database_url) as other:
        other.exec_driver_sql("LOCK TABLE task IN ACCESS SHARE MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            run(database_url, script, "upgrade", assay=Options(lock_timeout="50ms"))
    run(database_url, script, "upgrade")
    assert generate(database_url, models("c", "a"), **ONLINE).upgrade == "pass"


@pytest.mark.parametrize("directive", ["start_enum_switch", "copy_enum_values", "finish_enum_switch"])
def test_offline_is_refused(directive: str) -> None:
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True})
    arguments = (["a"],) if directive == "start_enum_switch" else ()
    with pytest.raises(AssayError) as caught:
        getattr(Operations(context), directive)("mood", *arguments)
    assert str(caught.value) == (
        f"op.{directive} cannot be written with --sql: which columns use the type is known to the database only."
        " Run it online."
    )


def test_refusing_names_the_tables(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b", "c")), "upgrade")
    with pytest.raises(AssayError) as caught:
        generate(database_url, models("c", "a"), assay=Options(enum_rebuild="refuse"))
    assert str(caught.value) == (
        "enum mood would have to be built anew, which rewrites public.task (about 0 rows, 0.0 MB) under ACCESS EXCLUSIVE."
        " Keep the labels and their order, or allow it: enum_rebuild = 'rewrite' or 'online'."
    )


def test_copying_must_commit(database_url: URL) -> None:
    run(database_url, generate(database_url, models("a", "b")), "upgrade")
    script = generate(database_url, models("b", "a"), **ONLINE)
    bad = type(script)(script.imports, 'op.start_enum_switch("mood", ["b", "a"])\nop.copy_enum_values("mood")', "")
    with pytest.raises(AssayError) as caught:
        run(database_url, bad, "upgrade")
    assert str(caught.value) == (
        "op.copy_enum_values('mood') commits batch by batch. Put it into with op.get_context().autocommit_block():."
    )
