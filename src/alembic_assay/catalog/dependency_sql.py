"""The query for who needs whom: ``pg_depend``, and what the OIDs in it are called."""

from __future__ import annotations

from alembic_assay.catalog.rare_objects import RARE_OBJECTS
from alembic_assay.catalog.reading import FIRST_OID

_WANTED = "({} IN (SELECT id FROM wanted)) IS TRUE"
"""As a join it would be planned by statistics, which catalogs that were never analysed do not have."""

_OBJECTS = f"""
SELECT 'pg_type'::regclass AS class, t.oid AS id, NULL::oid AS relation,
       CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite type' ELSE 'range type' END
           AS kind, NULL::oid AS within, ARRAY[n.nspname::text, t.typname]::text[] AS key
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND EXISTS (
           SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relkind = 'c'))) AND {_WANTED.format("t.oid")}
UNION ALL
SELECT 'pg_type'::regclass, t.oid, c.oid, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, c.oid, '{{}}'
FROM pg_type AS t JOIN pg_class AS c ON c.oid = t.typrelid
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {_WANTED.format("t.oid")}
UNION ALL
SELECT 'pg_type'::regclass, r.rngmultitypid, NULL, 'range type', NULL, ARRAY[n.nspname::text, t.typname]
FROM pg_range AS r JOIN pg_type AS t ON t.oid = r.rngtypid JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE r.rngtypid >= {FIRST_OID}
UNION ALL
SELECT 'pg_class'::regclass, i.indexrelid, CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL THEN i.indrelid END,
       CASE WHEN EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
            THEN 'constraint' ELSE 'index' END, i.indrelid, ARRAY[c.relname::text]
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE {_WANTED.format("i.indexrelid")}
UNION ALL
SELECT 'pg_attrdef'::regclass, d.oid, NULL, 'column', d.adrelid, ARRAY(
           SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = d.adrelid AND a.attnum = d.adnum)
FROM pg_attrdef AS d WHERE {_WANTED.format("d.oid")}
UNION ALL
SELECT 'pg_constraint'::regclass, k.oid, k.conrelid, CASE k.contype WHEN 't' THEN 'trigger' ELSE 'constraint' END,
       k.conrelid, ARRAY[k.conname::text]
FROM pg_constraint AS k WHERE k.conrelid <> 0 AND {_WANTED.format("k.oid")}
UNION ALL
SELECT 'pg_constraint'::regclass, k.oid, NULL, 'domain', NULL, ARRAY[n.nspname::text, t.typname]
FROM pg_constraint AS k JOIN pg_type AS t ON t.oid = k.contypid JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE k.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_proc'::regclass, p.oid, NULL, 'function', NULL,
       ARRAY[n.nspname::text, p.proname, pg_get_function_identity_arguments(p.oid)]
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_rewrite'::regclass, r.oid, CASE r.rulename WHEN '_RETURN' THEN r.ev_class END,
       CASE r.rulename WHEN '_RETURN' THEN 'view' ELSE 'rule' END, r.ev_class,
       CASE r.rulename WHEN '_RETURN' THEN '{{}}' ELSE ARRAY[r.rulename::text] END
FROM pg_rewrite AS r WHERE r.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_trigger'::regclass, t.oid, NULL, 'trigger', t.tgrelid, ARRAY[t.tgname::text]
FROM pg_trigger AS t WHERE NOT t.tgisinternal
UNION ALL
SELECT 'pg_policy'::regclass, p.oid, NULL, 'policy', p.polrelid, ARRAY[p.polname::text]
FROM pg_policy AS p
UNION ALL
SELECT 'pg_statistic_ext'::regclass, s.oid, NULL, 'statistics', NULL, ARRAY[n.nspname::text, s.stxname]
FROM pg_statistic_ext AS s JOIN pg_namespace AS n ON n.oid = s.stxnamespace
UNION ALL
SELECT 'pg_extension'::regclass, e.oid, NULL, 'extension', NULL, ARRAY[e.extname::text]
FROM pg_extension AS e
UNION ALL
SELECT 'pg_publication_rel'::regclass, r.oid, NULL, 'publication table', r.prrelid, ARRAY[p.pubname::text]
FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid
UNION ALL
{RARE_OBJECTS}"""

