"""A stand-in for the database: it notes what a script asks for, and has no answers."""

from __future__ import annotations

import inspect
import sys
import traceback
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from alembic.operations import BatchOperations, Operations, ops
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy.engine.mock import MockConnection

from alembic_assay.errors import IrreversibleError
from alembic_assay.rules.render import no_context_messages
from alembic_assay.rules.tables import table_of
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from alembic.config import Config
    from alembic.operations import MigrateOperation
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory


class NeedsDatabaseError(AttributeError):
    """A script asked the database something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operation that a script asked for.

    Args:
        operation: The operation.
        autocommit: Whether it was asked for in an ``autocommit_block()``.
        lines: First and last line of the call in the script, from 1.
    """

    operation: MigrateOperation
    autocommit: bool
    lines: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a function of a script asked for.

    Args:
        calls: In order, up to where it stopped.
        failure: Why it stopped early; empty if it ran to its end or says that it cannot be done.
        line: The line where it stopped.
    """

    calls: tuple[Call, ...]
    failure: str = ""
    line: int | None = None


class Recorder:
    """Runs functions of scripts and notes their operations.

    Args:
        context: Alembic's context, whose connection it replaces.
    """

    def __init__(self, context: MigrationContext) -> None:
        self._calls: list[Call] = []
        self._autocommit = 0
        self._filename = ""
        self._operations: Operations | None = None
        connection = _Connection(context.dialect, self)
        context.connection = context.impl.connection = connection  # type: ignore[assignment] # a stand-in
        context.autocommit_block = self._autocommit_block  # type: ignore[method-assign] # a stand-in
        # Everything that reaches the database goes through it: op.get_context().execute(), impl.execute() …
        context.impl._exec = connection.execute  # type: ignore[method-assign,assignment] # noqa: SLF001 - a stand-in

    def install(self, operations: Operations) -> None:
        """Take the place of ``op``."""
        self._operations = operations
        operations.invoke = self._invoke  # type: ignore[method-assign] # a stand-in
        operations.batch_alter_table = self._batch_alter_table  # type: ignore[method-assign] # a stand-in

    def run(self, function: Callable[[], object], filename: str) -> Recording:
        """Run ``upgrade()`` or ``downgrade()``. What it prints goes to standard error.

        Args:
            function: It takes no arguments.
            filename: The script, as Python knows it.
        """
        self._calls, self._autocommit, self._filename = [], 0, filename
        try:
            with redirect_stdout(sys.stderr):
                function()
        except (NotImplementedError, IrreversibleError):
            pass  # the usual way to say that there is no way back
        except (Exception, SystemExit) as error:  # noqa: BLE001 - scripts may do anything
            frames = traceback.extract_tb(error.__traceback__)
            line = next((frame.lineno for frame in reversed(frames) if frame.filename == filename), None)
            return Recording(calls=tuple(self._calls), failure=_describe(error), line=line)
        return Recording(calls=tuple(self._calls))

    def note(self, operation: MigrateOperation) -> None:
        """Note that the script asked for an operation."""
        lines = _lines(inspect.currentframe(), self._filename)
        self._calls.append(Call(operation=operation, autocommit=self._autocommit > 0, lines=lines))

    def _invoke(self, operation: MigrateOperation) -> Any:
        self.note(operation)
        return table_of(operation) if isinstance(operation, ops.CreateTableOp) else None

    @contextmanager
    def _autocommit_block(self) -> Iterator[None]:
        self._autocommit += 1
        try:
            yield
        finally:
            self._autocommit -= 1

    @contextmanager
    def _batch_alter_table(
        self, table_name: str, schema: str | None = None, *_: Any, **__: Any
    ) -> Iterator[BatchOperations]:
        """On PostgreSQL a batch never copies the table; its other arguments say how to copy it."""
        if self._operations is not None:
            with Operations.batch_alter_table(self._operations, table_name, schema, recreate="never") as batch:
                batch.invoke = self._invoke  # type: ignore[method-assign] # a stand-in
                yield batch


@contextmanager
def recorder(config: Config, scripts: ScriptDirectory) -> Iterator[Recorder]:
    """Make ``alembic.op`` and ``alembic.context`` work without a database, as with ``--sql``.

    Args:
        config: Alembic's configuration; ``env.py`` is not run.
        scripts: The project's revisions.
    """
    with EnvironmentContext(config, scripts, as_sql=True) as environment:
        with no_context_messages():
            environment.configure(dialect_name="postgresql", output_buffer=StringIO())
        recording = Recorder(environment.get_context())
        with Operations.context(environment.get_context()) as operations:
            recording.install(operations)
            yield recording


class _Unanswered:
    """The result of a statement. To read it is what cannot be done."""

    def __getattr__(self, name: str) -> NoReturn:
        raise NeedsDatabaseError(f"it reads .{name} of a result")

    def __iter__(self) -> NoReturn:
        raise NeedsDatabaseError("it reads the rows of a result")

    def __bool__(self) -> NoReturn:
        raise NeedsDatabaseError("it looks whether there is a result")


class _Connection(MockConnection):
    def __init__(self, dialect: Any, recording: Recorder) -> None:
        super().__init__(dialect, self.execute)
        self._recording = recording

    def execute(self, obj: Any, *_: Any, **__: Any) -> Any:
        self._recording.note(ops.ExecuteSQLOp(obj))
        return _Unanswered()

    def exec_driver_sql(self, statement: str, *_: Any, **__: Any) -> Any:
        return self.execute(Statement(statement))

    def begin(self) -> Any:
        return nullcontext(self)

    begin_nested = begin

    def commit(self) -> None:
        """Alembic commits, or the script does: all the same to a reader."""

    rollback = close = commit

    def in_transaction(self) -> bool:
        return True

    def __getattr__(self, name: str) -> NoReturn:
        raise NeedsDatabaseError(f"it uses .{name} of the connection")


def _lines(frame: FrameType | None, filename: str) -> tuple[int, int] | None:
    while frame is not None and frame.f_code.co_filename != filename:
        frame = frame.f_back
    if frame is None:
        return None
    first, last, *_ = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    return first or frame.f_lineno, last or frame.f_lineno


def _describe(error: BaseException) -> str:
    message = str(error).partition("\n")[0]
    return message if isinstance(error, NeedsDatabaseError) else f"{type(error).__name__}: {message}".rstrip(": ")
