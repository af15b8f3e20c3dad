"""Scripts of all kinds, run without a database."""

from __future__ import annotations

import py_compile
from typing import TYPE_CHECKING

import alembic.op
import pytest
import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.operations import ops
from tests.lint.scripts import IMPORTS, read, report, script, write, write_scripts

from alembic_assay.lint.collect import Half, from_directives
from alembic_assay.ops.transactions import AutocommitOp

if TYPE_CHECKING:
    from pathlib import Path


def upgrade(root: Path, body: str) -> Half:
    (revision,) = read(write(root, body))
    return revision.halves[0]


def kinds(half: Half) -> list[str]:
    return [type(step.operation).__name__ for step in half.steps]


def sql(half: Half) -> list[object]:
    return [step.operation.sqltext for step in half.steps if isinstance(step.operation, ops.ExecuteSQLOp)]


def test_every_operation_has_the_lines_of_its_call(tmp_path: Path) -> None:
    half = upgrade(
        tmp_path,
        """
        op.drop_table("a")
        op.create_index(
            "i",
            "t", ["a"],
        )
        for name in ("b", "c"):
            op.drop_table(name)
        with op.batch_alter_table("t") as batch_op:
            batch_op.add_column(sa.Column("x", sa.Integer))
            batch_op.drop_column(
                "y"
            )
        op.execute("DROP TABLE d; DROP TABLE e")
        """,
    )
    assert [step.lines for step in half.steps] == [
        (8, 8), (9, 12), (14, 14), (14, 14), (16, 16), (17, 19), (20, 20), (20, 20)
    ]  # fmt: skip


def test_a_helper_is_in_the_line_that_calls_it_unless_it_is_in_the_script(tmp_path: Path) -> None:
    (tmp_path / "shared_helper.py").write_text("def drop(op, name):\n    op.drop_table(name)\n")
    source = script(1, "own('a')\nshared_helper.drop(op, 'b')").replace(
        "def upgrade", "def own(name):\n    op.drop_table(name)\n\ndef upgrade"
    )
    config = write_scripts(tmp_path, source.replace("import sqlalchemy", "import shared_helper\nimport sqlalchemy"))
    config.set_main_option("prepend_sys_path", str(tmp_path))
    (revision,) = read(config)
    assert [step.lines for step in revision.halves[0].steps] == [(9, 9), (13, 13)]


def test_an_autocommit_block_is_seen_however_it_is_reached(tmp_path: Path) -> None:
    half = upgrade(
        tmp_path,
        """
        op.drop_table("a")
        with op.get_context().autocommit_block():
            op.drop_table("b")
        with context.get_context().autocommit_block(), op.get_context().autocommit_block():
            op.execute("DROP TABLE c")
        op.drop_table("d")
        """,
    )
    assert [step.autocommit for step in half.steps] == [False, True, True, False]


def test_a_batch_gives_operations_on_its_table(tmp_path: Path) -> None:
    half = upgrade(
        tmp_path,
        """
        with op.batch_alter_table("t", schema="app", recreate="always", reflect_args=[]) as batch_op:
            batch_op.create_index("i", ["a"])
            batch_op.create_foreign_key("f", "x", ["a"], ["id"])
        """,
    )
    index, key = (step.operation for step in half.steps)
    assert isinstance(index, ops.CreateIndexOp)
    assert isinstance(key, ops.CreateForeignKeyOp)
    assert (index.table_name, index.schema) == ("t", "app")
    assert (key.source_table, key.kw["source_schema"]) == ("t", "app")


