"""Give an enumerated type other labels: build it anew and move every column over, with all that hangs on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.catalog.reading import fixed_settings
from alembic_assay.errors import DirectiveError, IrreversibleError
from alembic_assay.ops.enums import create_type
from alembic_assay.sql import Statement, display, identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alembic.operations import Operations
    from sqlalchemy import Connection, RowMapping

TYPE_SQL = """
SELECT t.oid, t.typarray, n.nspname AS schema, t.typname AS name, pg_get_userbyid(t.typowner) AS owner,
       obj_description(t.oid, 'pg_type') AS comment, t.typacl IS NOT NULL AS has_acl,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE t.oid = to_regtype(:type) AND t.typtype = 'e'
"""

GRANTS_SQL = """
SELECT CASE g.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(g.grantee) END AS grantee, g.is_grantable
FROM pg_type AS t, aclexplode(t.typacl) AS g WHERE t.oid = :oid ORDER BY g.grantee
"""

COLUMNS_SQL = """
SELECT n.nspname AS schema, c.relname AS table, a.attname AS name, a.atttypid <> :oid AS is_array,
       pg_get_expr(ad.adbin, ad.adrelid) AS default
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef AS ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum AND a.attgenerated = ''
WHERE a.atttypid IN (:oid, :array) AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND a.attinhcount = 0
ORDER BY n.nspname, c.relname, a.attnum
"""

CHECKS_SQL = """
SELECT DISTINCT n.nspname AS schema, c.relname AS table, k.conname AS name,
       pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_depend AS x
JOIN pg_constraint AS k ON x.classid = 'pg_constraint'::regclass AND x.objid = k.oid AND k.contype = 'c'
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE x.refclassid = 'pg_type'::regclass AND x.refobjid IN (:oid, :array) AND k.coninhcount = 0
ORDER BY 1, 2, 3
"""

INDEXES_SQL = """
SELECT DISTINCT n.nspname AS schema, c.relname AS table, ic.relname AS name,
       pg_get_indexdef(ic.oid) AS definition, obj_description(ic.oid, 'pg_class') AS comment
FROM pg_depend AS x
JOIN pg_class AS ic ON x.classid = 'pg_class'::regclass AND x.objid = ic.oid AND ic.relkind IN ('i', 'I')
JOIN pg_index AS i ON i.indexrelid = ic.oid
JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE x.refclassid = 'pg_type'::regclass AND x.refobjid IN (:oid, :array) AND NOT ic.relispartition
ORDER BY 1, 2, 3
"""

# What PostgreSQL would refuse, or what would keep pointing to the old type, and is not moved along here.
OBSTACLES_SQL = """
WITH retyped AS (
    SELECT a.attrelid, a.attnum FROM pg_attribute AS a WHERE a.atttypid IN (:oid, :array) AND NOT a.attisdropped
), dependants AS (
    SELECT x.classid, x.objid, 0 AS objsubid FROM pg_depend AS x
    WHERE x.refclassid = 'pg_type'::regclass AND x.refobjid IN (:oid, :array) AND x.deptype <> 'i'
      AND NOT (x.classid = 'pg_class'::regclass AND EXISTS (
          SELECT FROM pg_class AS c WHERE c.oid = x.objid AND c.relkind IN ('r', 'p', 'i', 'I')))
      AND NOT (x.classid = 'pg_constraint'::regclass AND EXISTS (
          SELECT FROM pg_constraint AS k WHERE k.oid = x.objid AND k.contype = 'c' AND k.conrelid <> 0))
      AND NOT (x.classid = 'pg_attrdef'::regclass AND EXISTS (
          SELECT FROM pg_attrdef AS ad JOIN retyped AS r ON r.attrelid = ad.adrelid AND r.attnum = ad.adnum
          WHERE ad.oid = x.objid))
    UNION
    SELECT x.classid, x.objid, 0 FROM pg_depend AS x JOIN retyped AS r
      ON x.refclassid = 'pg_class'::regclass AND x.refobjid = r.attrelid AND x.refobjsubid = r.attnum
    WHERE x.classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass,
                        'pg_statistic_ext'::regclass)
       OR (x.classid = 'pg_attrdef'::regclass AND EXISTS (
           SELECT FROM pg_attrdef AS ad JOIN pg_attribute AS a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
           WHERE ad.oid = x.objid AND a.attgenerated <> ''))
       OR (x.classid = 'pg_constraint'::regclass AND EXISTS (
           SELECT FROM pg_constraint AS k WHERE k.oid = x.objid AND k.contype IN ('f', 'x')))
)
SELECT DISTINCT pg_describe_object(classid, objid, objsubid) AS object FROM dependants ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class _Column:
    schema: str
    table: str
    name: str
    is_array: bool
    default: str | None

    @property
    def relation(self) -> str:
        return qualified(self.table, self.schema)

    @property
    def title(self) -> str:
        return f"{display(self.table, self.schema)}.{display(self.name)}"

    def using(self, mapping: Mapping[str, str], new_type: str) -> str:
        column = identifier(self.name)
        if self.is_array:
            expression = f"{column}::text[]"
            for old, new in mapping.items():
                expression = f"array_replace({expression}, {literal(old)}, {literal(new)})"
            return f"{expression}::{new_type}[]"
        cases = "".join(f" WHEN {literal(old)} THEN {literal(new)}" for old, new in mapping.items())
        expression = f"CASE {column}::text{cases} ELSE {column}::text END" if cases else f"{column}::text"
        return f"({expression})::{new_type}"


