"""What is said of a migration that the server stopped: where in the script, why, and what is left of it."""

from __future__ import annotations

import os
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alembic_assay.errors import AssayError, LockTimeoutError, MigrationFailedError, first_line, short, sqlstate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.exc import DBAPIError

LOCK_NOT_AVAILABLE = "55P03"

ROLLED_BACK = "Its transaction was rolled back."
COMMITTED = (
    "What it did before and in its last autocommit_block() is committed; an index that failed there may be left"
    " invalid, see assay doctor."
)


class CommitWatch:
    """Counts revisions; knows whether the one that is running has committed something before its end.

    Args:
        context: The migration context that runs the revisions.
    """

    def __init__(self, context: MigrationContext) -> None:
        self.committed = False
        self.revisions = 0
        self._block = context.autocommit_block
        context.autocommit_block = self._watched  # type: ignore[method-assign] # Alembic has no hook there
        context.on_version_apply_callbacks = (*context.on_version_apply_callbacks, self._next_revision)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        self.committed = True
        with self._block():
            yield

    def _next_revision(self, **_: Any) -> None:
        self.committed = False
        self.revisions += 1


def failure(error: DBAPIError, paths: set[str], watch: CommitWatch) -> AssayError:
    """Say in one line what the server refused, and where the script asked for it.

    Args:
        error: What the driver raised.
        paths: The files of the project's revisions.
        watch: Knows what is left of the revision.
    """
    statement = short(str(error.statement))
    where = _script_line(error, paths)
    left = (COMMITTED if watch.committed else ROLLED_BACK) if where else ""
    if sqlstate(error) == LOCK_NOT_AVAILABLE:
        return LockTimeoutError(
            f"{where}waited for a lock that another session holds, longer than lock_timeout: {statement}",
            hint=left if watch.committed else f"{left} Run the same command again, at a quieter time.".strip(),
        )
    return MigrationFailedError(
        f"{where}{first_line(error)} [SQL: {statement}]", hint=f"{left} Use --raiseerr to see the traceback.".strip()
    )


def _script_line(error: DBAPIError, paths: set[str]) -> str:
    """``versions/0001_users.py, line 31: `` where a script of the project is to blame."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in paths]
    return f"{os.path.relpath(frames[-1].filename)}, line {frames[-1].lineno}: " if frames else ""