def test_a_column_brings_its_keys_and_indexes(tmp_path: Path) -> None:
    half = upgrade(
        tmp_path,
        """
        op.add_column("t", sa.Column("a", sa.Integer, sa.ForeignKey("x.id"), index=True))
        op.add_column("t", sa.Column("b", sa.Boolean, unique=True))
        op.create_table("u", sa.Column("c", sa.Integer, index=True), sa.Column("d", sa.Integer))
        """,
    )
    assert list(zip(kinds(half), (step.implied for step in half.steps), strict=True)) == [
        ("AddColumnOp", False),
        ("CreateForeignKeyOp", True),
        ("CreateIndexOp", True),
        ("AddColumnOp", False),
        ("CreateUniqueConstraintOp", True),
        ("CreateTableOp", False),
        ("CreateIndexOp", True),
    ]


def test_sql_is_collected_wherever_it_goes(tmp_path: Path) -> None:
    half = upgrade(
        tmp_path,
        """
        bind = op.get_bind()
        bind.execute(sa.text("UPDATE t SET a = :a"), {"a": 1})
        bind.exec_driver_sql("UPDATE t SET b = ':b'")
        with bind.begin(), bind.begin_nested():
            bind.execution_options(x=1).execute(sa.text("UPDATE t SET c = 1"))
        bind.commit()
        op.get_context().execute("UPDATE t SET d = 1")
        op.get_context().impl.execute("UPDATE t SET e = 1")
        op.get_context().bind.execute(sa.text("UPDATE t SET f = 1"))
        context.execute("UPDATE t SET g = 1")
        op.execute(sa.update(sa.table("t", sa.column("h"))).values(h=op.inline_literal("x")))
        """,
    )
    assert sql(half) == [
        "UPDATE t SET a = $1",
        "UPDATE t SET b = ':b'",
        "UPDATE t SET c = 1",
        "UPDATE t SET d = 1",
        "UPDATE t SET e = 1",
        "UPDATE t SET f = 1",
        "UPDATE t SET g = 1",
        "UPDATE t SET h='x'",
    ]
    assert half.findings == ()


def test_what_sqlalchemy_creates_on_the_connection_is_collected(tmp_path: Path) -> None:
    half = upgrade(
        tmp_path,
        """
        bind = op.get_bind()
        sa.Enum("a", "b", name="e").create(bind, checkfirst=True)
        table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, sa.ForeignKey("x.id"), index=True))
        sa.Table("x", table.metadata, sa.Column("id", sa.Integer, primary_key=True))
        table.metadata.create_all(bind)
        sa.Index("i", table.c.id).create(bind)
        """,
    )
    assert kinds(half) == ["ExecuteSQLOp", "CreateTableOp", "CreateTableOp", "CreateIndexOp", "CreateIndexOp"]


def test_rows_are_inserted_into_the_table_that_was_created(tmp_path: Path) -> None:
    half = upgrade(
        tmp_path, 'table = op.create_table("t", sa.Column("a", sa.Integer))\nop.bulk_insert(table, [{"a": 1}])'
    )
    assert kinds(half) == ["CreateTableOp", "BulkInsertOp"]


def test_our_own_and_unknown_directives_are_harmless(tmp_path: Path) -> None:
    half = upgrade(
        tmp_path,
        """
        from alembic.operations import MigrateOperation
        import alembic_assay.ops.enums

        class Odd(MigrateOperation):
            pass

        op.create_enum("mood", ["sad", "happy"])
        op.invoke(Odd())
        op.drop_enum("mood")
        """,
    )
    assert kinds(half) == ["CreateEnumOp", "Odd", "DropEnumOp"]