@dataclass(frozen=True, slots=True)
class _Dependant:
    """A CHECK or an index whose expression holds values of the type."""

    schema: str
    table: str
    name: str
    definition: str
    comment: str | None

    @property
    def relation(self) -> str:
        return qualified(self.table, self.schema)


def replace_enum(
    operations: Operations, name: str, schema: str | None, labels: Sequence[str], mapping: Mapping[str, str]
) -> None:
    """Carry out ``op.replace_enum``; see there."""
    title = display(name, schema)
    context = operations.get_context()
    connection = context.connection
    if context.as_sql or connection is None:
        raise DirectiveError(
            f"op.replace_enum({name!r}) cannot be written with --sql: which columns use {title} is known to the"
            " database only.",
            hint="Run it online.",
        )
    autocommit = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    if autocommit or getattr(context, "in_autocommit_block", False):
        raise DirectiveError(
            f"op.replace_enum({name!r}) needs a transaction.", hint="Move it out of autocommit_block()."
        )
    for statement in _plan(connection, qualified(name, schema), title, labels, mapping):
        operations.execute(Statement(statement))


def _plan(
    connection: Connection, type_name: str, title: str, labels: Sequence[str], mapping: Mapping[str, str]
) -> list[str]:
    found = connection.execute(text(TYPE_SQL), {"type": type_name}).mappings().one_or_none()
    if found is None:
        raise DirectiveError(f"op.replace_enum: there is no enum {title} in this database.")
    oids = {"oid": found["oid"], "array": found["typarray"]}
    with fixed_settings(connection):
        columns = [_Column(**row) for row in connection.execute(text(COLUMNS_SQL), oids).mappings()]
        checks = [_Dependant(**row) for row in connection.execute(text(CHECKS_SQL), oids).mappings()]
        indexes = [_Dependant(**row) for row in connection.execute(text(INDEXES_SQL), oids).mappings()]
        obstacles = connection.execute(text(OBSTACLES_SQL), oids).scalars().all()
        grants = connection.execute(text(GRANTS_SQL), {"oid": found["oid"]}).mappings().all()
    if obstacles:
        raise IrreversibleError(
            f"op.replace_enum: enum {title} is used by what cannot be moved along: {', '.join(obstacles)}.",
            hint="Drop them before it and create them after it.",
        )
    vanishing = [label for label in found["labels"] if label not in labels]
    _lock(connection, columns)
    _refuse_rows(connection, title, columns, [label for label in vanishing if label not in mapping])
    new = qualified(found["name"], found["schema"])
    used = {old: new_label for old, new_label in mapping.items() if old in found["labels"]}
    return [
        *(f"DROP INDEX {qualified(index.name, index.schema)}" for index in indexes),
        *(f"ALTER TABLE {check.relation} DROP CONSTRAINT {identifier(check.name)}" for check in checks),
        *_new_type(found["schema"], found["name"], labels),
        *_retype(columns, used, new),
        *(f"ALTER TABLE {c.relation} ADD CONSTRAINT {identifier(c.name)} {c.definition}" for c in checks),
        *(index.definition for index in indexes),
        *_comments(checks, indexes),
        f"DROP TYPE {qualified(_temporary(found['name']), found['schema'])}",
        *_privileges(new, found["owner"], found["comment"], grants if found["has_acl"] else None),
    ]


