"""Who uses an enumerated type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, Scope, fetch, fixed_settings, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, t.typname AS name,
       ARRAY(SELECT ARRAY[cn.nspname::text, c.relname::text, a.attname::text] FROM pg_attribute AS a
             JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS cn ON cn.oid = c.relnamespace
             WHERE a.atttypid IN (t.oid, t.typarray) AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f')
             ORDER BY 1) AS columns,
       ARRAY(SELECT DISTINCT pg_describe_object(x.classid, x.objid, 0) FROM pg_depend AS x
             WHERE x.refclassid = 'pg_type'::regclass AND x.refobjid IN (t.oid, t.typarray) AND x.deptype <> 'i'
               AND NOT (x.classid = 'pg_class'::regclass AND EXISTS (
                   SELECT FROM pg_class AS c WHERE c.oid = x.objid AND c.relkind IN ('r', 'p', 'f', 'i', 'I')))
               AND x.classid NOT IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass)
             ORDER BY 1) AS others
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE t.typtype = 'e' AND {IN_SCHEMAS} AND {not_of_extension("pg_type", "t.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumUses(Record):
    """The uses of one enumerated type.

    Args:
        schema: Its schema.
        name: Its name.
        columns: Columns of tables, as lists of schema, table and column.
        others: Everything else that depends on it but defaults, constraints and indexes of those tables:
            views, functions, domains …
    """

    kind: ClassVar[str] = "enum uses"

    schema: str
    name: str
    columns: tuple[list[str], ...]
    others: tuple[str, ...]


def read(connection: Connection) -> dict[tuple[str, ...], EnumUses]:
    """Read the uses of all enumerated types with one query, by ``(schema, name)``."""
    with fixed_settings(connection):
        return {uses.key: uses for uses in fetch(connection, EnumUses, SQL, Scope())}
