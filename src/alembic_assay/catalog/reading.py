"""How records are read: one query a kind, bound parameters, settings fixed as ``pg_dump`` fixes them."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import text

from alembic_assay.catalog.record import Record, maker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

R = TypeVar("R", bound=Record)

USER_SCHEMAS = "(n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')"
"""PostgreSQL reserves the prefix ``pg_`` for itself."""

IN_SCHEMAS = f"({USER_SCHEMAS} AND (CAST(:schemas AS text[]) IS NULL OR n.nspname = ANY (CAST(:schemas AS text[]))))"
IN_TABLES = f"({IN_SCHEMAS} AND (CAST(:tables AS text[]) IS NULL OR c.relname = ANY (CAST(:tables AS text[]))))"

OF_DATABASE = "CAST(:schemas AS text[]) IS NULL"
"""What is in no schema is read with the whole database only."""

FIRST_OID = 16384
"""``FirstNormalObjectId``: what ``initdb`` makes has a lower one."""

_SECRETS = "passw|secret|token|credential|(api|access|private)_?key"
_NO_SECRETS = "('password_required')"

_SETTINGS = {
    "search_path": "",
    "quote_all_identifiers": "off",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of a database is read; ``None`` is all of it but PostgreSQL's own schemas.

    Args:
        schemas: Names of schemas.
        tables: Names of tables, in any of the schemas.
    """

    schemas: tuple[str, ...] | None = None
    tables: tuple[str, ...] | None = None

    @property
    def parameters(self) -> dict[str, list[str] | None]:
        """The bound parameters of every query."""
        return {
            "schemas": None if self.schemas is None else list(self.schemas),
            "tables": None if self.tables is None else list(self.tables),
        }


def not_of_extension(catalog: str, oid: str) -> str:
    """Return the SQL condition that leaves out what an extension owns."""
    return (
        f"{oid} NOT IN (SELECT x.objid FROM pg_depend AS x WHERE x.refclassid = 'pg_extension'::regclass"
        f" AND x.classid = '{catalog}'::regclass AND x.deptype = 'e')"
    )


def comment_on(catalog: str, oid: str, subid: str = "0") -> str:
    """Return the SQL join that brings an object's comment as ``d.description``."""
    return (
        f"LEFT JOIN pg_description AS d ON d.classoid = '{catalog}'::regclass"
        f" AND d.objoid = {oid} AND d.objsubid = {subid}"
    )


def privileges(kind: str, acl: str, owner: str) -> str:
    """Return the SQL of an object's privileges, sorted; ``NULL`` where they are what its owner starts with.

    Args:
        kind: The letter of ``acldefault``: https://www.postgresql.org/docs/current/functions-info.html.
        acl: The column of the catalog: its order is only that of the commands that were given.
        owner: The column of the owner's OID.
    """
    items = 'ARRAY(SELECT i::text COLLATE "C" FROM unnest({}) AS i ORDER BY 1)'
    default = f"acldefault('{kind}', {owner})"
    return f"CASE WHEN {acl} IS NOT NULL THEN NULLIF({items.format(acl)}, {items.format(default)}) END"


def without_secrets(options: str) -> str:
    """Return the SQL of ``name=value`` options without those that look like a password by their name, sorted."""
    secret = is_secret("split_part(o, '=', 1)")
    return f'ARRAY(SELECT o COLLATE "C" FROM unnest({options}) AS o WHERE NOT {secret} ORDER BY 1)'


def is_secret(name: str) -> str:
    """Return the SQL condition that something of this name may be a password."""
    return f"({name} ~* '{_SECRETS}' AND {name} NOT IN {_NO_SECRETS})"


def major(connection: Connection) -> int:
    """Return the major version of the server: catalogs have got columns and tables since 14."""
    version = connection.dialect.server_version_info or (0,)
    return int(version[0])


@contextmanager
def fixed_settings(connection: Connection) -> Iterator[None]:
    """Fix every setting that changes how the server writes expressions, and put them back.

    The savepoint is rolled back at the end, which restores the settings whatever they were.
    """
    transaction = connection.begin_nested() if connection.in_transaction() else connection.begin()
    try:
        connection.execute(
            text("SELECT " + ", ".join(f"set_config('{name}', :{name}, true)" for name in _SETTINGS)),
            _SETTINGS,
        )
        yield
    finally:
        transaction.rollback()


@contextmanager
def without_collector() -> Iterator[None]:
    """Pause the garbage collector: many objects that stay cost it half of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@contextmanager
def one_moment(connection: Connection, lock_timeout: str) -> Iterator[None]:
    """Read as of one moment, and only read: what others commit meanwhile is not seen.

    Args:
        connection: Of the caller's own, in no transaction yet.
        lock_timeout: How long to wait for DDL of others, in PostgreSQL's units: ``"2s"``.
    """
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    transaction = connection.begin()
    try:
        connection.execute(text("SELECT set_config('lock_timeout', :timeout, true)"), {"timeout": lock_timeout})
        yield
    finally:
        transaction.rollback()


def fetch(connection: Connection, record_type: type[R], sql: str, scope: Scope) -> tuple[R, ...]:
    """Run a kind's query and return its records, sorted by key.

    Args:
        connection: Inside :func:`fixed_settings`.
        record_type: The columns of the query are its fields.
        sql: May use the parameters ``:schemas`` and ``:tables``.
        scope: See :class:`Scope`.
    """
    used = {name: value for name, value in scope.parameters.items() if f":{name}" in sql}
    found = connection.execute(text(sql), used)
    make = maker(record_type, tuple(found.keys()))
    return tuple(sorted(map(make, found.all()), key=attrgetter(*record_type.key_fields)))