def test_it_is_as_with_sql_for_a_script_that_asks(tmp_path: Path) -> None:
    half = upgrade(tmp_path, 'op.drop_table("a" if context.is_offline_mode() and op.get_context().as_sql else "b")')
    (step,) = half.steps
    assert isinstance(step.operation, ops.DropTableOp)
    assert step.operation.table_name == "a"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("op.get_bind().execute(sa.text('SELECT 1')).fetchall()", "it reads .fetchall of a result"),
        ("list(op.get_bind().execute(sa.text('SELECT 1')))", "it reads the rows of a result"),
        ("if op.get_bind().execute(sa.text('SELECT 1')): pass", "it looks whether there is a result"),
        ("op.get_bind().scalar(sa.text('SELECT 1'))", "it uses .scalar of the connection"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("op.create_thing('x')", "AttributeError: module 'alembic.op' has no attribute 'create_thing'"),
        ("raise ValueError", "ValueError"),
    ],
)
def test_a_script_that_needs_answers_is_named_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    config = write(tmp_path, f"op.drop_table('a')\n{line}\nop.create_index('i', 't', ['a'])")
    half = read(config)[0].halves[0]
    assert kinds(half)[0] == "DropTableOp"
    assert not half.whole
    assert [(finding.message, finding.location.line) for finding in half.findings] == [
        (
            f"upgrade() cannot be replayed without a database: {reason}. What follows there was not linted.",
            9,
        )
    ]
    assert "index-not-concurrent" not in report(config)


@pytest.mark.parametrize(
    "line",
    [
        "sa.inspect(op.get_bind())",
        "sa.Table('t', sa.MetaData(), autoload_with=op.get_bind())",
        "sa.orm.Session(bind=op.get_bind()).execute(sa.text('SELECT 1')).all()",
        "op.run_async(lambda connection: None)",
    ],
)
def test_reflection_and_sessions_are_not_replayable_and_do_not_crash(tmp_path: Path, line: str) -> None:
    half = upgrade(tmp_path, f"import sqlalchemy.orm\nop.drop_table('a')\n{line}")
    assert kinds(half)[0] == "DropTableOp"
    assert [finding.rule for finding in half.findings] == ["not-replayable"]
    assert [finding.location.line for finding in half.findings] == [10]


def test_the_report_names_the_line(tmp_path: Path) -> None:
    config = write(tmp_path, "op.drop_table('a')\nop.get_bind().scalar('x')")
    assert report(config) == (
        "versions/0001.py:9: warning not-replayable (ASY002)\n"
        "    upgrade() cannot be replayed without a database: it uses .scalar of the connection. What follows\n"
        "    there was not linted.\n"
        "\n"
        "Found 1 warning."
    )


@pytest.mark.parametrize(
    "line", ["raise NotImplementedError('no way back')", "raise alembic_assay.errors.IrreversibleError('no')"]
)
def test_a_downgrade_that_says_there_is_none_is_whole(tmp_path: Path, line: str) -> None:
    (revision,) = read(
        write_scripts(tmp_path, "import alembic_assay.errors\n" + script(1, "pass", f"op.drop_table('a')\n{line}"))
    )
    half = revision.halves[1]
    assert (kinds(half), half.whole, half.findings) == (["DropTableOp"], True, ())


def test_sql_that_cannot_be_parsed_is_named_and_never_guessed_at(tmp_path: Path) -> None:
    config = write(tmp_path, 'op.execute("CREATE INDEX i ON t (a) WITHOUT LOCK")\nop.execute("DROP TABLE t")')
    half = read(config)[0].halves[0]
    assert kinds(half) == ["ExecuteSQLOp", "DropTableOp"]
    assert report(config) == (
        "versions/0001.py:8: info unparsed-sql (ASY001)\n"
        '    cannot parse SQL: syntax error at or near "WITHOUT". Rules did not see this SQL.\n'
        "\n"
        "Found 1 info."
    )


def test_functions_for_several_databases_are_all_run(tmp_path: Path) -> None:
    source = (
        f"{IMPORTS}revision = '0001'\ndown_revision = None\n\n"
        "def upgrade(engine_name):\n    globals()[f'upgrade_{engine_name}']()\n\n"
        "def downgrade(engine_name):\n    globals()[f'downgrade_{engine_name}']()\n\n"
        "def upgrade_one():\n    op.drop_table('a')\n\ndef upgrade_two():\n    op.drop_table('b')\n\n"
        "def downgrade_one():\n    pass\n\ndef downgrade_two():\n    op.drop_table('c')\n"
    )
    (revision,) = read(write_scripts(tmp_path, source))
    assert [(half.direction, len(half.steps)) for half in revision.halves] == [
        ("upgrade", 1), ("upgrade", 1), ("downgrade", 0), ("downgrade", 1)
    ]  # fmt: skip


