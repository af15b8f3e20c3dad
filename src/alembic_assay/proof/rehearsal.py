"""Run migration functions for trial: everything in one transaction that is rolled back at the end."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from alembic_assay import statements
from alembic_assay.errors import MigrationFailedError, ProofError, UnparsedSQLError, short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import Transaction


class Rehearsal(MigrationContext):
    """A migration context in which nothing is committed.

    Args:
        connection: Stays as it is when the rehearsal is over.
        options: Those of the real migration context.

    Attributes:
        notes: What was done otherwise than a real migration would do it.
        in_autocommit_block: Whether a real migration would be outside of a transaction now.
    """

    def __init__(self, connection: Connection, options: dict[str, Any]) -> None:
        super().__init__(connection.dialect, connection, {**options, "as_sql": False, "fn": None})
        self.notes: list[str] = []
        self.in_autocommit_block = False
        self._transaction_id = _transaction_id(connection)

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        """Stay in the transaction, and remember that a real migration would not."""
        self.in_autocommit_block = True
        try:
            yield
        finally:
            self.in_autocommit_block = False

    def call(self, migrate: Callable[[], object]) -> None:
        """Call ``upgrade()`` or ``downgrade()`` with ``alembic.op`` bound to this rehearsal.

        Raises:
            ProofError: A statement that cannot run in a transaction, or one that would end it.
            Exception: Whatever the function raises. What it prints goes to standard error.
        """
        with _operations(self), _unannounced(), redirect_stdout(sys.stderr):
            migrate()
        if self.connection is not None and _transaction_id(self.connection) != self._transaction_id:
            raise ProofError("the script ended its transaction itself; what it did up to there is in the database.")


@contextmanager
def rehearse(connection: Connection, options: dict[str, Any], lock_timeout: str) -> Iterator[Rehearsal]:
    """Open a rehearsal on a connection; roll back whatever it does.

    Args:
        connection: In a transaction or not.
        options: Those of the real migration context.
        lock_timeout: In PostgreSQL's units, so that a trial never blocks others for long.
    """
    transaction = connection.begin_nested() if connection.in_transaction() else connection.begin()
    rehearsal = Rehearsal(connection, options)

    def keep_in_transaction(
        _connection: Connection, _cursor: object, statement: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        return _transactional(statement, rehearsal), parameters

    def refuse_commit(_connection: Connection) -> None:
        raise ProofError("the script commits its transaction itself.")

    event.listen(connection, "before_cursor_execute", keep_in_transaction, retval=True)
    event.listen(connection, "commit", refuse_commit)
    try:
        connection.execute(text("SELECT set_config('lock_timeout', :timeout, true)"), {"timeout": lock_timeout})
        yield rehearsal
    finally:
        event.remove(connection, "before_cursor_execute", keep_in_transaction)
        event.remove(connection, "commit", refuse_commit)
        _roll_back(connection, transaction)


def _roll_back(connection: Connection, transaction: Transaction) -> None:
    try:
        if transaction.is_active:
            transaction.rollback()
            return
    except DBAPIError:
        pass  # the savepoint went with the transaction that the script ended
    connection.rollback()
    connection.connection.rollback()  # after a commit that was refused SQLAlchemy has let go, the server has not


def _transaction_id(connection: Connection) -> str:
    return str(connection.execute(text("SELECT pg_current_xact_id()")).scalar_one())


def _transactional(statement: str, rehearsal: Rehearsal) -> str:
    """Return what can run in a transaction and leaves the same catalog."""
    try:
        parsed = statements.parse(statement)
    except UnparsedSQLError:
        return statement  # has placeholders, or is wrong: the server will say
    culprit = next((part for part in parsed if not part.transactional), None)
    if culprit is None:
        return statement
    if culprit.kind != "TransactionStmt" and (len(parsed) > 1 or not rehearsal.in_autocommit_block):
        alone = "alone " if len(parsed) > 1 else ""
        raise MigrationFailedError(
            f"{short(culprit.text)} cannot run inside a transaction block.",
            hint=f"Execute it {alone}in `with op.get_context().autocommit_block():`.",
        )
    if culprit.without_concurrently is None:
        raise ProofError(f"this statement cannot run in a transaction: {short(culprit.text)}")
    rehearsal.notes.append("without CONCURRENTLY")
    return culprit.without_concurrently


@contextmanager
def _unannounced() -> Iterator[None]:
    """Keep back what operations say of themselves: it is meant for who really migrates."""
    log = logging.getLogger("alembic.assay.ops")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


@contextmanager
def _operations(context: MigrationContext) -> Iterator[None]:
    """Bind ``alembic.op``, and give it back to whoever had it."""
    import alembic.op  # noqa: PLC0415 - a module proxy, empty until an environment runs

    previous: Operations | None = getattr(alembic.op, "_proxy", None)
    try:
        with Operations.context(context):
            yield
    finally:
        if previous is not None:
            previous._install_proxy()  # noqa: SLF001 - what Operations.context() does
