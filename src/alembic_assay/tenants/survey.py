"""At which revision is every tenant? One query a database, however many schemas it has."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

import psycopg

from alembic_assay.errors import first_line
from alembic_assay.neon import faults
from alembic_assay.sql import literal, qualified
from alembic_assay.tenants.connections import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import URL

    from alembic_assay.tenants.targets import Target

Revisions = tuple[str, ...]

_TABLES = (
    "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relname = {table} AND c.relkind IN ('r', 'p')"
)
_DEFAULT = "SELECT current_schema()"
_AT_ONCE = 500
"""Schemas of one UNION: the server holds a lock on each table, and its plan is as long."""


async def survey(targets: Sequence[Target], *, version_table: str, width: int) -> dict[Target, Revisions | str]:
    """Return each target's revisions, or why they could not be read.

    Args:
        targets: The tenants.
        version_table: Name of Alembic's table.
        width: Databases asked at a time.
    """
    by_url: dict[URL, list[Target]] = defaultdict(list)
    for target in targets:
        by_url[target.url].append(target)
    gate = asyncio.Semaphore(width)
    found: dict[Target, Revisions | str] = {}

    async def ask(url: URL, some: list[Target]) -> None:
        async with gate:
            try:
                found.update(await _ask(url, some, version_table))
            except psycopg.Error as error:
                found.update(dict.fromkeys(some, faults.reason(error) or first_line(error)))

    await asyncio.gather(*(ask(url, some) for url, some in by_url.items()))
    return found


async def _ask(url: URL, targets: list[Target], version_table: str) -> dict[Target, Revisions | str]:
    async with await connect(url) as connection:
        await connection.set_autocommit(True)
        default = (await (await connection.execute(_DEFAULT)).fetchone() or (None,))[0] or "public"
        wanted = {target: target.schema or default for target in targets}
        tables = await (await connection.execute(_TABLES.format(table=literal(version_table)).encode())).fetchall()
        there = sorted({name for (name,) in tables} & set(wanted.values()))
        versions: dict[str, list[str]] = defaultdict(list)
        for start in range(0, len(there), _AT_ONCE):
            query = " UNION ALL ".join(
                f"SELECT {literal(name)}, version_num FROM {qualified(version_table, name)}"  # noqa: S608 - quoted
                for name in there[start : start + _AT_ONCE]
            )
            for name, revision in await (await connection.execute(query.encode())).fetchall():
                versions[name].append(revision)
        return {target: tuple(sorted(versions.get(schema, ()))) for target, schema in wanted.items()}
