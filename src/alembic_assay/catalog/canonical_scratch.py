"""Scratch schemas in a transaction that is rolled back: what the server accepts there, and what it refuses."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alembic_assay.catalog.canonical_names import Names
from alembic_assay.catalog.canonical_pieces import Refused
from alembic_assay.errors import AssayError, sqlstate
from alembic_assay.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from alembic_assay.catalog.canonical_pieces import Piece

_SEVERAL_AT_ONCE = frozenset({"psycopg", "psycopg_async", "psycopg2"})
"""Drivers that send a string without parameters as it is, so that it may hold several statements."""

_NOT_THE_MODELS_FAULT = ("08", "25", "40", "53", "55P03", "57", "58")
"""SQLSTATEs of connections, transactions, resources, locks, operators and the system: not what a model says."""

_SETTINGS = {"lock_timeout": "5s", "client_min_messages": "error"}

SITE = """
SELECT current_database() AS database, current_user AS role, current_schema() AS schema,
       ARRAY(SELECT s::text FROM unnest(current_schemas(false)) AS s) AS path,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       current_setting('transaction_read_only') = 'on' AS read_only
"""


class CanonicalError(AssayError):
    """The canonical form of models cannot be found on this connection."""

    code = "no-canonical-form"


@dataclass(frozen=True, slots=True)
class Site:
    """Where the connection is.

    Args:
        database: Its database.
        role: Its role.
        schema: The schema that objects without a schema go to, ``None`` if the ``search_path`` names none.
        path: The existing schemas of the ``search_path``.
        may_create: Whether the role may create schemas.
        read_only: Whether the transaction or the server only reads.
    """

    database: str
    role: str
    schema: str | None
    path: tuple[str, ...]
    may_create: bool
    read_only: bool


def site(connection: Connection) -> Site:
    """Ask where the connection is, and refuse one on which no scratch schema can be made.

    Raises:
        CanonicalError: Read-only, or without CREATE on the database.
    """
    row = connection.execute(text(SITE)).mappings().one()
    found = Site(**{**row, "path": tuple(row["path"])})
    if found.read_only:
        raise CanonicalError(
            f"models are compared in a scratch schema, expected a transaction that may write in database"
            f" {found.database!r}, got a read-only one.",
            hint="Connect to the primary, without default_transaction_read_only.",
        )
    if not found.may_create:
        raise CanonicalError(
            f"models are compared in a scratch schema, but role {found.role!r} may not create schemas in database"
            f" {found.database!r}.",
            hint=f"GRANT CREATE ON DATABASE {identifier(found.database)} TO {identifier(found.role)};",
        )
    return found


@contextmanager
def rolled_back(connection: Connection) -> Iterator[None]:
    """Run in a savepoint, or a transaction if there is none, that is rolled back whatever happens.

    Raises:
        CanonicalError: The connection commits every statement by itself.
    """
    if getattr(connection.connection.dbapi_connection, "autocommit", False):
        raise CanonicalError(
            "models are compared in a transaction that is rolled back, got a connection in AUTOCOMMIT.",
            hint="Use another connection, or another isolation_level.",
        )
    transaction = connection.begin_nested() if connection.in_transaction() else connection.begin()
    try:
        yield
    finally:
        transaction.rollback()


class Scratch:
    """Scratch schemas, one for each real schema of the models.

    Args:
        connection: Inside :func:`rolled_back`.
        where: See :func:`site`.
        schemas: The real schemas.
        sql: All statements that will run, so that the scratch names are found nowhere in them.
    """

    def __init__(self, connection: Connection, where: Site, schemas: Sequence[str], sql: Sequence[str]) -> None:
        self.connection = connection
        self.prefix = prefix = _unused(sql)
        quoted = connection.execute(
            text("SELECT s AS schema, quote_ident(s) AS quoted FROM unnest(CAST(:schemas AS text[])) AS s"),
            {"schemas": list(schemas)},
        )
        scratch = {schema: f"{prefix}_{number}" for number, schema in enumerate(schemas)}
        self.names = Names(scratch, {row.schema: row.quoted for row in quoted}, set())
        self._several = connection.dialect.driver in _SEVERAL_AT_ONCE
        self._execute([f"CREATE SCHEMA {name}" for name in scratch.values()])
        self._set(where)

    @property
    def schemas(self) -> list[str]:
        """The scratch schemas."""
        return list(self.names.scratch.values())

    def run(self, pieces: Sequence[Piece]) -> list[tuple[Piece, Refused]]:
        """Run statements in order, all that the server accepts; return those that it refuses.

        The happy case is one round trip and a savepoint; a refused statement is found by halving.

        Raises:
            CanonicalError: The server fails for a reason that is not in the statements.
        """
        if not pieces:
            return []
        savepoint = self.connection.begin_nested()
        try:
            self._execute([self.names.to_scratch(piece.sql) for piece in pieces])
        except DBAPIError as error:
            if savepoint.is_active:
                savepoint.rollback()
            message = self._message(error)
            if len(pieces) == 1:
                return [(pieces[0], Refused(pieces[0].title, message))]
        else:
            savepoint.commit()
            return []
        half = len(pieces) // 2
        return self.run(pieces[:half]) + self.run(pieces[half:])

    def _execute(self, statements: list[str]) -> None:
        for sql in ["\n;\n".join(statements)] if self._several else statements:
            self.connection.exec_driver_sql(sql, execution_options={"no_parameters": True})

    def _set(self, where: Site) -> None:
        """Look first where an object of the models would be found, then where the real ones are."""
        path = list(where.path) + [schema for schema in self.names.scratch if schema == where.schema]
        parts = []
        for schema in dict.fromkeys(path or self.names.scratch):
            parts += [self.names.scratch[schema]] if schema in self.names.scratch else []
            parts += [identifier(schema)]
        settings = {**_SETTINGS, "search_path": ", ".join(parts)}
        names = ", ".join(f"set_config('{name}', :{name}, true)" for name in settings)
        self.connection.execute(text(f"SELECT {names}"), settings)

    def _message(self, error: DBAPIError) -> str:
        original: Any = error.orig
        state = sqlstate(error) or ""
        diagnosis = getattr(original, "diag", None)
        message = getattr(diagnosis, "message_primary", None) or str(original).partition("\n")[0]
        if error.connection_invalidated or state.startswith(_NOT_THE_MODELS_FAULT):
            raise CanonicalError(f"the canonical form of the models could not be found: {message}.") from error
        return self.names.to_real(message)


def _unused(sql: Sequence[str]) -> str:
    while True:
        prefix = f"assay_{secrets.token_hex(5)}"
        if not any(prefix in each for each in sql):
            return prefix
