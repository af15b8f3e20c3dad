"""Which of the rarer kinds of objects a database has: their queries need not be sent where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.catalog.reading import FIRST_OID

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MADE_LATER = {
    "access method": "pg_am",
    "cast": "pg_cast",
    "collation": "pg_collation",
    "conversion": "pg_conversion",
    "foreign data wrapper": "pg_foreign_data_wrapper",
    "foreign server": "pg_foreign_server",
    "language": "pg_language",
    "operator": "pg_operator",
    "operator class": "pg_opclass",
    "operator family": "pg_opfamily",
    "text search configuration": "pg_ts_config",
    "text search dictionary": "pg_ts_dict",
    "text search parser": "pg_ts_parser",
    "text search template": "pg_ts_template",
    "transform": "pg_transform",
}
"""Kinds of which PostgreSQL brings some itself, with OIDs below 16384."""

_SOURCES = {
    **{kind: f"{catalog} WHERE oid >= {FIRST_OID}" for kind, catalog in _MADE_LATER.items()},
    "composite type": f"pg_class WHERE relkind = 'c' AND oid >= {FIRST_OID}",
    "default privileges": "pg_default_acl",
    "domain": f"pg_type WHERE typtype = 'd' AND oid >= {FIRST_OID}",
    "enum": "pg_type WHERE typtype = 'e'",
    "event trigger": "pg_event_trigger",
    "extension privileges": "pg_extension WHERE extname <> 'plpgsql'",
    "policy": "pg_policy",
    "publication": "pg_publication",
    "publication table": "pg_publication_rel",
    "range type": f"pg_range WHERE rngtypid >= {FIRST_OID}",
    "security label": "pg_seclabel",
    "setting": "pg_db_role_setting",
    "statistics": "pg_statistic_ext",
    "subscription": "pg_subscription",
    "user mapping": "pg_user_mappings",
}
_CASES = ", ".join(f"CASE WHEN EXISTS (SELECT FROM {source}) THEN '{kind}' END" for kind, source in _SOURCES.items())
SQL = f"SELECT array_remove(ARRAY[{_CASES}], NULL)"


def absent(connection: Connection) -> frozenset[str]:
    """Return the kinds of which the database has no object of its own, with one query."""
    return frozenset(_SOURCES) - set(connection.execute(text(SQL)).scalar_one())
