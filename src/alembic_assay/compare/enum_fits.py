"""Rows that do not fit into an enumerated type which their column becomes: refused before the script is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.types import ARRAY

from alembic_assay.catalog.columns import Column
from alembic_assay.compare.comparison import compared_here
from alembic_assay.compare.enum_rebuilds import columns_before
from alembic_assay.errors import IrreversibleError
from alembic_assay.sql import Statement, display, identifier, literal, qualified

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import AlterColumnOp
    from sqlalchemy import Connection
    from sqlalchemy.dialects import postgresql

SHOWN = 5
"""How many values a message lists."""


def refuse_rows(autogen_context: AutogenContext, alteration: AlterColumnOp, enum: postgresql.ENUM) -> None:
    """Refuse a column's new type where rows hold what is none of its labels.

    Args:
        autogen_context: Of the run.
        alteration: Of the column.
        enum: The type that it comes down to afterwards.

    Raises:
        IrreversibleError: Says how many rows hold what.
    """
    dialect = autogen_context.dialect
    default_schema = dialect.default_schema_name or "public"
    there: Any = Column(
        schema=alteration.schema or default_schema,
        table=alteration.table_name,
        name=alteration.column_name,
        position=1,
        type="",
    )
    (there,) = columns_before([there], compared_here(autogen_context))
    old, new = (isinstance(each.dialect_impl(dialect), ARRAY) for each in _types(alteration))
    value = f"t.{identifier(there.name)}"
    if old:
        value = f"unnest({value}::text[])" if new else f"({value})[1]::text"
    labels = ", ".join(literal(str(label)) for label in enum.enums)
    query = (
        f"SELECT v, count(*) FROM (SELECT {value}::text AS v FROM {qualified(there.table, there.schema)} AS t) AS held"  # noqa: S608 - quoted
        f" WHERE v NOT IN ({labels}) GROUP BY v ORDER BY v LIMIT {SHOWN}"
    )
    found = cast("Connection", autogen_context.connection).execute(Statement(query)).all()
    if found:
        listed = "; ".join(f"{n} row{' holds' if n == 1 else 's hold'} {v!r}" for v, n in found)
        title = f"{display(alteration.table_name, alteration.schema)}.{display(alteration.column_name)}"
        raise IrreversibleError(
            f"column {title} becomes enum {display(str(enum.name), enum.schema)}, but {listed}.",
            hint="Change those rows by an UPDATE before, or add the labels.",
        )


def _types(alteration: AlterColumnOp) -> tuple[Any, Any]:
    return alteration.existing_type, alteration.modify_type
