"""Who needs whom, as ``pg_depend`` keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.catalog.names import parts
from alembic_assay.catalog.rare_objects import RARE_OBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot

PARTS_OF_A_TABLE = frozenset({"column", "constraint", "index", "trigger", "rule", "policy", "publication table"})
"""Kinds whose key begins with that of their table."""

_NAMED = f"""
SELECT 'pg_type'::regclass AS class, t.oid AS id, NULL::oid AS relation,
       CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite type' ELSE 'range type' END
           AS kind, ARRAY[n.nspname::text, t.typname]::text[] AS key
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace LEFT JOIN pg_class AS c ON c.oid = t.typrelid
WHERE t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c'
UNION ALL
SELECT 'pg_type'::regclass, t.oid, c.oid, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END,
       ARRAY[n.nspname::text, c.relname]
FROM pg_type AS t JOIN pg_class AS c ON c.oid = t.typrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
UNION ALL
SELECT 'pg_type'::regclass, r.rngmultitypid, NULL, 'range type', ARRAY[n.nspname::text, t.typname]
FROM pg_range AS r JOIN pg_type AS t ON t.oid = r.rngtypid JOIN pg_namespace AS n ON n.oid = t.typnamespace
UNION ALL
SELECT 'pg_class'::regclass, c.oid, c.oid,
       CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view'
                      ELSE 'table' END, ARRAY[n.nspname::text, c.relname]
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'S', 'c', 'v', 'm')
UNION ALL
SELECT 'pg_class'::regclass, i.indexrelid, CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL THEN i.indrelid END,
       CASE WHEN EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
            THEN 'constraint' ELSE 'index' END, ARRAY[n.nspname::text, c.relname, ic.relname]
FROM pg_index AS i JOIN pg_class AS ic ON ic.oid = i.indexrelid JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
UNION ALL
SELECT 'pg_attrdef'::regclass, d.oid, NULL, 'column', ARRAY[n.nspname::text, c.relname, a.attname]
FROM pg_attrdef AS d JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
JOIN pg_class AS c ON c.oid = d.adrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
UNION ALL
SELECT 'pg_constraint'::regclass, k.oid, k.conrelid, CASE k.contype WHEN 't' THEN 'trigger' ELSE 'constraint' END,
       ARRAY[n.nspname::text, c.relname, k.conname]
FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
UNION ALL
SELECT 'pg_constraint'::regclass, k.oid, NULL, 'domain', ARRAY[n.nspname::text, t.typname]
FROM pg_constraint AS k JOIN pg_type AS t ON t.oid = k.contypid JOIN pg_namespace AS n ON n.oid = t.typnamespace
UNION ALL
SELECT 'pg_proc'::regclass, p.oid, NULL, 'function',
       ARRAY[n.nspname::text, p.proname, pg_get_function_identity_arguments(p.oid)]
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
UNION ALL
SELECT 'pg_rewrite'::regclass, r.oid, CASE r.rulename WHEN '_RETURN' THEN c.oid END,
       CASE r.rulename WHEN '_RETURN' THEN 'view' ELSE 'rule' END,
       CASE r.rulename WHEN '_RETURN' THEN ARRAY[n.nspname::text, c.relname]
                       ELSE ARRAY[n.nspname::text, c.relname, r.rulename] END
FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class JOIN pg_namespace AS n ON n.oid = c.relnamespace
UNION ALL
SELECT 'pg_trigger'::regclass, t.oid, NULL, 'trigger', ARRAY[n.nspname::text, c.relname, t.tgname]
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal
UNION ALL
SELECT 'pg_policy'::regclass, p.oid, NULL, 'policy', ARRAY[n.nspname::text, c.relname, p.polname]
FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
UNION ALL
SELECT 'pg_statistic_ext'::regclass, s.oid, NULL, 'statistics', ARRAY[n.nspname::text, s.stxname]
FROM pg_statistic_ext AS s JOIN pg_namespace AS n ON n.oid = s.stxnamespace
UNION ALL
SELECT 'pg_extension'::regclass, e.oid, NULL, 'extension', ARRAY[e.extname]
FROM pg_extension AS e
UNION ALL
SELECT 'pg_publication_rel'::regclass, r.oid, NULL, 'publication table', ARRAY[n.nspname::text, c.relname, p.pubname]
FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid
JOIN pg_class AS c ON c.oid = r.prrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
{RARE_OBJECTS}"""

SQL = f"""
WITH member AS (
    SELECT x.classid, x.objid, e.extname FROM pg_depend AS x JOIN pg_extension AS e ON e.oid = x.refobjid
    WHERE x.refclassid = 'pg_extension'::regclass AND x.deptype = 'e'
), part AS (
    SELECT 'pg_constraint'::regclass::oid AS class, k.oid AS id, k.conrelid AS relation, NULL::int2 AS attribute
    FROM pg_constraint AS k WHERE k.conrelid <> 0
    UNION ALL
    SELECT 'pg_class'::regclass, i.indexrelid, i.indrelid, NULL FROM pg_index AS i
    WHERE i.indexprs IS NULL AND i.indpred IS NULL
    UNION ALL
    SELECT 'pg_attrdef'::regclass, d.oid, d.adrelid, d.adnum FROM pg_attrdef AS d
), pair AS MATERIALIZED (
    SELECT x.classid, x.objid, x.objsubid, x.refclassid, x.refobjid, x.refobjsubid
    FROM pg_depend AS x LEFT JOIN part AS p ON p.class = x.classid AND p.id = x.objid
    WHERE x.deptype IN ('n', 'a') AND x.objid >= 16384
      AND (p.relation = x.refobjid AND COALESCE(p.attribute, x.refobjsubid) = x.refobjsubid) IS NOT TRUE
), wanted AS (
    SELECT DISTINCT e.class, COALESCE(t.oid, e.id) AS id, e.id AS alias
    FROM (SELECT classid AS class, objid AS id FROM pair UNION SELECT refclassid, refobjid FROM pair) AS e
    LEFT JOIN pg_type AS t ON e.class = 'pg_type'::regclass AND t.typarray = e.id
), named AS (
    SELECT * FROM ({_NAMED}) AS o
    UNION ALL
    SELECT m.classid, m.objid, NULL, 'extension', ARRAY[m.extname]::text[] FROM member AS m
    WHERE m.classid NOT IN ('pg_class'::regclass, 'pg_proc'::regclass)
), object AS MATERIALIZED (
    SELECT o.class, w.alias AS id, o.relation, CASE WHEN m.objid IS NULL THEN o.kind ELSE 'extension' END AS kind,
           CASE WHEN m.objid IS NULL THEN o.key ELSE ARRAY[m.extname]::text[] END AS key
    FROM wanted AS w JOIN named AS o ON o.class = w.class AND o.id = w.id
    LEFT JOIN member AS m ON m.classid = o.class AND m.objid = o.id
), attribute AS (
    SELECT a.attrelid, a.attnum, a.attname FROM pg_attribute AS a WHERE (a.attrelid, a.attnum) IN (
        SELECT x.objid, x.objsubid FROM pair AS x WHERE x.classid = 'pg_class'::regclass AND x.objsubid > 0
        UNION
        SELECT x.refobjid, x.refobjsubid FROM pair AS x WHERE x.refclassid = 'pg_class'::regclass AND x.refobjsubid > 0)
)
SELECT (SELECT json_agg(json_build_array(x.classid, x.objid, x.objsubid, x.refclassid, x.refobjid, x.refobjsubid))
        FROM pair AS x)::text AS pairs,
       (SELECT json_agg(json_build_array(o.class::oid, o.id, o.relation, o.kind, o.key)) FROM object AS o)::text AS objects,
       (SELECT json_agg(json_build_array(a.attrelid, a.attnum, a.attname)) FROM attribute AS a)::text AS attributes
"""
"""``relation`` marks what need not be said again: that an object depends on the table or columns it names itself.

