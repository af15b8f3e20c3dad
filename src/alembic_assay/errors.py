"""What a user did, or met, that we cannot go on from: one clear line each, never a traceback."""

from __future__ import annotations

import re
from typing import ClassVar

from alembic.util import CommandError

_ADDRESS = re.compile(r" object at 0x[0-9a-f]+")


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of a driver's error, or of SQLAlchemy's around it; ``None`` where there is none.

    psycopg and asyncpg call it ``sqlstate``, psycopg2 ``pgcode``.
    """
    original = getattr(error, "orig", None) or error
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return None if state is None else str(state)


def first_line(error: BaseException) -> str:
    """Return what an error says in one line, without SQLAlchemy's additions: ``UndefinedTable: table "t" …``."""
    if isinstance(error, AssayError):
        return str(error)
    original = getattr(error, "orig", None) or error
    lines = _ADDRESS.sub("", str(original)).splitlines()
    return f"{type(original).__name__}: {lines[0]}" if lines else type(original).__name__


def short(statement: str, length: int = 200) -> str:
    """Return a statement on one line, cut after so many characters."""
    line = " ".join(statement.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


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


class EntityError(AssayError):
    """A view, function, trigger, policy, extension or grant that cannot be brought about as it is declared."""

    code = "entity-refused"


class OptionsError(AssayError):
    """An option that does not exist, or a value that it does not take."""

    code = "invalid-option"


class SettingsError(AssayError):
    """An environment variable of the application's connections that is missing, or a value that it does not take."""

    code = "invalid-setting"


class DatabaseClosedError(AssayError):
    """A session was asked for when the process was about to end."""

    code = "database-closed"


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


class NeonAPIError(AssayError):
    """Neon's API refused, failed, or did not answer.

    Args:
        message: What it said.
        hint: What to do about it.
        status: The HTTP status; 0 without an answer.
    """

    code = "neon-api"

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class TenantsError(AssayError):
    """A list of tenants that is wrong or empty, or an executor that cannot migrate them."""

    code = "invalid-tenants"


class LockTimeoutError(AssayError):
    """DDL, or a reader of the schema, waited for ``lock_timeout`` and gave up; its transaction is rolled back."""

    code = "lock-timeout"


class SchemaChangedError(AssayError):
    """The schema was changed while it was read, and again when it was read once more."""

    code = "schema-changed"


class MigrationFailedError(AssayError):
    """The server refused a statement of a migration; its transaction is rolled back."""

    code = "migration-failed"


class DirectiveError(AssayError):
    """A directive of ours (``op.add_enum_value`` …) was called with arguments that cannot work."""

    code = "invalid-directive"


class IrreversibleError(AssayError):
    """An operation that has no way back, or whose way back would lose rows."""

    code = "irreversible"


class AsideError(AssayError):
    """Something hangs on what a migration alters, and cannot be taken away and put back: a partition key, for one."""

    code = "cannot-move-aside"


class RenameError(AssayError):
    """Something looks renamed, or is said to be, and it is not clear what is meant."""

    code = "unclear-rename"


class ProofError(AssayError):
    """A revision that cannot be proved here."""

    code = "not-provable"


class UnparsedSQLError(AssayError):
    """SQL that PostgreSQL's own parser refuses."""

    code = "unparsed-sql"


class InvalidSchemaError(AssayError):
    """A schema document that is not valid.

    Args:
        where: The file, or what the document is.
        errors: Everything that is wrong with it, each with the keys ``code``, ``path`` (a JSON Pointer), ``message``
            and ``hint`` (empty where there is nothing to say).

    Example:
        >>> error = {"code": "SCH206", "path": "/enums/0", "message": "label 'a' stands twice.", "hint": ""}
        >>> print(InvalidSchemaError("schema.json", [error]))
        schema.json is not a valid schema document: 1 error.
          SCH206 at /enums/0: label 'a' stands twice.
    """

    code = "invalid-schema"

    def __init__(self, where: str, errors: list[dict[str, str]]) -> None:
        super().__init__("\n".join([f"{where} is not a valid schema document: {_counted(errors)}.", *_lines(errors)]))
        self.errors = errors


class InvalidRequirementsError(AssayError):
    """Requirements that no schema can be designed from.

    Args:
        where: The file, or what the requirements are.
        errors: As of :class:`InvalidSchemaError`, with codes ``REQ…``.

    Example:
        >>> hint = "Did you mean 'email'?"
        >>> error = {"code": "REQ101", "path": "/a", "message": "unknown type 'emial'.", "hint": hint}
        >>> print(InvalidRequirementsError("todo.yaml", [error]))
        todo.yaml: 1 error.
          REQ101 at /a: unknown type 'emial'. Did you mean 'email'?
    """

    code = "invalid-requirements"

    def __init__(self, where: str, errors: list[dict[str, str]]) -> None:
        super().__init__("\n".join([f"{where}: {_counted(errors)}.", *_lines(errors)]))
        self.errors = errors


class ConflictingConstraintsError(InvalidRequirementsError):
    """Requirements that contradict each other: every error is of a code ``REQ11…`` or ``REQ2…``."""

    code = "conflicting-constraints"


class SchemaComparisonError(AssayError):
    """Two documents that no migration can be written between.

    Args:
        what: What cannot be done.
        errors: As of :class:`InvalidSchemaError`; a path begins with ``/old`` or ``/new``.

    Example:
        >>> error = {"code": "MIG301", "path": "/new/tables/0", "message": "no table 'job' before.", "hint": ""}
        >>> print(SchemaComparisonError("cannot compare the documents", [error]))
        cannot compare the documents: 1 error.
          MIG301 at /new/tables/0: no table 'job' before.
    """

    code = "cannot-compare-schemas"

    def __init__(self, what: str, errors: list[dict[str, str]]) -> None:
        super().__init__("\n".join([f"{what}: {_counted(errors)}.", *_lines(errors)]))
        self.errors = errors


class IncompatibleChangeError(SchemaComparisonError):
    """Changes that lose data, that rows may refuse, or that PostgreSQL cannot make: codes ``MIG1…`` and ``MIG2…``."""

    code = "incompatible-change"


def _counted(errors: list[dict[str, str]]) -> str:
    return f"{len(errors)} error{'' if len(errors) == 1 else 's'}"


def _lines(errors: list[dict[str, str]]) -> list[str]:
    return [
        f"  {error['code']} at {error['path'] or 'the document'}: {error['message']} {error['hint']}".rstrip()
        for error in errors
    ]
