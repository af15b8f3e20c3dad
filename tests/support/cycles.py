"""The full cycle of autogenerate: detect, upgrade, nothing left, downgrade, catalogs and rows as before."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine

from alembic_assay import catalog

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
    lines = script.read_text("utf-8").split(f"def {function}() -> None:\n")[1].split("\n\n\n")[0].splitlines()
    return [line[4:] for line in lines if line.strip() and not line.strip().startswith(("#", '"""'))]


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