SQL = f"""
WITH pair AS MATERIALIZED (
    SELECT x.classid, x.objid, x.objsubid, x.refclassid, COALESCE(t.oid, x.refobjid) AS refobjid, x.refobjsubid
    FROM pg_depend AS x
    LEFT JOIN pg_constraint AS k ON k.oid = x.objid AND x.classid = 'pg_constraint'::regclass
    LEFT JOIN pg_index AS i ON i.indexrelid = x.objid AND x.classid = 'pg_class'::regclass
                           AND i.indexprs IS NULL AND i.indpred IS NULL
    LEFT JOIN pg_attrdef AS d ON d.oid = x.objid AND x.classid = 'pg_attrdef'::regclass
    LEFT JOIN pg_type AS t ON t.typarray = x.refobjid AND x.refclassid = 'pg_type'::regclass
    WHERE x.deptype IN ('n', 'a') AND x.objid >= {FIRST_OID} AND x.refclassid <> 'pg_namespace'::regclass
      AND (x.refclassid = 'pg_class'::regclass
           AND (x.refobjid = k.conrelid OR x.refobjid = i.indrelid
                OR (x.refobjid = d.adrelid AND x.refobjsubid = d.adnum))) IS NOT TRUE
), wanted AS MATERIALIZED (
    SELECT objid AS id FROM pair UNION SELECT refobjid FROM pair
), object AS (
    {_OBJECTS}
), relation AS (
    SELECT 'pg_class'::regclass AS class, c.oid AS id,
           CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' WHEN 'v' THEN 'view'
                          WHEN 'm' THEN 'view' ELSE 'table' END AS kind, n.nspname, c.relname
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid >= {FIRST_OID} AND c.relkind IN ('r', 'p', 'f', 'S', 'c', 'v', 'm')
), member AS (
    SELECT x.classid, x.objid, e.extname FROM pg_depend AS x JOIN pg_extension AS e ON e.oid = x.refobjid
    WHERE x.refclassid = 'pg_extension'::regclass AND x.deptype = 'e' AND {_WANTED.format("x.objid")}
), attribute AS (
    SELECT a.attrelid, a.attnum, a.attname FROM pg_attribute AS a WHERE (a.attrelid, a.attnum) IN (
        SELECT x.objid, x.objsubid FROM pair AS x WHERE x.classid = 'pg_class'::regclass AND x.objsubid > 0
        UNION
        SELECT x.refobjid, x.refobjsubid FROM pair AS x WHERE x.refclassid = 'pg_class'::regclass AND x.refobjsubid > 0)
)
SELECT (SELECT json_agg(json_build_array(x.classid, x.objid, x.objsubid, x.refclassid, x.refobjid, x.refobjsubid))
        FROM pair AS x)::text AS pairs,
       (SELECT json_agg(json_build_array(o.class::oid, o.id, o.relation, o.kind, o.within, o.key))
        FROM object AS o)::text AS objects,
       (SELECT json_agg(json_build_array(r.class::oid, r.id, r.kind, r.nspname, r.relname)) FROM relation AS r)::text
           AS relations,
       (SELECT json_agg(json_build_array(m.classid, m.objid, m.extname)) FROM member AS m)::text AS members,
       (SELECT json_agg(json_build_array(a.attrelid, a.attnum, a.attname)) FROM attribute AS a)::text AS attributes
"""
"""``relation`` marks what need not be said again: that an object depends on the table or columns it names itself.

``pair`` leaves out most of that before anything is named: in which schema an object is, too; and objects of ``initdb``,
whose OIDs are lower.
``within`` is the relation whose name the key begins with.
"""
