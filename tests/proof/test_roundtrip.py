"""The proof of a revision: what it finds, and that it leaves nothing behind."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from alembic import op
from sqlalchemy import text

from alembic_assay import catalog
from alembic_assay.errors import IrreversibleError
from alembic_assay.proof import report
from alembic_assay.proof.rehearsal import rehearse
from alembic_assay.proof.roundtrip import Functions, Proof, Verdict, prove

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, mood mood DEFAULT 'sad');
CREATE INDEX i ON t (name);
INSERT INTO t VALUES (1, 'one', 'sad');
"""


def run(connection: Connection, upgrade: Callable[[], object], downgrade: Callable[[], object]) -> Proof:
    connection.exec_driver_sql(SCHEMA)
    connection.commit()
    before = catalog.read(connection)
    with rehearse(connection, {}, "2s") as rehearsal:
        proof = prove(rehearsal, Functions(revision="abc", path=__file__, upgrade=upgrade, downgrade=downgrade))
    assert catalog.read(connection) == before
    assert connection.execute(text("SELECT * FROM t")).all() == [(1, "one", "sad")]
    return proof


def headline(proof: Proof) -> str:
    return report.text(proof).split(" (")[0]


def execute(*statements: str) -> Callable[[], object]:
    def migrate() -> None:
        for statement in statements:
            op.execute(statement)

    return migrate


def test_a_reversible_revision_is_exact(connection: Connection) -> None:
    proof = run(connection, execute("CREATE TABLE u (id int)"), execute("DROP TABLE u"))
    assert (proof.verdict, proof.changes, proof.repeated, proof.notes) == (Verdict.EXACT, (), (), ())
    assert headline(proof) == "Reversible: up, down and up again gave equal catalogs"


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "changes"),
    [
        ("ALTER TABLE t ALTER name DROP NOT NULL", "SELECT 1", ["column public.t.name: not_null True → False"]),
        ("DROP INDEX i", "CREATE INDEX i ON t (name DESC)", None),
        ("UPDATE t SET name = 'y'", "UPDATE t SET name = 'one'", []),
        ("COMMENT ON TABLE t IS 'x'", "SELECT 1", ["table public.t: comment none → x"]),
        ("GRANT SELECT ON t TO pg_monitor", "SELECT 1", None),
    ],
)
def test_what_a_downgrade_forgets_is_named(
    connection: Connection, upgrade: str, downgrade: str, changes: list[str] | None
) -> None:
    proof = run(connection, execute(upgrade), execute(downgrade))
    found = [str(change) for change in proof.changes]
    assert found == changes if changes is not None else len(found) == 1
    assert proof.verdict is (Verdict.EXACT if changes == [] else Verdict.DIFFERS)


def test_a_column_that_comes_back_last_differs_in_order_only(connection: Connection) -> None:
    down = execute(
        "ALTER TABLE t ADD name text NOT NULL DEFAULT 'x'",
        "ALTER TABLE t ALTER name DROP DEFAULT",
        "CREATE INDEX i ON t (name)",
    )
    proof = run(connection, execute("ALTER TABLE t DROP name"), down)
    assert proof.verdict is Verdict.ORDER_ONLY
    assert headline(proof) == "Reversible but for the order of columns, which PostgreSQL cannot restore"
    assert [str(change) for change in proof.changes] == [
        "column public.t.mood: position 3 → 2",
        "column public.t.name: position 2 → 3",
    ]


def test_concurrently_and_autocommit_blocks_stay_in_the_transaction(connection: Connection) -> None:
    def upgrade() -> None:
        with op.get_context().autocommit_block():
            op.create_index("j", "t", ["mood"], postgresql_concurrently=True)
            op.execute("DROP INDEX CONCURRENTLY i")

    def downgrade() -> None:
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY i ON t (name)")
            op.drop_index("j", "t", postgresql_concurrently=True)

    proof = run(connection, upgrade, downgrade)
    assert (proof.verdict, proof.notes) == (Verdict.EXACT, ("without CONCURRENTLY",))


def test_what_cannot_run_in_a_transaction_is_said(connection: Connection) -> None:
    def upgrade() -> None:
        with op.get_context().autocommit_block():
            op.execute("VACUUM t")

    proof = run(connection, upgrade, execute())
    assert proof.verdict is Verdict.NOT_PROVED
    assert proof.reason.endswith(": this statement cannot run in a transaction: VACUUM t")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE INDEX CONCURRENTLY j ON t (mood)", "in"),
        ("VACUUM t", "in"),
        ("CREATE INDEX CONCURRENTLY j ON t (mood); DROP INDEX i", "alone in"),
    ],
)
def test_what_would_fail_in_the_migrations_transaction_does_not_run(
    connection: Connection, statement: str, reason: str
) -> None:
    proof = run(connection, execute(statement), execute())
    line = execute.__code__.co_firstlineno + 3
    assert report.text(proof) == (
        f"DOES NOT RUN: upgrade(), line {line}: {statement.split(';', maxsplit=1)[0]} cannot run inside a transaction block. Execute"
        f" it {reason} `with op.get_context().autocommit_block():`."
    )


def test_a_directive_that_needs_a_transaction_does_not_run_in_an_autocommit_block(connection: Connection) -> None:
    def upgrade() -> None:
        with op.get_context().autocommit_block():
            op.replace_enum("mood", ["happy", "sad"])  # type: ignore[attr-defined] # a directive of ours

    proof = run(connection, upgrade, execute())
    assert proof.verdict is Verdict.FAILS
    assert proof.reason.endswith("op.replace_enum('mood') needs a transaction. Move it out of autocommit_block().")


