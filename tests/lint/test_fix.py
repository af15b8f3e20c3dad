"""Fixes in directives: both directions, whatever a user's hook did to them."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.operations import ops

from alembic_assay.catalog.indexes import Index as CatalogIndex
from alembic_assay.errors import OptionsError
from alembic_assay.lint import review, text
from alembic_assay.lint.check import Knowledge
from alembic_assay.lint.fix import fix
from alembic_assay.ops.enums import CreateEnumOp
from alembic_assay.options import Options
from alembic_assay.rules.render import render

if TYPE_CHECKING:
    from alembic.operations import MigrateOperation

    from alembic_assay.findings import Finding

ALL = Options(fix=("all",))
INDEX = "op.create_index({!r}, 't', ['{}'], unique=False, postgresql_concurrently=True)"


def index(name: str = "i", column: str = "a") -> ops.CreateIndexOp:
    return ops.CreateIndexOp(name, "t", [column])


def key(name: str = "f", column: str = "b") -> ops.CreateForeignKeyOp:
    return ops.CreateForeignKeyOp(name, "t", "x", [column], ["id"])


def script(*operations: MigrateOperation, downgrade: list[MigrateOperation] | None = None) -> ops.MigrationScript:
    upgrade = ops.UpgradeOps(operations)
    return ops.MigrationScript("abc", upgrade, upgrade.reverse() if downgrade is None else ops.DowngradeOps(downgrade))


def halves(directives: ops.MigrationScript) -> list[str]:
    containers = [*directives.upgrade_ops_list, *directives.downgrade_ops_list]
    return [render(container.ops) for container in containers]


def places(findings: list[Finding]) -> list[tuple[str, str | None, bool]]:
    return [(finding.rule, finding.location.direction, finding.fixed) for finding in findings]


def code(text: str) -> str:
    return dedent(text).strip("\n")


def test_an_index_is_created_and_dropped_concurrently() -> None:
    directives = script(ops.ModifyTableOps("t", [index()]))
    assert places(fix(directives, Knowledge(options=ALL))) == [("index-not-concurrent", "upgrade", True)]
    assert halves(directives) == [
        "with op.get_context().autocommit_block():\n    " + INDEX.format("i", "a"),
        (
            "with op.get_context().autocommit_block():\n"
            "    op.drop_index('i', table_name='t', postgresql_concurrently=True)"
        ),
    ]


def test_blocks_are_lifted_out_of_a_table_s_operations_and_joined() -> None:
    column = ops.AddColumnOp("t", sa.Table("t", sa.MetaData(), sa.Column("b", sa.Integer)).c.b)
    directives = script(ops.ModifyTableOps("t", [index("i"), index("j"), column, key()]), ops.ModifyTableOps("u", []))
    fix(directives, Knowledge(options=ALL))
    assert [type(operation).__name__ for operation in directives.upgrade_ops_list[0].ops] == [
        "AutocommitOp",
        "ModifyTableOps",
        "AutocommitOp",
    ]
    assert halves(directives) == [
        code(
            f"""
            with op.get_context().autocommit_block():
                {INDEX.format("i", "a")}
                {INDEX.format("j", "a")}

            op.add_column('t', sa.Column('b', sa.Integer(), nullable=True))
            op.create_foreign_key('f', 't', 'x', ['b'], ['id'])
            with op.get_context().autocommit_block():
                {INDEX.format("idx_t_b", "b")}
            """
        ),
        code(
            """
            with op.get_context().autocommit_block():
                op.drop_index('idx_t_b', table_name='t', postgresql_concurrently=True)

            op.drop_constraint('f', 't', type_='foreignkey')
            op.drop_column('t', 'b')
            with op.get_context().autocommit_block():
                op.drop_index('j', table_name='t', postgresql_concurrently=True)
                op.drop_index('i', table_name='t', postgresql_concurrently=True)
            """
        ),
    ]


def test_only_the_rules_that_are_named_are_applied() -> None:
    directives = script(index(), key())
    found = review(directives, Options(fix=("ASY201",)), None)
    assert places(found) == [("fk-without-index", "upgrade", True), ("index-not-concurrent", "upgrade", False)]
    assert halves(directives)[0].startswith("op.create_index('i', 't', ['a'], unique=False)\n")


def test_without_fixes_a_script_is_only_read() -> None:
    directives = script(ops.ModifyTableOps("t", [index(), key()]))
    before = halves(directives)
    assert places(review(directives, Options(), None)) == [
        ("index-not-concurrent", "upgrade", False),
        ("fk-without-index", "upgrade", False),
    ]
    assert halves(directives) == before


def test_what_a_user_wrote_into_the_downgrade_stays() -> None:
    mine = ops.DropConstraintOp("f", "t", if_exists=True)
    directives = script(key(), downgrade=[mine])
    fix(directives, Knowledge(options=ALL))
    assert directives.downgrade_ops_list[0].ops[-1] is mine
    assert halves(directives)[1] == code(
        """
        with op.get_context().autocommit_block():
            op.drop_index('idx_t_b', table_name='t', postgresql_concurrently=True)

        op.drop_constraint('f', 't', if_exists=True)
        """
    )


def test_where_the_downgrade_is_no_mirror_what_was_added_is_undone_first() -> None:
    directives = script(key("f", "b"), key("g", "c"), downgrade=[ops.ExecuteSQLOp("DROP TABLE IF EXISTS t")])
    fix(directives, Knowledge(options=ALL))
    assert halves(directives)[1] == code(
        """
        with op.get_context().autocommit_block():
            op.drop_index('idx_t_c', table_name='t', postgresql_concurrently=True)
            op.drop_index('idx_t_b', table_name='t', postgresql_concurrently=True)

        op.execute('DROP TABLE IF EXISTS t')
        """
    )


def test_a_downgrade_of_the_same_length_may_be_no_mirror_either() -> None:
    directives = script(key("f", "b"), index(), downgrade=[ops.DropColumnOp("t", "b"), ops.DropColumnOp("t", "a")])
    fix(directives, Knowledge(options=ALL))
    assert halves(directives)[1] == code(
        """
        with op.get_context().autocommit_block():
            op.drop_index('idx_t_b', table_name='t', postgresql_concurrently=True)

        op.drop_column('t', 'b')
        op.drop_column('t', 'a')
        """
    )


def test_an_operation_under_another_name_than_its_model_s_keeps_that_name() -> None:
    model = sa.Table("models", sa.MetaData(), sa.Column("b", sa.Integer, sa.ForeignKey("x.id")))
    create = ops.CreateTableOp.from_table(model)
    create.table_name = "renamed"
    (finding,) = review(script(create, downgrade=[]), Options(), None)
    assert finding.instead == "op.create_index('idx_renamed_b', 'renamed', ['b'], unique=False)"


def test_an_index_that_the_downgrade_creates_is_created_concurrently() -> None:
    directives = script(index().reverse())
    assert places(fix(directives, Knowledge(options=ALL))) == [("index-not-concurrent", "downgrade", True)]
    assert halves(directives) == [
        "op.drop_index('i', table_name='t')",
        "with op.get_context().autocommit_block():\n    " + INDEX.format("i", "a"),
    ]


def test_a_table_that_the_downgrade_creates_is_new_there_and_one_of_the_upgrade_is_not() -> None:
    table = ops.CreateTableOp("t", [sa.Column("a", sa.Integer)])
    assert (
        fix(
            script(ops.CreateTableOp.reverse(table), index().reverse(), downgrade=[index(), table]),
            Knowledge(options=ALL),
        )
        == []
    )
    directives = script(table, downgrade=[index(), ops.DropTableOp("t")])
    assert places(fix(directives, Knowledge(options=ALL))) == [("index-not-concurrent", "downgrade", True)]


def test_operations_that_cannot_be_reversed_do_not_stop_a_fix() -> None:
    directives = script(ops.ExecuteSQLOp("SELECT 1"), CreateEnumOp("e", ["a"]), index(), downgrade=[])
    assert len(fix(directives, Knowledge(options=ALL))) == 1
    assert INDEX.format("i", "a") in halves(directives)[0]
    assert halves(directives)[1] == ""


def test_raw_sql_is_reported_and_left_to_its_author() -> None:
    directives = script(ops.ExecuteSQLOp("CREATE INDEX i ON t (a)"), downgrade=[])
    assert places(review(directives, ALL, None)) == [("index-not-concurrent", "upgrade", False)]
    assert halves(directives)[0] == "op.execute('CREATE INDEX i ON t (a)')"


def test_every_database_of_a_project_is_fixed_by_itself() -> None:
    directives = script()
    directives.upgrade_ops = [ops.UpgradeOps([index("i")]), ops.UpgradeOps([index("j")])]
    directives.downgrade_ops = [container.reverse() for container in directives.upgrade_ops_list]
    assert len(fix(directives, Knowledge(options=ALL))) == 2
    assert [render(container.ops).count("concurrently=True") for container in directives.downgrade_ops_list] == [1, 1]


def test_records_of_the_database_are_known() -> None:
    record = CatalogIndex(schema="public", table="t", name="i", definition="", columns=("b", "c"))
    found = review(script(key()), ALL, None, {("public", "t"): [record]})
    assert found == []


def test_the_text_says_what_was_done_and_what_is_left() -> None:
    found = review(script(key()), ALL, sa.MetaData())
    assert text(found) == code(
        """
        upgrade(): fixed fk-without-index (ASY201)
            No index serves foreign key t(b): for each row that is deleted from x, or gets another key
            there, PostgreSQL reads all of t and keeps its locks meanwhile, until an index begins with b.

            The script now has:

                with op.get_context().autocommit_block():
                    op.create_index('idx_t_b', 't', ['b'], unique=False, postgresql_concurrently=True)

            Add to the model of t, or the next autogenerate drops the index again:

                Index("idx_t_b", "b")

        Nothing left to do; 1 fixed.
        """
    )
    assert found[0].location.revision == "abc"


@pytest.mark.parametrize("option", ["fix", "ignore"])
def test_a_rule_that_does_not_exist_is_refused_before_anything_is_changed(option: str) -> None:
    directives = script(index())
    before = halves(directives)
    values: dict[str, Any] = {"fix": ("all",), option: ("index-not-concurent",)}
    with pytest.raises(OptionsError) as caught:
        review(directives, Options(**values), None)
    assert str(caught.value) == (
        f"unknown rule 'index-not-concurent' in option {option!r}. Did you mean 'index-not-concurrent'?"
    )
    assert halves(directives) == before


def test_an_ignored_rule_is_not_run() -> None:
    found = review(script(index(), key()), Options(ignore=("ASY101", "unparsed-sql")), None)
    assert places(found) == [("fk-without-index", "upgrade", False)]


PROGRAM = """
import sqlalchemy as sa
from alembic.operations import ops
from alembic_assay.lint import review, text
from alembic_assay.options import Options
from alembic_assay.rules.render import render