def _lock(connection: Connection, columns: Iterable[_Column]) -> None:
    """Lock first, count after: no row with a vanishing label may come in between."""
    for relation in sorted({column.relation for column in columns}):
        connection.execute(Statement(f"LOCK TABLE {relation} IN ACCESS EXCLUSIVE MODE"))


def _refuse_rows(connection: Connection, title: str, columns: Iterable[_Column], labels: Sequence[str]) -> None:
    held = [part for column in columns for part in _rows(connection, column, labels)]
    if held:
        raise IrreversibleError(
            f"op.replace_enum: enum {title} would lose {_words(labels)}, but {'; '.join(held)}. Nothing was changed.",
            hint=f"Map the rows: mapping={{{', '.join(f'{label!r}: ...' for label in labels)}}}.",
        )


def _rows(connection: Connection, column: _Column, labels: Sequence[str]) -> list[str]:
    if not labels:
        return []
    value = f"t.{identifier(column.name)}"
    held = f"unnest({value}::text[])" if column.is_array else f"LATERAL (SELECT {value}::text)"
    listed = ", ".join(map(literal, labels))
    query = f"SELECT v.label, count(*) FROM {column.relation} AS t, {held} AS v(label)"  # noqa: S608 - all quoted
    found = connection.execute(
        Statement(f"{query} WHERE v.label IN ({listed}) GROUP BY v.label ORDER BY v.label")
    ).all()
    return [f"{n} row{'s' if n != 1 else ''} of {column.title} hold{'s' if n == 1 else ''} {v!r}" for v, n in found]


def _temporary(name: str) -> str:
    """A name for the old type while both exist; PostgreSQL cuts names at 63 bytes, so cut before the suffix."""
    suffix = "__assay_old"
    return name.encode()[: 63 - len(suffix)].decode(errors="ignore") + suffix


def _new_type(schema: str, name: str, labels: Sequence[str]) -> list[str]:
    return [
        f"ALTER TYPE {qualified(name, schema)} RENAME TO {identifier(_temporary(name))}",
        create_type(name, labels, schema).sql,
    ]


def _retype(columns: Iterable[_Column], mapping: Mapping[str, str], new: str) -> list[str]:
    """One ALTER TABLE a table, so that it is rewritten once."""
    by_table: dict[str, list[str]] = {}
    for column in columns:
        actions = by_table.setdefault(column.relation, [])
        name = identifier(column.name)
        target = f"{new}[]" if column.is_array else new
        if column.default is not None:
            actions.append(f"ALTER COLUMN {name} DROP DEFAULT")
        actions.append(f"ALTER COLUMN {name} TYPE {target} USING {column.using(mapping, new)}")
        if column.default is not None:
            actions.append(f"ALTER COLUMN {name} SET DEFAULT {column.default}")
    return [f"ALTER TABLE {relation} {', '.join(actions)}" for relation, actions in by_table.items()]


def _comments(checks: Iterable[_Dependant], indexes: Iterable[_Dependant]) -> list[str]:
    on_checks = [
        f"COMMENT ON CONSTRAINT {identifier(check.name)} ON {check.relation} IS {literal(check.comment)}"
        for check in checks
        if check.comment is not None
    ]
    on_indexes = [
        f"COMMENT ON INDEX {qualified(index.name, index.schema)} IS {literal(index.comment)}"
        for index in indexes
        if index.comment is not None
    ]
    return on_checks + on_indexes


def _privileges(type_name: str, owner: str, comment: str | None, grants: Sequence[RowMapping] | None) -> list[str]:
    statements = [f"ALTER TYPE {type_name} OWNER TO {identifier(owner)}"]
    if comment is not None:
        statements.append(f"COMMENT ON TYPE {type_name} IS {literal(comment)}")
    if grants is not None:
        statements.append(f"REVOKE ALL ON TYPE {type_name} FROM PUBLIC")
    for grant in grants or ():
        grantee = "PUBLIC" if grant["grantee"] is None else identifier(grant["grantee"])
        option = " WITH GRANT OPTION" if grant["is_grantable"] else ""
        statements.append(f"GRANT USAGE ON TYPE {type_name} TO {grantee}{option}")
    return statements


def _words(labels: Sequence[str]) -> str:
    return ", ".join(repr(label) for label in labels)