@pytest.mark.parametrize("end", ["driver", "text"])
def test_a_script_that_really_commits_is_told_what_it_did(connection: Connection, end: str) -> None:
    def upgrade() -> None:
        op.execute("CREATE TABLE leak (id int)")
        if end == "driver":
            op.get_bind().connection.commit()
        else:
            op.execute("COMMIT")

    connection.exec_driver_sql("CREATE TABLE t (id int)")
    connection.commit()
    with rehearse(connection, {}, "2s") as rehearsal:
        proof = prove(rehearsal, Functions(revision="a", path=__file__, upgrade=upgrade, downgrade=execute()))
    assert proof.verdict is Verdict.NOT_PROVED
    assert proof.reason.endswith(
        "the script ended its transaction itself; what it did up to there is in the database."
        if end == "driver"
        else "this statement cannot run in a transaction: COMMIT"
    )
    assert not connection.in_transaction()
    assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_script_that_exits_does_not_run(connection: Connection) -> None:
    proof = run(connection, lambda: sys.exit(0), execute())
    assert proof.verdict is Verdict.FAILS
    assert proof.reason.endswith("SystemExit: 0")


def test_a_revision_for_several_databases_is_not_proved(connection: Connection) -> None:
    proof = run(connection, lambda engine_name: engine_name, execute())  # type: ignore[arg-type, misc] # as in multidb
    assert report.text(proof) == (
        "Not proved: upgrade() and downgrade() take arguments, as in a project of several databases."
    )


def test_what_a_script_prints_goes_to_standard_error(
    connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    run(connection, lambda: sys.stdout.write("hello {\n"), execute())
    assert capsys.readouterr() == ("", "hello {\n" * 2)


def test_a_script_that_commits_does_not_get_through(connection: Connection) -> None:
    def upgrade() -> None:
        op.execute("CREATE TABLE leak (id int)")
        op.get_bind().commit()

    proof = run(connection, upgrade, execute("DROP TABLE leak"))
    assert proof.verdict is Verdict.NOT_PROVED
    assert "the script commits its transaction itself." in proof.reason


def test_an_enum_value_that_is_added_and_used_is_not_proved(connection: Connection) -> None:
    up = execute("ALTER TYPE mood ADD VALUE 'ok'", "UPDATE t SET mood = 'ok'")
    proof = run(connection, up, execute())
    assert proof.verdict is Verdict.NOT_PROVED
    assert "an enum value is added and used; one transaction cannot hold both." in proof.reason


def test_a_lock_of_somebody_else_proves_nothing(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE busy (id int)")
    connection.commit()
    with connection.engine.connect() as other:
        other.exec_driver_sql("LOCK TABLE busy")
        with rehearse(connection, {}, "50ms") as rehearsal:
            drop = execute("ALTER TABLE busy ADD a int")
            proof = prove(rehearsal, Functions(revision="abc", path=__file__, upgrade=drop, downgrade=execute()))
    assert proof.verdict is Verdict.NOT_PROVED
    assert report.text(proof).endswith(": another session holds a lock that it needs; try again.")


def test_a_revision_that_does_not_run_is_located(connection: Connection) -> None:
    proof = run(connection, execute("SELECT 1"), execute("DROP TABLE nothing"))
    line = execute.__code__.co_firstlineno + 3
    assert report.text(proof) == (
        f'DOES NOT RUN: downgrade(), line {line}: UndefinedTable: table "nothing" does not exist'
    )


def test_a_revision_that_says_it_is_irreversible_is_believed(connection: Connection) -> None:
    def downgrade() -> None:
        raise IrreversibleError("the old values are gone.", hint="Restore the backup.")

    proof = run(connection, execute("UPDATE t SET name = 'x'"), downgrade)
    assert proof.verdict is Verdict.IRREVERSIBLE
    assert proof.reason.endswith("the old values are gone. Restore the backup.")


def test_the_second_upgrade_counts_too(connection: Connection) -> None:
    calls: list[int] = []

    def upgrade() -> None:
        calls.append(1)
        op.execute(f"CREATE TABLE u (a{len(calls)} int)")

    proof = run(connection, upgrade, execute("DROP TABLE u"))
    assert proof.verdict is Verdict.DIFFERS
    assert report.text(proof).splitlines()[1:] == [
        "Different when upgrade() runs a second time:",
        "  - column public.u.a1 dropped",
        "  - column public.u.a2 added",
    ]


def test_a_long_list_is_cut(connection: Connection) -> None:
    proof = run(connection, execute(*[f"CREATE TABLE u{n:02} ()" for n in range(25)]), execute())
    assert proof.verdict is Verdict.FAILS  # the second upgrade finds the tables there
    changes = tuple(catalog.diff(catalog.Snapshot(()), catalog.read(connection)))
    text_lines = report.text(Proof(revision="x", verdict=Verdict.DIFFERS, changes=changes * 5)).splitlines()
    assert len(text_lines) == 1 + 1 + report.LONGEST_LIST + 1
    assert text_lines[-1] == f"  … and {len(changes) * 5 - report.LONGEST_LIST} more"


def test_op_is_given_back_to_who_had_it(connection: Connection) -> None:
    with rehearse(connection, {}, "2s") as outer, rehearse(connection, {}, "2s") as inner:
        seen: list[object] = []

        def nested() -> None:
            inner.call(lambda: seen.append(op.get_context()))
            seen.append(op.get_context())

        outer.call(nested)
    assert seen == [inner, outer]
