"""The rows of a type that is built anew: locked, counted, and warned of."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.errors import IrreversibleError
from alembic_assay.sql import Statement, display, identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from alembic_assay.catalog.columns import Column
    from alembic_assay.ops.enum_conversion import Conversion
    from alembic_assay.ops.enum_rebuild import Rebuild

log = logging.getLogger("alembic.assay.ops.enums")

SIZE = """
SELECT CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS rows,
       COALESCE((SELECT sum(pg_total_relation_size(t.relid)) FROM pg_partition_tree(c.oid) AS t),
                pg_total_relation_size(c.oid))::bigint AS bytes
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = :schema AND c.relname = :name
"""

COUNTED = 8 * 2**20
"""Bytes of a table whose rows are counted where the server has no estimate; of a larger one the planner makes one."""


def lock(connection: Connection, rebuild: Rebuild) -> None:
    """Lock first, count after: no row with a vanishing label may come in between."""
    for key in sorted({column.key[:2] for column in rebuild.columns}):
        if rebuild.tables[key].form != "foreign":
            connection.execute(Statement(f"LOCK TABLE {qualified(key[1], key[0])} IN ACCESS EXCLUSIVE MODE"))


def refuse_rows(connection: Connection, title: str, rebuild: Rebuild) -> None:
    """Refuse to lose values, when ``op.replace_enum`` runs.

    Raises:
        IrreversibleError: Rows hold a label that vanishes and has no replacement; says how many hold which.
    """
    refuse_labels(connection, title, rebuild.columns, rebuild.unmapped, rebuild.conversion)
    nested = [column for column in rebuild.columns if not rebuild.conversion.maps(column.type)]
    if held := held_by(connection, nested, list(rebuild.conversion.mapping), rebuild.conversion):
        raise IrreversibleError(
            f"op.replace_enum: labels of enum {title} within arrays of rows or of ranges cannot be mapped, but {held}."
            " Nothing was changed.",
            hint="Change those rows by an UPDATE before it.",
        )


def refuse_labels(
    connection: Connection, title: str, columns: Iterable[Column], labels: Sequence[str], conversion: Conversion
) -> None:
    """Refuse to lose labels that rows hold.

    Raises:
        IrreversibleError: Says how many rows hold which.
    """
    if held := held_by(connection, columns, labels, conversion):
        raise IrreversibleError(
            f"op.replace_enum: enum {title} would lose {', '.join(map(repr, labels))}, but {held}."
            " Nothing was changed.",
            hint=f"Map the rows: mapping={{{', '.join(f'{label!r}: ...' for label in labels)}}}.",
        )


def held_by(connection: Connection, columns: Iterable[Column], labels: Sequence[str], conversion: Conversion) -> str:
    """Say which rows hold which of some labels: ``2 rows of public.t.mood hold 'sad'``; nothing if none does."""
    return "; ".join(part for column in columns for part in _rows(connection, column, labels, conversion))


def _rows(connection: Connection, column: Column, labels: Sequence[str], conversion: Conversion) -> list[str]:
    if not labels:
        return []
    held = f"unnest({conversion.labels(f't.{identifier(column.name)}', column.type)})"
    listed = ", ".join(map(literal, labels))
    table = qualified(column.table, column.schema)
    query = f"SELECT v.label, count(*) FROM {table} AS t, {held} AS v(label)"  # noqa: S608 - all quoted
    found = connection.execute(
        Statement(f"{query} WHERE v.label IN ({listed}) GROUP BY v.label ORDER BY v.label")
    ).all()
    title = f"{display(column.table, column.schema)}.{display(column.name)}"
    return [f"{n} row{'s' if n != 1 else ''} of {title} hold{'s' if n == 1 else ''} {v!r}" for v, n in found]


def sizes(connection: Connection, columns: Iterable[Column]) -> list[str]:
    """Say for each table what rewriting it means: ``public.t (about 12,000 rows, 3.4 MB)``."""
    said = []
    for schema, name in sorted({column.key[:2] for column in columns}):
        rows, size = connection.execute(text(SIZE), {"schema": schema, "name": name}).one()
        if rows is None:
            rows = _estimate(connection, qualified(name, schema), size)
        said.append(f"{display(name, schema)} (about {rows:,} {'row' if rows == 1 else 'rows'}, {size / 2**20:.1f} MB)")
    return said


def _estimate(connection: Connection, table: str, size: int) -> int:
    """Count the rows of a table that was never analysed, or let the planner guess."""
    if size <= COUNTED:
        return int(connection.execute(Statement(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - quoted
    ((plan,),) = connection.execute(Statement(f"EXPLAIN (FORMAT JSON) SELECT FROM {table}")).all()
    return int((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"])


def warn(connection: Connection, title: str, rebuild: Rebuild) -> None:
    """Log what is about to be rewritten, and which functions are left with labels that are gone."""
    if tables := sizes(connection, rebuild.columns):
        log.warning("Rebuilding enum '%s' rewrites under ACCESS EXCLUSIVE: %s", title, ", ".join(tables))
    for column in rebuild.last:
        log.warning("%s comes last in its table: it is generated, so it is dropped and added", column)
    for function, label in rebuild.texts:
        log.warning("%s names %r in its text, which PostgreSQL does not read: change it by hand", function, label)
