"""Which tables are created together: few at once, but all that need each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.catalog.generated_names import generated
from alembic_assay.catalog.names import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.canonical_pieces import TableDDL

Key = tuple[str, ...]

RELATIONS_AT_ONCE = 2000
"""A third of the locks that a server with default settings has for all its sessions together."""

_FINDS_A_RELATION = re.compile(r"(?:next|curr|set)val|::\s*reg|to_reg|as\s+reg", re.IGNORECASE)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")


def brought(table: TableDDL) -> Iterator[tuple[str, str]]:
    """Yield what a table brings: itself, and the sequence of its SERIAL column."""
    yield table.key
    column = table.table.autoincrement_column
    if column is not None and "SERIAL" in table.whole.sql:
        yield table.key[0], generated(table.key[1], [str(column.name)], "seq")


def related(tables: list[TableDDL]) -> list[TableDDL]:
    """Return the tables that need others and those that they need, each after what it needs.

    A table needs what it inherits from, and whose sequence or name is in a text of it: ``nextval('users_id_seq')``.
    """
    owners = {name: table for table in tables for _, name in brought(table)}
    needs = {
        table.key: [owners[name] for name in _named(table) if name in owners and owners[name] is not table]
        for table in tables
    }
    found: dict[Key, TableDDL] = {}
    waiting: set[Key] = set()

    def add(table: TableDDL) -> None:
        if table.key not in found and table.key not in waiting:
            waiting.add(table.key)
            for each in needs[table.key]:
                add(each)
            found[table.key] = table

    for table in tables:
        if table.parents or needs[table.key]:
            add(table)
    return list(found.values())


def chunks(tables: list[TableDDL]) -> list[list[TableDDL]]:
    """Split tables so that few locks are held at once; those that need each other come first and together."""
    family = related(tables)
    keys = {table.key for table in family}
    found: list[list[TableDDL]] = [family] if family else []
    size = sum(table.relations for table in family)
    for table in [table for table in tables if table.key not in keys]:
        if not found or size > RELATIONS_AT_ONCE:
            found.append([])
            size = 0
        found[-1].append(table)
        size += table.relations
    return found


def _named(table: TableDDL) -> Iterator[str]:
    yield from table.parents
    for piece in (table.whole, *table.after):
        if _FINDS_A_RELATION.search(piece.sql):
            for literal in _LITERAL.findall(piece.sql):
                name = parts(literal.replace("''", "'"))
                yield from name[-1:]
                yield from (part.lower() for part in name[-1:])
