"""What the rule says is what PostgreSQL does: deleting from the parent reads the child."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.operations import ops
from sqlalchemy import Column, Index, Integer, MetaData, Table, text
from sqlalchemy import ForeignKey as Reference

from alembic_assay.catalog import indexes
from alembic_assay.catalog.reading import Scope
from alembic_assay.findings import Severity
from alembic_assay.rules import RuleContext, Step, find_rule
from alembic_assay.rules.tables import ForeignKey, KnownTable, KnownTables

if TYPE_CHECKING:
    from alembic.operations import MigrateOperation
    from sqlalchemy import Connection

    from alembic_assay.findings import Finding

TABLES = """
    CREATE TABLE users (id int PRIMARY KEY);
    CREATE TABLE tasks (id int PRIMARY KEY, user_id int REFERENCES users);
    INSERT INTO users SELECT generate_series(1, 100);
    INSERT INTO tasks SELECT n, 1 + mod(n, 50) FROM generate_series(1, 20000) AS n;
    ANALYZE users, tasks
"""
SCANS = text("SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'tasks'")


def check(operation: MigrateOperation, context: RuleContext | None = None) -> list[Finding]:
    rule = find_rule("fk-without-index")
    assert rule is not None
    return list(rule.check(operation, context or RuleContext(steps=[Step(operation=operation)])))


def foreign_key() -> ops.CreateForeignKeyOp:
    return ops.CreateForeignKeyOp("fk", "tasks", "users", ["user_id"], ["id"])


def scans(connection: Connection, statement: str) -> tuple[int, int]:
    """How often a statement reads all of tasks, and how often it looks into an index of it."""
    before = connection.execute(SCANS).one()
    connection.exec_driver_sql(statement)
    after = connection.execute(SCANS).one()
    return after[0] - before[0], (after[1] or 0) - (before[1] or 0)


@pytest.mark.parametrize("statement", ["DELETE FROM users WHERE id > 98", "UPDATE users SET id = -id WHERE id > 98"])
def test_each_deleted_or_changed_row_reads_the_whole_table_until_there_is_an_index(
    connection: Connection, statement: str
) -> None:
    connection.exec_driver_sql(TABLES)
    savepoint = connection.begin_nested()
    assert scans(connection, statement) == (2, 0)
    savepoint.rollback()
    connection.exec_driver_sql("CREATE INDEX ON tasks (user_id)")
    assert scans(connection, statement) == (0, 2)


@pytest.mark.parametrize(
    ("index", "served"),
    [
        ("(user_id, id)", True),
        ("(id, user_id)", False),
        ("USING hash (user_id)", True),
        ("(user_id) WHERE id > 10", False),
        ("(abs(user_id))", False),
        ("USING brin (user_id)", False),
    ],
)
def test_the_server_uses_the_indexes_that_the_rule_accepts(connection: Connection, index: str, served: bool) -> None:
    connection.exec_driver_sql(TABLES)
    connection.exec_driver_sql(f"CREATE INDEX idx ON tasks {index}")
    assert (scans(connection, "DELETE FROM users WHERE id > 98") == (0, 2)) is served
    records = {("public", "tasks"): indexes.read(connection, Scope(tables=("tasks",)))}
    operation = foreign_key()
    context = RuleContext(steps=[Step(operation=operation)], before=KnownTables(records))
    assert (check(operation, context) == []) is served


def test_an_index_that_is_not_valid_does_not_serve(connection: Connection) -> None:
    connection.exec_driver_sql(TABLES)
    connection.exec_driver_sql("CREATE INDEX idx ON tasks (user_id)")
    connection.exec_driver_sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx'::regclass")
    assert scans(connection, "DELETE FROM users WHERE id > 98") == (2, 0)
    records = {("public", "tasks"): indexes.read(connection, Scope(tables=("tasks",)))}
    operation = foreign_key()
    (finding,) = check(operation, RuleContext(steps=[Step(operation=operation)], before=KnownTables(records)))
    assert finding.severity is Severity.WARNING
    assert "'idx_tasks_user_id'" in finding.instead


def test_an_index_of_the_models_serves() -> None:
    metadata = MetaData()
    Table("tasks", metadata, Column("user_id", Integer, Reference("users.id"), index=True))
    operation = foreign_key()
    declared = KnownTables.of_metadata([metadata])
    assert check(operation, RuleContext(steps=[Step(operation=operation)], declared=declared)) == []


def test_a_foreign_key_that_a_later_revision_drops_is_left_alone() -> None:
    operation, other = foreign_key(), KnownTables()
    other[None, "tasks"] = KnownTable(
        foreign_keys=[ForeignKey(table=(None, "tasks"), columns=("owner_id",), refers_to=(None, "users"))]
    )
    steps = [Step(operation=operation)]
    assert check(operation, RuleContext(steps=steps, declared=other, complete=True)) == []
    assert len(check(operation, RuleContext(steps=steps, declared=other))) == 1


def test_dropping_an_index_with_an_expression_gives_no_line_for_the_model() -> None:
    create = ops.CreateIndexOp("idx", "tasks", ["user_id", text("lower(title)")])
    before = KnownTables()
    before[None, "tasks"] = KnownTable(
        foreign_keys=[ForeignKey(table=(None, "tasks"), columns=("user_id",), refers_to=(None, "users"))]
    )
    drop = create.reverse()
    (finding,) = check(drop, RuleContext(steps=[Step(operation=drop)], before=before))
    assert (finding.instead, finding.note) == ("", "")
    assert finding.message.startswith("Without index idx, none serves foreign key tasks(user_id): for each row")


def test_dropping_an_index_that_did_not_serve_is_no_finding() -> None:
    before = KnownTables()
    before[None, "tasks"] = KnownTable(
        foreign_keys=[ForeignKey(table=(None, "tasks"), columns=("user_id",), refers_to=(None, "users"))]
    )
    for create in (
        ops.CreateIndexOp("idx", "tasks", ["user_id"], postgresql_where=text("done")),
        ops.CreateIndexOp("idx", "tasks", ["user_id"], postgresql_using="brin"),
        ops.CreateIndexOp("idx", "tasks", ["id", "user_id"]),
    ):
        drop = create.reverse()
        assert check(drop, RuleContext(steps=[Step(operation=drop)], before=before)) == []


def test_the_index_gets_the_models_name_for_columns_and_a_free_name() -> None:
    metadata = MetaData()
    table = Table(
        "tasks", metadata, Column("user_id", Integer, Reference("users.id"), key="userId"), Column("x", Integer)
    )
    Index("idx_tasks_user_id", table.c.x)
    operation = ops.CreateTableOp.from_table(table)
    context = RuleContext(
        steps=[Step(operation=operation)], metadata=[metadata], declared=KnownTables.of_metadata([metadata])
    )
    (finding,) = check(operation, context)
    assert finding.instead == "op.create_index('idx_tasks_user_id_a61d', 'tasks', ['user_id'], unique=False)"
    assert finding.note == (
        "Add to the model of tasks, or the next autogenerate drops the index again:\n"
        'Index("idx_tasks_user_id_a61d", "userId")'
    )
