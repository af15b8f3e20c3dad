"""Quoting by the dialect, and statements that reach the server exactly as written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql.compiler import BIND_PARAMS, BIND_PARAMS_ESC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.sql.compiler import DDLCompiler

MAX_IDENTIFIER_BYTES = 63
"""``NAMEDATALEN - 1``: PostgreSQL cuts longer identifiers and refuses longer enum labels."""


def identifier(name: str) -> str:
    """Quote an identifier, always.

    An unquoted type called ``interval`` or ``time`` would be taken for the built-in one.

    >>> identifier('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    r"""Quote a string literal, right whatever ``standard_conforming_strings`` says.

    >>> literal("it's")
    "'it''s'"
    >>> literal("a\\b")
    " E'a\\\\b'"
    """
    quoted = "'" + value.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted


def qualified(name: str, schema: str | None = None) -> str:
    """Quote a name with its schema, if it has one.

    >>> qualified("priority", "app")
    '"app"."priority"'
    """
    return identifier(name) if schema is None else f"{identifier(schema)}.{identifier(name)}"


def display(name: str, schema: str | None = None) -> str:
    """Write a name as a person would type it: quoted only where it must be.

    >>> display("tasks", "public"), display("Order", "App")
    ('public.tasks', '"App"."Order"')
    """
    preparer = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]
    preparer._double_percents = False  # noqa: SLF001 - this text is not for a driver
    quoted = str(preparer.quote(name))
    return quoted if schema is None else f"{preparer.quote(schema)}.{quoted}"


def set_local(settings: Mapping[str, str]) -> str:
    """Write calls that set something until the end of the transaction, for the list of a SELECT.

    >>> set_local({"search_path": "app"})
    "set_config('search_path', 'app', true)"
    """
    return ", ".join(f"set_config({literal(name)}, {literal(value)}, true)" for name, value in settings.items())


def escaped(sql: str) -> str:
    r"""Write a statement for ``text()`` and ``op.execute()``, so that ``:x`` in it means itself.

    SQLAlchemy cares for ``%`` itself.

    >>> escaped("SELECT ':x'::text")
    "SELECT '\\:x'::text"
    """
    return BIND_PARAMS.sub(r"\\:\1", BIND_PARAMS_ESC.sub(r"\\\\\1", sql))


class Statement(ExecutableDDLElement):
    """SQL that is sent as it stands: neither ``:name`` nor ``%`` means anything in it.

    ``text()`` takes ``:x`` for a parameter and drivers take ``%`` for a placeholder; labels, comments and
    expressions hold both.

    Args:
        sql: One statement, without a semicolon.
    """

    def __init__(self, sql: str) -> None:
        self.sql = sql


@compiles(Statement)
def _compile_statement(element: Statement, compiler: DDLCompiler, **_: Any) -> str:
    return str(compiler.sql_compiler.post_process_text(element.sql))  # type: ignore[no-untyped-call] # in 2.0