def test_a_script_without_a_way_back_has_one_half(tmp_path: Path) -> None:
    source = script(1, "op.drop_table('a')").partition("def downgrade")[0]
    (revision,) = read(write_scripts(tmp_path, source))
    assert [half.direction for half in revision.halves] == ["upgrade"]


def test_bytecode_has_operations_but_no_comments(tmp_path: Path) -> None:
    config = write(tmp_path, "op.drop_table('a')  # assay: ignore[unparsed-sql] x")
    source = tmp_path / "versions" / "0001.py"
    py_compile.compile(str(source), str(source.with_suffix(".pyc")), doraise=True)
    source.unlink()
    config.set_main_option("sourceless", "true")
    (revision,) = read(config)
    assert (kinds(revision.halves[0]), revision.suppressions) == (["DropTableOp"], ())


def test_a_connection_says_that_it_is_in_a_transaction(tmp_path: Path) -> None:
    half = upgrade(tmp_path, "if op.get_bind().in_transaction():\n    op.drop_table('a')")
    assert kinds(half) == ["DropTableOp"]


def test_what_scripts_print_does_not_get_into_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read(write(tmp_path, "print('from a script')"))
    assert capsys.readouterr() == ("", "from a script\n")


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    read(write(tmp_path, "with op.get_context().autocommit_block():\n    raise ValueError", "op.drop_table('a')"))
    with pytest.raises(AttributeError):
        alembic.op.drop_table("a")


def test_a_failure_in_a_block_does_not_leave_it_open(tmp_path: Path) -> None:
    bodies = [
        "with op.get_context().autocommit_block():\n    op.drop_table('a')\n    raise ValueError",
        "op.drop_table('b')",
    ]
    revisions = read(write(tmp_path, *bodies))
    assert [step.autocommit for revision in revisions for half in revision.halves for step in half.steps] == [
        True,
        False,
    ]


def test_directives_are_flattened_and_left_as_they_are() -> None:
    table = ops.CreateTableOp("t", [sa.Column("a", sa.Integer, sa.ForeignKey("x.id"), index=True)])
    column = ops.AddColumnOp("u", sa.Column("b", sa.Integer, sa.ForeignKey("x.id")))
    block = AutocommitOp([ops.ModifyTableOps("u", [column])])
    upgrade_ops = ops.UpgradeOps([table, block, ops.ExecuteSQLOp("DROP TABLE a; DROP TABLE b")])
    directives = ops.MigrationScript("abc", upgrade_ops, ops.DowngradeOps([ops.DropTableOp("t")]))
    revision = from_directives(directives)
    half = revision.halves[0]
    assert (revision.identifier, revision.path) == ("abc", None)
    assert [(type(step.operation).__name__, step.autocommit, step.implied) for step in half.steps] == [
        ("CreateTableOp", False, False),
        ("CreateIndexOp", False, True),
        ("AddColumnOp", True, False),
        ("CreateForeignKeyOp", True, True),
        ("DropTableOp", False, False),
        ("DropTableOp", False, False),
    ]
    assert "sa.ForeignKeyConstraint(['a'], ['x.id'], )" in render_python_code(upgrade_ops)
    assert column.column.table is None


def test_the_keys_of_a_model_s_column_are_operations_already() -> None:
    model = sa.Table("u", sa.MetaData(), sa.Column("b", sa.Integer, sa.ForeignKey("x.id"), index=True))
    upgrade_ops = ops.UpgradeOps([ops.AddColumnOp("u", model.c.b)])
    revision = from_directives(ops.MigrationScript("abc", upgrade_ops, ops.DowngradeOps()))
    assert kinds(revision.halves[0]) == ["AddColumnOp"]
