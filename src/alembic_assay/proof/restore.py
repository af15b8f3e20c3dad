"""A branch to go back to, before a migration of a Neon database that loses something."""

from __future__ import annotations

import ast
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

log = logging.getLogger("alembic.assay.branches")

_ADDS = frozenset(
    {
        "add_column",
        "add_enum_value",
        "create_check_constraint",
        "create_enum",
        "create_exclude_constraint",
        "create_foreign_key",
        "create_index",
        "create_primary_key",
        "create_table",
        "create_table_comment",
        "create_unique_constraint",
        "drop_constraint",
        "drop_index",
        "drop_table_comment",
        "f",
        "get_context",
        "rename_table",
    }
)
"""Directives after which every row and value is still there; all others may lose some."""

_HARMLESS_SQL = re.compile(
    r"\s*(?:CREATE|COMMENT|GRANT|ANALYZE|SET|SELECT|ALTER\s+TABLE\s+\S+\s+VALIDATE)\b", re.IGNORECASE
)
_TYPES = frozenset({"sa", "sqlalchemy", "postgresql", "sqlmodel", "range", "len", "str", "int"})
"""Where what scripts call is only a value: types, defaults, text."""
_HARMLESS_KEYWORDS = frozenset({"nullable", "server_default", "comment", "schema"})


def make(context: MigrationContext, scripts: ScriptDirectory, command: str) -> None:
    """Make a restore point if what is about to run may lose something; say so if not.

    Args:
        context: Of the database.
        scripts: The project's.
        command: ``alembic:upgrade`` and the like; a downgrade always may.

    Raises:
        NeonAPIError: Neon refuses; nothing is migrated then.
    """
    from alembic_assay.neon.api import NeonAPI  # noqa: PLC0415 - the extra `neon`
    from alembic_assay.neon.branches import restore_point  # noqa: PLC0415

    name = command.partition(":")[2]
    if name not in {"upgrade", "downgrade"} or context.connection is None:
        return
    heads = context.get_current_heads()
    destination = context.opts["destination_rev"]
    if name == "upgrade":
        pending = list(scripts.iterate_revisions(destination, heads or "base"))[::-1]
        losing = [script.revision for script in pending if may_lose(Path(script.path).read_text("utf-8"))]
    else:
        losing = list(heads)
    if losing:
        with NeonAPI.from_environment() as api:
            restore_point(api, context.connection.engine.url, losing[0])
    else:
        log.info("No restore point: nothing that is pending loses rows or values")


def may_lose(source: str) -> bool:
    r"""Whether ``upgrade()`` of a script may lose rows or values; what it does in a way not seen here, may.

    Args:
        source: The script.

    Example:
        >>> may_lose("def upgrade():\n    op.drop_column('users', 'name')")
        True
        >>> may_lose("def upgrade():\n    op.add_column('users', sa.Column('name', sa.Text()))")
        False
    """
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    here = {function.name for function in functions}
    run = [function for function in functions if function.name != "downgrade"]
    calls = [node for function in run for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(_loses(call, here) for call in calls)


def _loses(call: ast.Call, here: set[str]) -> bool:
    name = ast.unparse(call.func)
    if not name.startswith("op."):
        return name not in here and name.partition(".")[0] not in _TYPES
    directive = ast.unparse(call.func).removeprefix("op.").partition("(")[0].partition(".")[0]
    if directive == "execute":
        sql = call.args[0] if call.args else None
        return not (isinstance(sql, ast.Constant) and _HARMLESS_SQL.match(str(sql.value)) and ";" not in str(sql.value))
    if directive == "alter_column":
        changed = {keyword.arg for keyword in call.keywords if not str(keyword.arg).startswith("existing_")}
        return not changed <= _HARMLESS_KEYWORDS | {"new_column_name"}
    return directive not in _ADDS