metadata = sa.MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s"})
keys = [sa.Column(name, sa.Integer, sa.ForeignKey(f"{name}.id"), index=name == "c") for name in "edcba"]
tables = [sa.Table(name, metadata, *(key._copy() for key in keys)) for name in "yx"]
for name in "abcde":
    sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
before = [(sorted(map(str, table.c)), len(table.constraints), sorted(i.name for i in table.indexes)) for table in tables]
upgrade = ops.UpgradeOps([ops.CreateTableOp.from_table(table) for table in tables])
script = ops.MigrationScript("abc", upgrade, upgrade.reverse())
found = review(script, Options(fix=("all",)), metadata)
after = [(sorted(map(str, table.c)), len(table.constraints), sorted(i.name for i in table.indexes)) for table in tables]
assert before == after, "the models were changed"
print(text(found), render(upgrade.ops), render(script.downgrade_ops.ops), sep="\\n")
"""


def test_the_same_models_give_the_same_bytes_and_stay_as_they_were() -> None:
    outputs = set()
    for seed in ("0", "1", "42"):
        command = [sys.executable, "-c", PROGRAM]
        result = subprocess.run(command, check=True, capture_output=True, env={"PYTHONHASHSEED": seed, **environment()})
        outputs.add(result.stdout)
    (output,) = outputs
    assert output.count(b"op.create_index(op.f('ix_y_") == 2 * 4


def environment() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(path for path in sys.path if path)}
