"""Run migration functions for trial: everything in one transaction that is rolled back at the end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, text

from alembic_assay import statements
from alembic_assay.errors import ProofError, UnparsedSQLError

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
    """

    def __init__(self, connection: Connection, options: dict[str, Any]) -> None:
        super().__init__(connection.dialect, connection, {**options, "as_sql": False, "fn": None})
        self.notes: list[str] = []

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        """Stay in the transaction."""
        yield

    def call(self, migrate: Callable[[], object]) -> None:
        """Call ``upgrade()`` or ``downgrade()`` with ``alembic.op`` bound to this rehearsal.

        Raises:
            ProofError: A statement that cannot run in a transaction, or one that would end it.
            Exception: Whatever the function raises.
        """
        with _operations(self):
            migrate()


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
        return _transactional(statement, rehearsal.notes), parameters

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
    if transaction.is_active:
        transaction.rollback()
    else:  # a commit that was refused: SQLAlchemy has let go of the transaction, the server has not
        connection.rollback()
        connection.connection.rollback()


def _transactional(statement: str, notes: list[str]) -> str:
    """Return what can run in a transaction and leaves the same catalog."""
    try:
        parsed = statements.parse(statement)
    except UnparsedSQLError:
        return statement  # has placeholders, or is wrong: the server will say
    if all(part.transactional for part in parsed):
        return statement
    replaced = [part.text if part.transactional else part.without_concurrently for part in parsed]
    if None in replaced:
        culprit = next(part for part in parsed if not part.transactional and part.without_concurrently is None)
        raise ProofError(f"this statement cannot run in a transaction: {_short(culprit.text)}")
    notes.append("without CONCURRENTLY")
    return "; ".join(part for part in replaced if part is not None)


def _short(statement: str) -> str:
    line = " ".join(statement.split())
    return line if len(line) <= 100 else f"{line[:99]}…"  # noqa: PLR2004 - fits a line of a terminal


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
