"""How the rare kinds are called in ``pg_depend``: class and OID, kind and key."""

from __future__ import annotations

from alembic_assay.catalog.reading import FIRST_OID

RARE_OBJECTS = f"""SELECT 'pg_type'::regclass, t.oid, NULL, 'base type', NULL, ARRAY[n.nspname::text, t.typname]
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE t.oid >= {FIRST_OID} AND ((t.typtype = 'b' AND t.typsubscript <> 'pg_catalog.array_subscript_handler'::regproc)
                                OR (t.typtype = 'p' AND NOT t.typisdefined))
UNION ALL
SELECT 'pg_collation'::regclass, c.oid, NULL, 'collation', NULL, ARRAY[n.nspname::text, c.collname]
FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = c.collnamespace WHERE c.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_conversion'::regclass, c.oid, NULL, 'conversion', NULL, ARRAY[n.nspname::text, c.conname]
FROM pg_conversion AS c JOIN pg_namespace AS n ON n.oid = c.connamespace WHERE c.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_operator'::regclass, o.oid, NULL, 'operator', NULL,
       ARRAY[n.nspname::text, o.oprname, CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) ELSE '' END,
             format_type(o.oprright, NULL)]
FROM pg_operator AS o JOIN pg_namespace AS n ON n.oid = o.oprnamespace WHERE o.oid >= {FIRST_OID}
UNION ALL
SELECT m.class, m.id, NULL, 'operator family', NULL, ARRAY[n.nspname::text, f.opfname, a.amname]
FROM pg_opfamily AS f JOIN pg_namespace AS n ON n.oid = f.opfnamespace JOIN pg_am AS a ON a.oid = f.opfmethod
CROSS JOIN LATERAL (
    SELECT 'pg_opfamily'::regclass::oid AS class, f.oid AS id
    UNION ALL
    SELECT x.classid, x.objid FROM pg_depend AS x WHERE x.refclassid = 'pg_opfamily'::regclass AND x.refobjid = f.oid
       AND x.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass)) AS m
WHERE f.oid >= {FIRST_OID}
UNION ALL
SELECT m.class, m.id, NULL, 'operator class', NULL, ARRAY[n.nspname::text, c.opcname, a.amname]
FROM pg_opclass AS c JOIN pg_namespace AS n ON n.oid = c.opcnamespace JOIN pg_am AS a ON a.oid = c.opcmethod
CROSS JOIN LATERAL (
    SELECT 'pg_opclass'::regclass::oid AS class, c.oid AS id
    UNION ALL
    SELECT x.classid, x.objid FROM pg_depend AS x WHERE x.refclassid = 'pg_opclass'::regclass AND x.refobjid = c.oid
       AND x.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass)) AS m
WHERE c.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_cast'::regclass, k.oid, NULL, 'cast', NULL, ARRAY[format_type(k.castsource, NULL), format_type(k.casttarget, NULL)]
FROM pg_cast AS k WHERE k.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_transform'::regclass, r.oid, NULL, 'transform', NULL, ARRAY[format_type(r.trftype, NULL), l.lanname]
FROM pg_transform AS r JOIN pg_language AS l ON l.oid = r.trflang WHERE r.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_language'::regclass, l.oid, NULL, 'language', NULL, ARRAY[l.lanname::text]
FROM pg_language AS l WHERE l.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_am'::regclass, a.oid, NULL, 'access method', NULL, ARRAY[a.amname::text]
FROM pg_am AS a WHERE a.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_foreign_data_wrapper'::regclass, f.oid, NULL, 'foreign data wrapper', NULL, ARRAY[f.fdwname::text]
FROM pg_foreign_data_wrapper AS f
UNION ALL
SELECT 'pg_foreign_server'::regclass, s.oid, NULL, 'foreign server', NULL, ARRAY[s.srvname::text]
FROM pg_foreign_server AS s
UNION ALL
SELECT 'pg_user_mapping'::regclass, u.umid, NULL, 'user mapping', NULL,
       ARRAY[u.srvname::text, CASE u.umuser WHEN 0 THEN 'public' ELSE u.usename END]
FROM pg_user_mappings AS u
UNION ALL
SELECT 'pg_ts_parser'::regclass, p.oid, NULL, 'text search parser', NULL, ARRAY[n.nspname::text, p.prsname]
FROM pg_ts_parser AS p JOIN pg_namespace AS n ON n.oid = p.prsnamespace WHERE p.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_ts_template'::regclass, t.oid, NULL, 'text search template', NULL, ARRAY[n.nspname::text, t.tmplname]
FROM pg_ts_template AS t JOIN pg_namespace AS n ON n.oid = t.tmplnamespace WHERE t.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_ts_dict'::regclass, t.oid, NULL, 'text search dictionary', NULL, ARRAY[n.nspname::text, t.dictname]
FROM pg_ts_dict AS t JOIN pg_namespace AS n ON n.oid = t.dictnamespace WHERE t.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_ts_config'::regclass, c.oid, NULL, 'text search configuration', NULL, ARRAY[n.nspname::text, c.cfgname]
FROM pg_ts_config AS c JOIN pg_namespace AS n ON n.oid = c.cfgnamespace WHERE c.oid >= {FIRST_OID}
UNION ALL
SELECT 'pg_event_trigger'::regclass, e.oid, NULL, 'event trigger', NULL, ARRAY[e.evtname::text]
FROM pg_event_trigger AS e
"""
"""Goes on where ``dependency_sql`` begins: class, OID, relation, kind, relation of the key, key."""
