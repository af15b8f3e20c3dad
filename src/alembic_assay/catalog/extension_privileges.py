"""Privileges on what extensions own, where they are not those that the extension came with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import OF_DATABASE, Scope, fetch
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection


def _sorted(items: str) -> str:
    return f'ARRAY(SELECT i::text COLLATE "C" FROM unnest({items}) AS i ORDER BY 1)'


_OBJECTS = """
SELECT 'pg_class'::regclass AS class, c.oid AS id, 0 AS part, CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END AS letter,
       c.relacl AS acl, c.relowner AS owner
FROM pg_class AS c
UNION ALL
SELECT 'pg_class'::regclass, a.attrelid, a.attnum, 'c', a.attacl, c.relowner
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
UNION ALL
SELECT 'pg_proc'::regclass, oid, 0, 'f', proacl, proowner FROM pg_proc
UNION ALL
SELECT 'pg_type'::regclass, oid, 0, 'T', typacl, typowner FROM pg_type
UNION ALL
SELECT 'pg_namespace'::regclass, oid, 0, 'n', nspacl, nspowner FROM pg_namespace
UNION ALL
SELECT 'pg_language'::regclass, oid, 0, 'l', lanacl, lanowner FROM pg_language
UNION ALL
SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, 'F', fdwacl, fdwowner FROM pg_foreign_data_wrapper
UNION ALL
SELECT 'pg_foreign_server'::regclass, oid, 0, 'S', srvacl, srvowner FROM pg_foreign_server
"""

SQL = f"""
SELECT i.type, i.identity AS name, e.extname AS extension, pg_get_userbyid(o.owner) AS object_owner,
       {_sorted("o.initial")} AS initial_acl, {_sorted("o.acl")} AS acl
FROM (SELECT o.*, COALESCE(p.initprivs, acldefault(o.letter::"char", o.owner)) AS initial
      FROM ({_OBJECTS}) AS o
      LEFT JOIN pg_init_privs AS p ON p.classoid = o.class AND p.objoid = o.id AND p.objsubid = o.part
      WHERE o.acl IS NOT NULL) AS o
JOIN pg_depend AS x ON x.classid = o.class AND x.objid = o.id AND x.objsubid = 0 AND x.deptype = 'e'
     AND x.refclassid = 'pg_extension'::regclass
JOIN pg_extension AS e ON e.oid = x.refobjid
CROSS JOIN LATERAL pg_identify_object(o.class, o.id, o.part) AS i
WHERE {OF_DATABASE} AND {_sorted("o.initial")} <> {_sorted("o.acl")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionPrivileges(Record):
    """Privileges on one object of an extension.

    Args:
        type: ``function``, ``table``, ``table column`` …, as ``pg_identify_object`` calls it.
        name: The object, as ``pg_identify_object`` writes it.
        extension: Whose it is.
        object_owner: The role that owns the object.
        initial_acl: Privileges that the extension came with, as the server writes them.
        acl: Those of today.
    """

    kind: ClassVar[str] = "extension privileges"
    key_fields: ClassVar[tuple[str, ...]] = ("type", "name")

    type: str
    name: str
    extension: str
    object_owner: str
    initial_acl: tuple[str, ...] = ()
    acl: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """With its object: ``privileges on function public.similarity(text,text) of extension pg_trgm``."""
        return f"privileges on {self.type} {self.name} of extension {self.extension}"


def read(connection: Connection, scope: Scope) -> tuple[ExtensionPrivileges, ...]:
    """Read the changed privileges on objects of extensions with one query."""
    return fetch(connection, ExtensionPrivileges, SQL, scope)
