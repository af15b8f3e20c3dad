"""Base types: those with functions for input and output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, t.typname AS name, t.typisdefined AS defined,
       NULLIF(t.typinput::oid, 0)::regproc::text AS input, NULLIF(t.typoutput::oid, 0)::regproc::text AS output,
       NULLIF(t.typreceive::oid, 0)::regproc::text AS receive, NULLIF(t.typsend::oid, 0)::regproc::text AS send,
       NULLIF(t.typmodin::oid, 0)::regproc::text AS typmod_in, NULLIF(t.typmodout::oid, 0)::regproc::text AS typmod_out,
       NULLIF(t.typanalyze::oid, 0)::regproc::text AS analyze, NULLIF(t.typsubscript::oid, 0)::regproc::text AS subscript,
       t.typlen::int AS length, t.typbyval AS passed_by_value,
       CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'd' THEN 'double' ELSE 'int4' END AS alignment,
       CASE t.typstorage WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' ELSE 'plain' END AS storage,
       t.typcategory::text AS category, t.typispreferred AS preferred, t.typdefault AS default,
       CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END AS element, t.typdelim::text AS delimiter,
       t.typcollation <> 0 AS collatable,
       pg_get_userbyid(t.typowner) AS owner, {privileges("T", "t.typacl", "t.typowner")} AS acl, d.description AS comment
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
{comment_on("pg_type", "t.oid")}
WHERE ((t.typtype = 'b' AND t.typsubscript <> 'pg_catalog.array_subscript_handler'::regproc)
       OR (t.typtype = 'p' AND NOT t.typisdefined))
  AND t.oid >= {FIRST_OID} AND {IN_SCHEMAS} AND {not_of_extension("pg_type", "t.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseType(Record):
    """A base type.

    Args:
        schema: Its schema.
        name: Its name.
        defined: ``False`` for a shell, of which there is only the name.
        input: From text.
        output: To text.
        receive: From the binary form.
        send: To the binary form.
        typmod_in: Of its modifiers.
        typmod_out: Of its modifiers.
        analyze: What gathers its statistics.
        subscript: What its subscripts mean.
        length: In bytes; -1 if it varies, -2 for a C string.
        passed_by_value: Whether it is passed by value.
        alignment: ``char``, ``int2``, ``int4`` or ``double``.
        storage: ``plain``, ``external``, ``extended`` or ``main``.
        category: Of https://www.postgresql.org/docs/current/catalog-pg-type.html.
        preferred: Whether it is preferred in its category.
        default: Its default, as text.
        element: The type of its elements.
        delimiter: Between elements of arrays of it.
        collatable: Whether it takes a collation.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON TYPE`` said.
    """

    kind: ClassVar[str] = "base type"

    schema: str
    name: str
    defined: bool = True
    input: str | None = None
    output: str | None = None
    receive: str | None = None
    send: str | None = None
    typmod_in: str | None = None
    typmod_out: str | None = None
    analyze: str | None = None
    subscript: str | None = None
    length: int = -1
    passed_by_value: bool = False
    alignment: str = "int4"
    storage: str = "plain"
    category: str = "U"
    preferred: bool = False
    default: str | None = None
    element: str | None = None
    delimiter: str = ","
    collatable: bool = False
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None


def read(connection: Connection, scope: Scope) -> tuple[BaseType, ...]:
    """Read the base types with one query."""
    return fetch(connection, BaseType, SQL, scope)
