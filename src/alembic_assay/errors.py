"""What a user did, or met, that we cannot go on from: one clear line each, never a traceback."""

from __future__ import annotations

from typing import ClassVar

from alembic.util import CommandError


class AssayError(CommandError):
    """An error to be shown to the user as it is.

    Alembic and ``assay`` print it as one line and exit; in Python code it is an ordinary exception.

    Args:
        message: What was wrong and where, "expected …, got …" if it was a value.
        hint: What to do about it; left out where there is nothing to say.

    Example:
        >>> str(AssayError("no table 'tsks'.", hint="Did you mean 'tasks'?"))
        "no table 'tsks'. Did you mean 'tasks'?"
    """

    code: ClassVar[str] = "assay-error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class OptionsError(AssayError):
    """An option that does not exist, or a value that it does not take."""

    code = "invalid-option"


class DatabaseURLError(AssayError):
    """A database URL that is missing, malformed, or not for PostgreSQL."""

    code = "invalid-database-url"


class DatabaseUnreachableError(AssayError):
    """The server did not let us in: down, asleep for too long, or refusing."""

    code = "database-unreachable"


class MetadataError(AssayError):
    """The models: none were given, or none were imported."""

    code = "no-models"


class ModelError(AssayError):
    """Models that contradict each other or that PostgreSQL cannot store."""

    code = "invalid-model"


class MigrationLockError(AssayError):
    """Somebody else is migrating this database."""

    code = "migration-lock"


class LockTimeoutError(AssayError):
    """DDL waited for ``lock_timeout`` and gave up; its transaction is rolled back."""

    code = "lock-timeout"


class MigrationFailedError(AssayError):
    """The server refused a statement of a migration; its transaction is rolled back."""

    code = "migration-failed"


class DirectiveError(AssayError):
    """A directive of ours (``op.add_enum_value`` …) was called with arguments that cannot work."""

    code = "invalid-directive"


class IrreversibleError(AssayError):
    """An operation that has no way back, or whose way back would lose rows."""

    code = "irreversible"


class ProofError(AssayError):
    """A revision that cannot be proved here."""

    code = "not-provable"


class UnparsedSQLError(AssayError):
    """SQL that PostgreSQL's own parser refuses."""

    code = "unparsed-sql"