``pair`` leaves out most of that before anything is named, which costs the most; and objects of ``initdb``, whose OIDs
are below 16384 (FirstNormalObjectId in PostgreSQL's transam.h). The server does not join names to pairs: where the
catalogs were never analysed, it expects few of them, and takes minutes.
"""

Key = tuple[str, tuple[str, ...]]
"""Kind and key of a record."""

_Named = tuple[str | None, str, tuple[str, ...]]
"""``relation``, kind and key of an object."""


@dataclass(frozen=True, slots=True, order=True)
class Dependency:
    """One object that cannot be without another.

    Args:
        kind: What depends: the kind of its record.
        key: The key of that record.
        needs_kind: What it depends on.
        needs_key: The key of that record.
    """

    kind: str
    key: tuple[str, ...]
    needs_kind: str
    needs_key: tuple[str, ...]


def read(connection: Connection, records: Iterable[Record]) -> tuple[Dependency, ...]:
    """Read what the records do not say themselves about each other, with one query, sorted.

    Args:
        connection: Inside ``fixed_settings``.
        records: Only dependencies between these are kept.
    """
    known = {(record.kind, record.key) for record in records}
    found = connection.execute(text(SQL)).one()
    pairs, objects, attributes = (json.loads(each or "[]") for each in found)
    named = {(class_, id_): (relation, kind, tuple(key)) for class_, id_, relation, kind, key in objects}
    columns = {(id_, number): name for id_, number, name in attributes}
    edges = set(_edges(pairs, named, columns))
    between = sorted((who, what) for who, what in edges if who != what and who in known and what in known)
    return tuple(Dependency(*who, *what) for who, what in between)


def _edges(
    pairs: Iterable[tuple[str, str, int, str, str, int]],
    named: Mapping[tuple[str, str], _Named],
    columns: Mapping[tuple[str, int], str],
) -> Iterator[tuple[Key, Key]]:
    """Yield who needs whom: pairs of class, OID and number of the column."""
    for class_, id_, number, needs_class, needs_id, needs_number in pairs:
        one, other = named.get((class_, id_)), named.get((needs_class, needs_id))
        if one and other and (one[0] is None or one[0] != other[0]):
            column, needed = columns.get((id_, number)), columns.get((needs_id, needs_number))
            yield _key(one, column), _key(other, needed)


def _key(named: _Named, column: str | None) -> Key:
    _, kind, key = named
    return ("column", (*key, column)) if column is not None and kind in {"table", "view"} else (kind, key)


class Dependants:
    """What hangs on the objects of a snapshot; worked out when it is first asked for.

    Args:
        snapshot: Read with dependencies.

    Example:
        >>> [each.title for each in Dependants(snapshot).on(table)]  # doctest: +SKIP
        ['view public.open_tasks', 'constraint public.comments.comments_task_id_fkey']
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def on(self, record: Record) -> tuple[Record, ...]:
        """Return what hangs on an object: what could not stay as it is without it, in the order of the snapshot.

        For a table or a view, also what hangs on its columns and constraints; its own parts do not count. Only what
        depends directly: ask again for what hangs on that. The text of a function is opaque to the server, except
        with ``BEGIN ATOMIC``; so is what it calls.
        """
        asked = [(record.kind, record.key)]
        asked += self._parts.get(record.key, []) if record.kind in {"table", "view"} else []
        hanging = {key for each in asked for key in self._needed_by.get(each, ())} - set(asked)
        return tuple(each for each in self._snapshot if (each.kind, each.key) in hanging) if hanging else ()

    @cached_property
    def _needed_by(self) -> dict[Key, tuple[Key, ...]]:
        return needed_by(self._snapshot)

    @cached_property
    def _parts(self) -> dict[tuple[str, ...], list[Key]]:
        found: dict[tuple[str, ...], list[Key]] = {}
        for record in self._snapshot:
            if record.kind in PARTS_OF_A_TABLE:
                found.setdefault(record.key[:2], []).append((record.kind, record.key))
        return found


def needed_by(snapshot: Snapshot) -> dict[Key, tuple[Key, ...]]:
    """Map each object to what depends on it directly, for callers who ask about many objects."""
    found: dict[Key, set[Key]] = {}
    for edge in edges(snapshot):
        found.setdefault((edge.needs_kind, edge.needs_key), set()).add((edge.kind, edge.key))
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def edges(snapshot: Snapshot) -> Iterator[Dependency]:
    """Yield all dependencies: those of the snapshot, and those that its records say themselves."""
    yield from snapshot.dependencies
    views = {record.key for record in snapshot if record.kind == "view"}
    for record in snapshot:
        for needs_kind, needs_key in _said(record):
            kind = "view" if needs_kind == "table" and needs_key in views else needs_kind
            yield Dependency(record.kind, record.key, kind, needs_key)


def _said(record: Record) -> Iterator[Key]:
    if record.kind in PARTS_OF_A_TABLE:
        yield "table", record.key[:2]
    else:
        schemas = filter(None, (getattr(record, "schema", None), *getattr(record, "schemas", ())))
        yield from (("schema", (schema,)) for schema in schemas)
    if record.kind in {"constraint", "index"}:
        for column in filter(None, getattr(record, "columns", ())):
            yield "column", (*record.key[:2], column)
    if record.kind == "index" and (constraint := getattr(record, "constraint", None)):
        yield "constraint", (*record.key[:2], constraint)
    if record.kind == "publication table":
        yield "publication", record.key[2:]
    for field, kind in (("references", "table"), ("owned_by", "column")):
        if name := getattr(record, field, None):
            yield kind, parts(name)
    for parent in getattr(record, "parents", ()) if record.kind == "table" else ():
        yield "table", parts(parent)
