"""Views and functions read without touching the real ones: as copies in the session's own temporary schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alembic_assay.catalog.functions import Function
from alembic_assay.catalog.reading import fixed_settings
from alembic_assay.catalog.views import View
from alembic_assay.errors import AssayError, sqlstate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, RowMapping

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.compare.entity_declared import Declared

COPIES = """
SELECT c.relname AS name, pg_get_viewdef(c.oid) AS definition, NULL AS arguments, NULL AS types,
       COALESCE(c.reloptions, '{}') AS options
FROM pg_class AS c WHERE c.relnamespace = pg_my_temp_schema() AND c.relkind = 'v' AND c.relname LIKE 'assay\\_%'
UNION ALL
SELECT p.proname, pg_get_functiondef(p.oid), pg_get_function_identity_arguments(p.oid),
       oidvectortypes(p.proargtypes), '{}'
FROM pg_proc AS p WHERE p.pronamespace = pg_my_temp_schema() AND p.proname LIKE 'assay\\_%'
"""

TYPES = """
SELECT n.nspname, p.proname, oidvectortypes(p.proargtypes), pg_get_function_identity_arguments(p.oid)
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND p.prokind IN ('f', 'p')
"""

_NAME = r'(?:"(?:[^"]|"")*"|[^".\s(]+)'
_HEAD = re.compile(rf"CREATE OR REPLACE (?:FUNCTION|PROCEDURE) {_NAME}\.{_NAME}")
_NOT_ITS_FAULT = ("08", "25", "40", "53", "55P03", "57", "58")
"""SQLSTATEs of connections, transactions, resources, locks, operators and the system."""


def run(connection: Connection, sql: str) -> None:
    """Run a statement exactly as it is written."""
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def attempt(connection: Connection, *statements: str) -> DBAPIError | None:
    """Run statements in a savepoint of their own; return the error of the server if it refuses one.

    Raises:
        AssayError: It fails for a reason that is not in the statements.
    """
    savepoint = connection.begin_nested()
    try:
        for sql in statements:
            run(connection, sql)
    except DBAPIError as error:
        if savepoint.is_active:
            savepoint.rollback()
        if error.connection_invalidated or (sqlstate(error) or "").startswith(_NOT_ITS_FAULT):
            raise AssayError(f"entities could not be compared: {said(error)}.") from error
        return error
    savepoint.commit()
    return None


def said(error: DBAPIError) -> str:
    """Return what the server says, in one line."""
    diagnosis = getattr(error.orig, "diag", None)
    return str(getattr(diagnosis, "message_primary", None) or str(error.orig).partition("\n")[0])


@dataclass(frozen=True, slots=True)
class Copies:
    """What the server makes of declared views and functions.

    Args:
        records: Of those whose copy could be made, with their real names.
        existing: The key of the function that has the name and the types of a declared one, whatever its arguments
            are called.
    """

    records: dict[Declared, Record]
    existing: dict[Declared, Key]


def read(connection: Connection, entities: Sequence[Declared]) -> Copies:
    """Make copies, read them, and take them away again.

    Args:
        connection: In a transaction that may write.
        entities: Of any type; only views and functions are copied.
    """
    copied = {f"assay_{number}": each for number, each in enumerate(entities) if each.body is not None}
    savepoint = connection.begin_nested()
    try:
        _make(connection, [each.copy(int(name.removeprefix("assay_"))) for name, each in copied.items()])
        with fixed_settings(connection):
            rows = connection.execute(text(COPIES)).mappings().all()
            types = {tuple(row[:3]): row[3] for row in connection.execute(text(TYPES))}
    finally:
        savepoint.rollback()
    found = Copies({}, {})
    for row in rows:
        each = copied[row["name"]]
        found.records[each] = _record(each, row)
        if (arguments := types.get((each.schema, each.name, row["types"]))) is not None:
            found.existing[each] = ("function", (each.schema, each.name, arguments))
    return found


def _make(connection: Connection, statements: list[str]) -> None:
    """Make all that the server accepts; what it refuses is found by halving."""
    if not statements or attempt(connection, *statements) is None or len(statements) == 1:
        return
    half = len(statements) // 2
    _make(connection, statements[:half])
    _make(connection, statements[half:])


def _record(each: Declared, row: RowMapping) -> Record:
    if each.type_ == "function":
        return Function(
            schema=each.schema,
            name=each.name,
            arguments=row["arguments"],
            form="function",
            definition=row["definition"],
        )
    return View(
        schema=each.schema,
        name=each.name,
        materialized=each.type_ == "materialized_view",
        definition=row["definition"],
        options=tuple(row["options"]),
    )


def same(declared: Record, present: Record | None) -> bool:
    """Whether a copy says what the real one says, but for its name."""
    if isinstance(declared, Function) and isinstance(present, Function):
        return _HEAD.sub("", declared.definition, count=1) == _HEAD.sub("", present.definition, count=1)
    if isinstance(declared, View) and isinstance(present, View):
        if declared.materialized != present.materialized:
            return False
        return declared.definition == present.definition and checks(declared.options) == checks(present.options)
    return False


def checks(options: Iterable[str]) -> tuple[str, ...]:
    """Return the options that are part of a view's query."""
    return tuple(option for option in options if option.startswith("check_option="))
