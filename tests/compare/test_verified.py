"""What was found equal is not compared again; no change, on either side, is ever hidden by that."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, Table, text
from sqlalchemy.exc import DBAPIError
from tests.support.autogenerate import context_of, generate, migrating, run

from alembic_assay.compare import comparison
from alembic_assay.errors import RenameError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection

BEHIND = (
    "ALTER TABLE task ADD extra text",
    "ALTER TABLE task DROP COLUMN note",
    "ALTER TABLE task ALTER title TYPE varchar(31)",
    "ALTER TABLE task ALTER title SET DEFAULT 'y'",
    "ALTER TABLE task ALTER title DROP DEFAULT",
    "ALTER TABLE task ALTER title SET NOT NULL",
    'ALTER TABLE task ALTER title TYPE varchar(30) COLLATE "C"',
    "ALTER TABLE task RENAME title TO headline",
    "ALTER TABLE task ADD CHECK (id > 0)",
    "ALTER TABLE task DROP CONSTRAINT positive",
    "ALTER TABLE task RENAME CONSTRAINT positive TO other",
    "ALTER TABLE task DROP CONSTRAINT positive, ADD CONSTRAINT positive CHECK (rank > 1)",
    "ALTER TABLE task DROP CONSTRAINT task_goal_id_fkey",
    "ALTER TABLE task ALTER CONSTRAINT task_goal_id_fkey DEFERRABLE",
    "DROP INDEX by_rank",
    "ALTER INDEX by_rank RENAME TO other",
    "ALTER INDEX by_rank SET (fillfactor = 50)",
    "DROP INDEX by_rank; CREATE INDEX by_rank ON task (rank) WHERE rank > 5",
    "COMMENT ON COLUMN task.title IS 'other'",
    "COMMENT ON TABLE task IS 'other'",
    "ALTER TABLE task SET UNLOGGED",
    "CREATE TABLE other (id serial PRIMARY KEY)",
    "DROP TABLE task",
    "ALTER TABLE task RENAME TO job",
    "ALTER SEQUENCE task_id_seq INCREMENT BY 2",
    "ALTER SEQUENCE numbers CYCLE",
    "DROP SEQUENCE numbers",
    "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
    "ALTER TABLE task ALTER rank ADD GENERATED ALWAYS AS IDENTITY",
)
HARMLESS = ("SELECT 1", "INSERT INTO task (rank) VALUES (5)", "ANALYZE task", "CREATE VIEW v AS SELECT id FROM goal")


def models(**options: Any) -> MetaData:
    metadata = MetaData()
    Table("goal", metadata, Column("id", Integer, primary_key=True))
    Table(
        "task",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("title", sa.String(30), server_default="x", comment="said"),
        Column("note", sa.Text),
        Column("rank", Integer, nullable=False),
        Column("mood", Enum("sad", "ok", name="mood")),
        Column("goal_id", ForeignKey("goal.id")),
        sa.CheckConstraint("rank > 0", name="positive"),
        sa.Index("by_rank", "rank"),
        **options,
    )
    sa.Sequence("numbers", metadata=metadata)
    return metadata


def proposed(connection: Connection, cache: Path, metadata: MetaData, **opts: Any) -> bool:
    context = context_of(connection, metadata, assay_cache=cache, **opts)
    script = produce_migrations(context, metadata)
    assert script.upgrade_ops is not None
    return not script.upgrade_ops.is_empty()


@pytest.fixture
def equal(database_url: URL) -> Iterator[Connection]:
    run(database_url, generate(database_url, models()), "upgrade")
    with migrating(database_url) as connection:
        yield connection


def test_a_second_run_compares_nothing(equal: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not proposed(equal, tmp_path, models())
    monkeypatch.setattr(comparison, "_compare", lambda *_: pytest.fail("compared again"))
    assert not proposed(equal, tmp_path, models())


@pytest.mark.parametrize("harmless", HARMLESS)
def test_a_change_behind_its_back_is_found(equal: Connection, tmp_path: Path, harmless: str) -> None:
    """All of them one by one, each undone again."""
    assert not proposed(equal, tmp_path, models())
    equal.rollback()
    for statement in BEHIND:
        equal.execute(text(harmless))
        equal.exec_driver_sql(statement)
        try:
            assert proposed(equal, tmp_path, models()), f"{statement} is hidden"
        except RenameError:
            assert "RENAME" in statement or "ADD extra" in statement
        equal.rollback()


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(BEHIND), min_size=2, max_size=4, unique=True))
def test_several_changes_are_found(equal: Connection, tmp_path: Path, statements: list[str]) -> None:
    assert not proposed(equal, tmp_path, models())
    equal.rollback()
    for statement in statements:
        with suppress(DBAPIError), equal.begin_nested():
            equal.exec_driver_sql(statement)
    with suppress(RenameError):
        assert proposed(equal, tmp_path, models()), f"{statements} are hidden"
    equal.rollback()


def test_a_change_of_the_models_is_found(equal: Connection, tmp_path: Path) -> None:
    assert not proposed(equal, tmp_path, models())
    changed = [models(comment="said"), models(prefixes=["UNLOGGED"]), models(), models(), models()]
    changed[2].tables["task"].append_column(Column("new", Integer))
    changed[3].tables["task"].append_constraint(sa.CheckConstraint("rank < 9"))
    sa.Sequence("more", metadata=changed[4])
    for each in changed:
        assert proposed(equal, tmp_path, each)


def test_hooks_and_what_is_said_for_a_run_are_always_asked(equal: Connection, tmp_path: Path) -> None:
    assert not proposed(equal, tmp_path, models())
    asked = []

    def include_name(name: str | None, type_: str, _: Any) -> bool:
        asked.append(name)
        return (type_, name) != ("index", "by_rank")

    assert proposed(equal, tmp_path, models(), include_name=include_name)
    assert "task" in asked


def test_a_damaged_cache_is_an_empty_one(equal: Connection, tmp_path: Path) -> None:
    assert not proposed(equal, tmp_path, models())
    for path in tmp_path.glob("*.json"):
        path.write_text("[", "utf-8")
    equal.exec_driver_sql("DROP INDEX by_rank")
    assert proposed(equal, tmp_path, models())
