"""Configurations of text search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.cfgname AS name, format('%I.%I', pn.nspname, p.prsname) AS parser,
       ARRAY(SELECT format('%I WITH %s', k.alias, string_agg(format('%I.%I', tn.nspname, t.dictname), ', ' ORDER BY m.mapseqno))
             FROM pg_ts_config_map AS m
             JOIN ts_token_type(c.cfgparser) AS k ON k.tokid = m.maptokentype
             JOIN pg_ts_dict AS t ON t.oid = m.mapdict
             JOIN pg_namespace AS tn ON tn.oid = t.dictnamespace
             WHERE m.mapcfg = c.oid GROUP BY k.tokid, k.alias ORDER BY k.tokid) AS mappings,
       pg_get_userbyid(c.cfgowner) AS owner, d.description AS comment
FROM pg_ts_config AS c
JOIN pg_namespace AS n ON n.oid = c.cfgnamespace
JOIN pg_ts_parser AS p ON p.oid = c.cfgparser
JOIN pg_namespace AS pn ON pn.oid = p.prsnamespace
{comment_on("pg_ts_config", "c.oid")}
WHERE c.oid >= {FIRST_OID} AND {IN_SCHEMAS} AND {not_of_extension("pg_ts_config", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSearchConfiguration(Record):
    """A configuration of text search.

    Args:
        schema: Its schema.
        name: Its name.
        parser: Its parser, with its schema.
        mappings: ``asciiword WITH public.mine, pg_catalog.simple``, by the parser's number of the token type.
        owner: The role that owns it.
        comment: What ``COMMENT ON TEXT SEARCH CONFIGURATION`` said.
    """

    kind: ClassVar[str] = "text search configuration"

    schema: str
    name: str
    parser: str
    mappings: tuple[str, ...] = ()
    owner: str = ""
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[TextSearchConfiguration, ...]:
    """Read the configurations with one query."""
    return fetch(connection, TextSearchConfiguration, SQL, scope)
