"""The user's hooks, and Alembic's other ways to be called, with our comparison on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata, produce_migrations
from alembic.operations import ops
from sqlalchemy import Column, Integer, MetaData, Table
from tests.support.autogenerate import context_of, cycle, execute, generate, migrating

if TYPE_CHECKING:
    from sqlalchemy import URL
    from tests.support.project import Project

THERE = (
    "CREATE TABLE task (id serial PRIMARY KEY, title text, rank integer)",
    "CREATE INDEX by_rank ON task (rank)",
    "CREATE TABLE legacy (id serial PRIMARY KEY)",
    "CREATE SCHEMA other",
    "CREATE TABLE other.task (id serial PRIMARY KEY)",
)


def models(*columns: Column[Any], name: str = "task", schema: str | None = None) -> MetaData:
    metadata = MetaData()
    Table(name, metadata, Column("id", Integer, primary_key=True), *columns, schema=schema)
    return metadata


def both() -> tuple[Column[Any], ...]:
    return Column("title", sa.Text), Column("rank", Integer, index=True)


def lines(url: URL, metadata: Any, **opts: Any) -> list[str]:
    return [line for line in generate(url, metadata, **opts).upgrade.splitlines() if not line.startswith("#")]


@pytest.fixture
def url(database_url: URL) -> URL:
    execute(database_url, *THERE)
    return database_url


def test_include_name_hides_what_is_there(url: URL) -> None:
    asked = []

    def include_name(name: str | None, type_: str, parents: Any) -> bool:
        asked.append((type_, name, parents.get("table_name"), parents.get("schema_name")))
        return name not in {"legacy", "by_rank", "rank"}

    new = models(Column("title", sa.Text))
    assert lines(url, new, include_name=include_name) == ["pass"]
    assert ("table", "legacy", None, None) in asked
    assert ("index", "by_rank", "task", None) in asked
    assert ("column", "rank", "task", None) in asked


def test_include_name_chooses_schemas(url: URL) -> None:
    def include_name(name: str | None, type_: str, _: Any) -> bool:
        return name in {None, "other"} if type_ == "schema" else name != "legacy"

    new = models(Column("title", sa.Text), Column("rank", Integer, index=True))
    found = lines(url, new, include_name=include_name, include_schemas=True)
    assert 'op.drop_table("task", schema="other")' in found
    assert 'op.drop_table("legacy")' not in found


def test_without_include_schemas_other_schemas_are_not_touched(url: URL) -> None:
    new = models(Column("title", sa.Text), Column("rank", Integer, index=True))
    assert not [line for line in lines(url, new) if "other" in line]


def test_include_object_is_asked_with_objects(url: URL) -> None:
    asked = {}

    def include_object(item: Any, name: str | None, type_: str, reflected: bool, other: Any) -> bool:
        asked[type_, name] = (type(item).__name__, reflected, other is not None)
        return name not in {"legacy", "by_rank"} and not getattr(item, "info", {}).get("skip")

    new = models(Column("title", sa.Text, info={"skip": True}), Column("note", sa.Text, info={"skip": True}))
    found = lines(url, new, include_object=include_object, assay_x=["remove=task.rank"])
    assert found == ['op.drop_column("task", "rank")']
    assert asked["table", "legacy"] == ("Table", True, False)
    assert asked["index", "by_rank"] == ("Index", True, False)
    assert asked["column", "note"] == ("Column", False, False)
    assert asked["column", "rank"] == ("Column", True, False)


def test_several_metadata(url: URL) -> None:
    first = models(*both())
    second = models(name="legacy")
    script = cycle(url, [], [first, second], insert=["INSERT INTO legacy DEFAULT VALUES"])  # type: ignore[arg-type] # several
    assert "legacy" not in script.upgrade


def test_render_item(url: URL) -> None:
    class Money(sa.TypeDecorator[Any]):
        impl = sa.Numeric(10, 2)
        cache_ok = True

    def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
        if kind == "type" and isinstance(item, Money):
            autogen_context.imports.add("from app import types")
            return "types.Money()"
        if kind == "server_default":
            return "DEFAULT_TEXT"
        return False

    new = models(*both(), Column("cost", Money, server_default="1"))
    script = generate(url, new, render_item=render_item)
    assert script.imports == "from app import types"
    assert 'sa.Column("cost", types.Money(), server_default=DEFAULT_TEXT, nullable=True)' in script.upgrade


def test_compare_type_and_compare_server_default(url: URL) -> None:
    asked: list[tuple[str, ...]] = []

    def compare_type(context: Any, there: Any, model: Any, there_type: Any, model_type: Any) -> bool | None:
        asked.append((context.dialect.name, there.name, model.name, repr(there_type), repr(model_type)))
        return False

    def compare_server_default(_: Any, there: Any, *_defaults: Any) -> bool | None:
        asked.append((there.name,))
        return False

    new = models(Column("title", sa.String(9), server_default="x"), Column("rank", Integer))
    found = lines(url, new, compare_type=compare_type, compare_server_default=compare_server_default)
    assert not [line for line in found if "alter_column" in line]
    assert asked == [("postgresql", "title", "title", "TEXT()", "String(length=9)"), ("title",)]


def test_comparisons_from_python(url: URL) -> None:
    new = models(Column("title", sa.String(9)), Column("rank", Integer, index=True), Column("new", sa.Text))
    with migrating(url) as connection:
        found = compare_metadata(context_of(connection), new)
        migrations = produce_migrations(context_of(connection), new)
    kinds = [each[0] if isinstance(each, tuple) else [part[0] for part in each] for each in found]
    assert "add_column" in str(kinds)
    assert [each[-1].name for each in found if each[0] == "remove_table"] == ["legacy"]
    assert [part[:2] for each in found if isinstance(each, list) for part in each] == [("modify_type", None)]
    assert migrations.upgrade_ops is not None
    assert len(migrations.upgrade_ops.as_diffs()) == len(found)


def test_a_rewriter_gets_alembics_operations(project: Project) -> None:
    project.write_models(
        MODELS.format(columns="sa.Column('title', sa.Text), sa.Column('rank', sa.Integer, index=True)")
    )
    project.write_env(
        """
        from alembic import context, op
        from alembic.autogenerate import rewriter
        from alembic.operations import ops
        from alembic_assay.env import run
        from models import Base

        writer = rewriter.Rewriter()

        @writer.rewrites(ops.CreateTableOp)
        def first(context, revision, op):
            op.columns = sorted(op.columns, key=lambda each: not getattr(each, "primary_key", False))
            return [op, ops.ExecuteSQLOp("SELECT 'rewritten'")]

        @writer.rewrites(ops.CreateIndexOp)
        def second(context, revision, op):
            op.kw["postgresql_concurrently"] = False
            return op

        run(context, Base.metadata, process_revision_directives=writer)
        """
    )
    script = project.revise().read_text("utf-8")
    assert "op.execute(\"SELECT 'rewritten'\")" in script
    assert "postgresql_concurrently=False" in script


MODELS = """
    import sqlalchemy as sa
    from sqlalchemy.orm import DeclarativeBase

    class Base(DeclarativeBase):
        pass

    sa.Table("task", Base.metadata, sa.Column("id", sa.Integer, primary_key=True), {columns})
