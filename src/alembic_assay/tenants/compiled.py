"""The SQL of an upgrade, written once for all tenants that are at the same revision."""

from __future__ import annotations

import ast
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_assay.offline import COMPILED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_assay.options import Options

DIRECTIVES = frozenset(
    {
        "add_column",
        "alter_column",
        "create_check_constraint",
        "create_exclude_constraint",
        "create_foreign_key",
        "create_index",
        "create_primary_key",
        "create_table",
        "create_table_comment",
        "create_unique_constraint",
        "drop_column",
        "drop_constraint",
        "drop_index",
        "drop_table",
        "drop_table_comment",
        "execute",
        "f",
        "rename_table",
    }
)
"""What of ``op`` writes with ``--sql`` what it does without: Alembic's own, without what reads the database."""

_MODULES = {"__future__", "alembic", "collections.abc", "sqlalchemy", "sqlmodel", "textwrap", "typing"}
_FORBIDDEN = {"autocommit_block", "as_sql", "create", "drop", "execute_if", "postgresql_concurrently"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """An upgrade as SQL.

    Args:
        sql: Statements without BEGIN and COMMIT; the version table's rows are changed by it.
        options: The project's settings.
        version_table: Name of Alembic's table.
    """

    sql: str
    options: Options
    version_table: str


def compile_upgrade(config: Config, heads: Sequence[str], revision: str) -> Compiled | None:
    """Write the SQL of an upgrade.

    Args:
        config: The project's.
        heads: Where it begins; none for an empty schema.
        revision: Where it ends.

    Returns:
        ``None`` where the SQL could be another for each tenant: a script that reads the database, is no plain list
        of Alembic's directives, or needs to commit in between; an ``env.py`` without ``run()`` or with callbacks; or
        a tenant on several branches.
    """
    if len(heads) > 1 or not _plain(config, heads, revision):
        return None
    ours = Config(config.config_file_name, ini_section=config.config_ini_section, output_buffer=io.StringIO())
    ours.cmd_opts = config.cmd_opts
    seen: list[dict[str, Any]] = []
    ours.attributes.update({COMPILED: seen, "configure_logger": False})
    try:
        command.upgrade(ours, f"{heads[0] if heads else 'base'}:{revision}", sql=True)
    except (CommandError, Exception):  # noqa: BLE001 - whatever it is, env.py itself will say it better
        return None
    if not seen or any(seen[0].get(name) for name in ("on_version_apply", "version_table_schema")):
        return None
    buffer: Any = ours.output_buffer
    return Compiled(buffer.getvalue(), seen[0]["assay"], seen[0].get("version_table", "alembic_version"))


def _plain(config: Config, heads: Sequence[str], revision: str) -> bool:
    scripts = ScriptDirectory.from_config(config).iterate_revisions(revision, heads[0] if heads else "base")
    return all(is_plain(Path(script.path).read_text("utf-8")) for script in scripts)


def is_plain(source: str) -> bool:
    r"""Whether a script's ``upgrade()`` gives the same SQL for every tenant, which can run in one transaction.

    Args:
        source: The script.

    Example:
        >>> is_plain("def upgrade():\n    op.add_column('t', sa.Column('a', sa.Integer()))")
        True
        >>> is_plain("def upgrade():\n    op.get_bind().execute('SELECT 1')")
        False
    """
    tree = ast.parse(source)
    # The way back is not run.
    tree.body = [node for node in tree.body if getattr(node, "name", "") != "downgrade"]
    return all(_harmless(node) for node in ast.walk(tree))


def _harmless(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return all(_known(name) for name in _imported(node))
    if isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id == "op":
            return node.attr in DIRECTIVES
        return node.attr not in _FORBIDDEN
    if isinstance(node, ast.keyword):
        return node.arg not in _FORBIDDEN
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return "\t" not in node.value and "concurrently" not in node.value.lower()  # Alembic writes spaces for a tab
    return not isinstance(node, ast.If | ast.IfExp | ast.Try | ast.With | ast.While | ast.Match)


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif node.level:
        yield "."
    else:
        yield node.module or ""
        if node.module == "alembic":
            yield from ("alembic" if alias.name == "op" else alias.name for alias in node.names)


def _known(module: str) -> bool:
    return module in _MODULES or module.partition(".")[0] in {"sqlalchemy", "sqlmodel"}
