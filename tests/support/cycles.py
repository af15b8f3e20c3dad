"""The full cycle of autogenerate: detect, upgrade, nothing left, downgrade, catalogs and rows as before."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from textwrap import dedent
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine

from alembic_assay import catalog
from alembic_assay.ops import layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection
    from tests.support.project import Project


@contextmanager
def connected(project: Project) -> Iterator[Connection]:
    """A connection to the project's database, for reading."""
    with create_engine(project.url, poolclass=NullPool).connect() as connection:
        yield connection


def snapshot(project: Project) -> catalog.Snapshot:
    """What the catalogs hold, without Alembic's own table."""
    with connected(project) as connection:
        found = catalog.read(connection)
    return catalog.Snapshot(tuple(record for record in found if "alembic_version" not in str(record.key)))


def rows(project: Project) -> dict[str, list[str]]:
    """Every row of every table as text, by table."""
    listed = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^pg_|^information_'"
    tables = [name for (name,) in project.sql(listed) if "alembic_version" not in name]
    return {name: [row for (row,) in project.sql(f"SELECT t::text FROM {name} AS t ORDER BY 1")] for name in tables}


def script_body(script: Path, function: str) -> list[str]:
    """The statements of ``upgrade()`` or ``downgrade()``, without comments and docstring."""
    (body,) = (
        node.body
        for node in ast.parse(script.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    return statements("\n".join(ast.unparse(statement) for statement in body[1:]))


def statements(body: str) -> list[str]:
    """Each call of a script in a line of its own, however long; what is in a block is indented."""
    found = []
    for node in ast.parse(body).body:
        if isinstance(node, ast.With):
            head, _, inner = ast.unparse(node).partition("\n")
            found += [head, *(f"    {line}" for line in statements(dedent(inner)))]
        else:
            found.append(layout._flat(node.value) if isinstance(node, ast.Expr) else ast.unparse(node))
    return found


def cycle(project: Project, before: str, after: str, *, insert: tuple[str, ...] = ()) -> Path:
    """Run the full cycle from one state of the models to another, with rows; returns the script under test.

    Args:
        project: An empty one.
        before: ``models.py`` first.
        after: ``models.py`` then.
        insert: Statements run in between, so that there are rows.
    """
    project.write_models(before)
    project.revise("before")
    project.alembic("upgrade", "head")
    for statement in insert:
        project.sql(statement)
    catalogs, data = snapshot(project), rows(project)
    project.write_models(after)
    script = project.revise("after")
    project.alembic("upgrade", "head")
    assert "No new upgrade operations detected." in project.alembic("check").stdout
    project.alembic("downgrade", "-1")
    left = [str(change) for change in catalog.diff(catalogs, snapshot(project))]
    assert not left, "\n".join(left)
    assert rows(project) == data, f"{rows(project)} is not {data}"
    project.alembic("upgrade", "head")
    return script
