"""Autogenerate without files: the text that ``alembic revision`` would write, run as it stands.

A cycle here takes a tenth of the time of :mod:`tests.support.cycles`, which runs the real command: meant for tables of
many cases.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any, Literal

from alembic.autogenerate import render
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.compare import _populate_migration_script
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, NullPool, create_engine, text

from alembic_assay import catalog
from alembic_assay.env import OUR_PLUGINS, STOCK_PLUGINS
from alembic_assay.options import Options
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import URL, Connection

PLUGINS = (STOCK_PLUGINS, OUR_PLUGINS)
CONFIGURED: dict[str, Any] = {
    "alembic_module_prefix": "op.",
    "sqlalchemy_module_prefix": "sa.",
    "user_module_prefix": None,
    "render_item": None,
    "include_schemas": False,
    "transaction_per_migration": True,
}
"""What ``context.configure()`` adds of its own."""


@dataclass(frozen=True, slots=True)
class Script:
    """The body of a revision.

    Args:
        imports: Lines before it, but those of ``op`` and ``sa``.
        upgrade: The statements of ``upgrade()``.
        downgrade: The statements of ``downgrade()``.
    """

    imports: str
    upgrade: str
    downgrade: str

    def function(self, direction: Literal["upgrade", "downgrade"]) -> Callable[[], None]:
        """Compile one direction, with nothing in reach but what the script imports."""
        body = indent(getattr(self, direction), "    ")
        names: dict[str, Any] = {}
        source = f"from alembic import op\nimport sqlalchemy as sa\n{self.imports}\ndef {direction}():\n{body}\n"
        exec(compile(source, f"<{direction}>", "exec"), names)  # noqa: S102 - the text that autogenerate wrote
        function: Callable[[], None] = names[direction]
        return function


@contextmanager
def migrating(url: URL) -> Iterator[Connection]:
    """A connection as ``env.py`` has one."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def context_of(
    connection: Connection, metadata: MetaData | Sequence[MetaData] | None = None, **opts: Any
) -> MigrationContext:
    """Return the context that ``context.configure()`` would make, with all our plugins on."""
    chosen = {"autogenerate_plugins": list(PLUGINS), "assay": Options(), "target_metadata": metadata, **opts}
    return MigrationContext.configure(connection, opts={**CONFIGURED, **chosen})


def generate(url: URL, metadata: MetaData | Sequence[MetaData], **opts: Any) -> Script:
    """Return what ``alembic revision --autogenerate`` would write.

    Args:
        url: Of the database.
        metadata: The models.
        opts: Of ``context.configure()``.
    """
    with migrating(url) as connection:
        context = AutogenContext(context_of(connection, metadata, **opts), None)
        script = ops.MigrationScript(None, ops.UpgradeOps([]), ops.DowngradeOps([]))
        _populate_migration_script(context, script)
        written: dict[str, Any] = {}
        render._render_python_into_templatevars(context, script, written)
    return Script(written["imports"] or "", _body(written["upgrades"]), _body(written["downgrades"]))


def _body(rendered: str) -> str:
    """Take Alembic's comments and indentation away."""
    lines = dedent(f"    {rendered}").splitlines()
    return "\n".join(line for line in lines if not line.startswith("# ###"))


def run(url: URL, script: Script, direction: Literal["upgrade", "downgrade"], **opts: Any) -> None:
    """Run one direction of a script in a migration's transaction, with options of ``context.configure()``."""
    with migrating(url) as connection:
        context = context_of(connection, **opts)
        with context.begin_transaction(_per_migration=True), Operations.context(context):
            script.function(direction)()


def catalogs(url: URL) -> catalog.Snapshot:
    """Read what is there now."""
    with migrating(url) as connection:
        return catalog.read(connection)


def rows(url: URL) -> dict[str, list[str]]:
    """Every row of every table as text, by table."""
    listed = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^pg_|^information_'"
    with migrating(url) as connection:
        tables = connection.execute(text(listed)).scalars().all()
        queries = {name: Statement(f"SELECT t::text FROM {name} AS t ORDER BY 1") for name in sorted(tables)}
        return {name: list(connection.execute(query).scalars()) for name, query in queries.items()}


def execute(url: URL, *statements: str) -> None:
    """Run statements and commit."""
    with migrating(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))
        connection.commit()


def formatted(script: Script) -> None:
    """Assert that ``ruff format`` changes nothing in a script."""
    functions = (("upgrade", script.upgrade), ("downgrade", script.downgrade))
    source = "\n\n".join(f"def {name}() -> None:\n{indent(body, '    ')}\n" for name, body in functions)
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "--quiet", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False, encoding="utf-8")
    assert not done.returncode, f"{done.stdout}{done.stderr}"


def cycle(
    url: URL,
    before: MetaData | Sequence[str],
    after: MetaData,
    *,
    insert: Sequence[str] = (),
    fills: bool = False,
    **opts: Any,
) -> Script:
    """Run the full cycle: detect, upgrade, detect nothing, downgrade, catalogs (but places of columns) and rows as before.

    Args:
        url: Of an empty database.
        before: Models, migrated to by a revision of their own; or the SQL that makes what is there.
        after: The models then.
        insert: Statements run in between, so that there are rows.
        fills: Whether the upgrade gives rows a value that the downgrade leaves.
        opts: Of ``context.configure()``.

    Returns:
        The script under test.
    """
    if isinstance(before, MetaData):
        run(url, generate(url, before, **opts), "upgrade")
    else:
        execute(url, *before)
    execute(url, *insert)
    catalogs_before, rows_before = catalogs(url), rows(url)
    script = generate(url, after, **opts)
    formatted(script)
    run(url, script, "upgrade")
    again = generate(url, after, **opts)
    assert again.upgrade == "pass", f"proposed again:\n{again.upgrade}\n\nafter:\n{script.upgrade}"
    run(url, script, "downgrade")
    left = [str(each) for each in catalog.diff(catalogs_before, catalogs(url)) if each.fields != ("position",)]
    assert not left, "\n".join([*left, "", "downgrade:", script.downgrade])
    assert fills or rows(url) == rows_before, f"{rows(url)} is not {rows_before}"
    run(url, script, "upgrade")
    return script