"""


def test_branches_heads_splice_check_and_offline(project: Project) -> None:
    project.write_models(MODELS.format(columns="sa.Column('title', sa.Text)"))
    project.alembic("revision", "--autogenerate", "-m", "a", "--rev-id", "a", "--branch-label", "main")
    project.alembic("upgrade", "heads")
    assert "No new upgrade operations detected." in project.alembic("check").stdout
    project.write_models(MODELS.format(columns="sa.Column('title', sa.Text), sa.Column('rank', sa.Integer)"))
    checked = project.alembic("check", expect=255)
    assert "New upgrade operations detected:" in checked.stderr
    project.alembic("revision", "--autogenerate", "-m", "b", "--rev-id", "b", "--head", "main@head")
    project.alembic("upgrade", "heads")
    project.write_models(
        MODELS.format(columns="sa.Column('title', sa.Text), sa.Column('rank', sa.Integer), sa.Column('more', sa.Text)")
    )
    project.alembic("revision", "--autogenerate", "-m", "c", "--rev-id", "c", "--head", "b")
    project.alembic("upgrade", "c")
    project.alembic("revision", "-m", "d", "--rev-id", "d", "--head", "a", "--splice")
    assert sorted(line.split()[0] for line in project.alembic("heads").stdout.splitlines()) == ["c", "d"]
    project.alembic("merge", "-m", "e", "--rev-id", "e", "heads")
    project.alembic("upgrade", "head")
    assert "No new upgrade operations detected." in project.alembic("check").stdout
    sql = project.alembic("upgrade", "a:c", "--sql").stdout
    assert "ALTER TABLE task ADD COLUMN rank INTEGER" in sql
    assert "ALTER TABLE task ADD COLUMN more TEXT" in project.alembic("upgrade", "b:c", "--sql").stdout


def test_the_operations_are_alembics(url: URL) -> None:
    with migrating(url) as connection:
        script = produce_migrations(context_of(connection), models(Column("new", sa.Text), name="new"))
    assert script.upgrade_ops is not None
    kinds = [
        each
        for each in (ops.CreateTableOp, ops.DropTableOp)
        if any(isinstance(op, each) for op in script.upgrade_ops.ops)
    ]
    assert kinds == [ops.CreateTableOp, ops.DropTableOp]
