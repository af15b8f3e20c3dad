"""Has anything in the catalogs changed? Much cheaper than reading them, and without an answer what."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.catalog.reading import FIRST_OID

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CLASS = (
    "ROW(t.oid, t.relname, t.relnamespace, t.reltype, t.reloftype, t.relam, t.reltablespace, t.relkind, t.relpersistence,"
    " t.relreplident, t.relispartition, t.relrowsecurity, t.relforcerowsecurity, t.reloptions, t.relpartbound::text)::text"
)
_ATTRIBUTE = (
    "ROW(t.attrelid, t.attnum, t.attname, t.atttypid, t.atttypmod, t.attnotnull, t.atthasdef, t.attidentity,"
    " t.attgenerated, t.attisdropped, t.attislocal, t.attcollation, t.attstorage, t.xmin)"
)
_DEPEND = "ROW(t.classid, t.objid, t.objsubid, t.refclassid, t.refobjid, t.refobjsubid, t.deptype, t.xmin)"
_CATALOGS = {
    "pg_class": ("oid", f"hashtextextended({_CLASS} || t.xmin::text, 0)"),
    "pg_attribute": ("attrelid", f"hash_record_extended({_ATTRIBUTE}, 0)"),
    "pg_depend": ("objid", f"hash_record_extended({_DEPEND}, 0)"),
    **{
        catalog: (key, "hashtextextended(t::text || t.xmin::text, 0)")
        for catalog, key in {
            "pg_attrdef": "oid",
            "pg_constraint": "oid",
            "pg_index": "indexrelid",
            "pg_type": "oid",
            "pg_enum": "oid",
            "pg_sequence": "seqrelid",
            "pg_description": "objoid",
            "pg_inherits": "inhrelid",
            "pg_partitioned_table": "partrelid",
            "pg_foreign_table": "ftrelid",
            "pg_proc": "oid",
            "pg_operator": "oid",
            "pg_opclass": "oid",
            "pg_collation": "oid",
            "pg_cast": "oid",
            "pg_ts_config": "oid",
            "pg_ts_dict": "oid",
            "pg_rewrite": "oid",
            "pg_policy": "oid",
            "pg_trigger": "oid",
        }.items()
    },
}
_WHOLE = ("pg_namespace", "pg_extension", "pg_am", "pg_tablespace", "pg_roles")
"""Small ones, read from their first row on."""

_SETTINGS = """
SELECT current_setting('server_version_num') || current_user || current_database() || current_schemas(true)::text
"""


def _query() -> str:
    parts = [
        f"SELECT '{catalog}', count(*)::text, sum({row})::text FROM {catalog} AS t WHERE t.{key} >= {FIRST_OID}"
        + (" AND t.attnum > 0" if catalog == "pg_attribute" else "")
        for catalog, (key, row) in _CATALOGS.items()
    ]
    parts += [
        f"SELECT '{catalog}', count(*)::text, sum(hashtextextended(t::text, 0))::text FROM {catalog} AS t"
        for catalog in _WHOLE
    ]
    return "\nUNION ALL ".join(parts)


SQL = _query()


def quick_fingerprint(connection: Connection) -> str:
    """Return another text whenever something of the schema was made, dropped or changed.

    It holds the rows of the catalogs with the transactions that wrote them: so it differs also where something was
    changed and changed back, and between two copies of a database that went different ways since.

    Args:
        connection: Its own uncommitted changes count.

    Example:
        >>> before = quick_fingerprint(connection)  # doctest: +SKIP
    """
    rows = connection.execute(text(SQL)).all()
    settings = connection.execute(text(_SETTINGS)).scalar_one()
    return hashlib.sha256(repr((settings, sorted(map(tuple, rows)))).encode()).hexdigest()
