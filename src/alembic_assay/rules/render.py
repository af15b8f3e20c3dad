"""Operations as Python, by Alembic's own renderer."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op
from alembic.runtime.migration import MigrationContext
from mako.pygen import PythonPrinter  # type: ignore[import-untyped] # Mako has no stubs
from sqlalchemy.dialects import postgresql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic.operations import MigrateOperation


def render(operations: Iterable[MigrateOperation]) -> str:
    """Write operations as they stand in a script, ready to paste into ``upgrade()``.

    Args:
        operations: In order.

    Example:
        >>> from alembic.operations.ops import DropTableOp
        >>> render([DropTableOp("tasks")])
        "op.drop_table('tasks')"
    """
    buffer = StringIO()
    printer = PythonPrinter(buffer)
    for operation in operations:
        for line in render_op(_context(), operation):
            printer.writeline(line)
    return buffer.getvalue().strip("\n")


@contextmanager
def no_context_messages() -> Iterator[None]:
    """Keep Alembic from telling of a context ("Will assume transactional DDL.") that no user asked for."""
    logger = logging.getLogger("alembic.runtime.migration")
    disabled = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = disabled


@cache
def _context() -> AutogenContext:
    with no_context_messages():
        # This parameter style doubles no percent signs.
        dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # in 2.0
        context = MigrationContext.configure(dialect=dialect)
    options = {"sqlalchemy_module_prefix": "sa.", "alembic_module_prefix": "op."}
    return AutogenContext(context, opts=options, autogenerate=False)
