"""Functions, procedures and aggregates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension, privileges
from alembic_assay.catalog.record import Record
from alembic_assay.sql import display

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, p.proname AS name, pg_get_function_identity_arguments(p.oid) AS arguments,
       CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window' ELSE 'function' END
           AS form,
       CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid)
            ELSE row_to_json((SELECT g FROM (
                SELECT g.aggkind, g.aggnumdirectargs, g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn,
                       g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn, g.aggfinalextra,
                       g.aggmfinalextra, g.aggfinalmodify, g.aggmfinalmodify, g.aggsortop::regoperator AS aggsortop,
                       g.aggtranstype::regtype AS aggtranstype, g.aggtransspace, g.aggmtranstype::regtype AS aggmtranstype,
                       g.aggmtransspace, g.agginitval, g.aggminitval, p.proparallel, p.prorettype::regtype AS prorettype
                FROM pg_aggregate AS g WHERE g.aggfnoid = p.oid) AS g))::text END AS definition,
       ARRAY(SELECT e.extname::text FROM pg_depend AS x JOIN pg_extension AS e ON e.oid = x.refobjid
             WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid AND x.deptype = 'x'
               AND x.refclassid = 'pg_extension'::regclass ORDER BY e.extname) AS depends_on_extensions,
       pg_get_userbyid(p.proowner) AS owner, {privileges("f", "p.proacl", "p.proowner")} AS acl, d.description AS comment
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
{comment_on("pg_proc", "p.oid")}
WHERE {IN_SCHEMAS} AND {not_of_extension("pg_proc", "p.oid")}
  AND NOT EXISTS (SELECT FROM pg_depend AS x WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid
                  AND x.deptype = 'i')  -- the constructors of a range type
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Record):
    """A function, procedure or aggregate.

    Args:
        schema: Its schema.
        name: Its name.
        arguments: Its argument types, which are part of its identity.
        form: ``function``, ``procedure``, ``aggregate`` or ``window``.
        definition: As ``pg_get_functiondef`` writes it; for an aggregate, its parts as JSON.
        depends_on_extensions: What ``ALTER FUNCTION … DEPENDS ON EXTENSION`` said.
        owner: The role that owns it.
        acl: Privileges as the server writes them.
        comment: What ``COMMENT ON FUNCTION`` said.
    """

    kind: ClassVar[str] = "function"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "name", "arguments")

    schema: str
    name: str
    arguments: str
    form: str
    definition: str
    depends_on_extensions: tuple[str, ...] = ()
    owner: str = ""
    acl: tuple[str, ...] | None = None
    comment: str | None = None

    @property
    def title(self) -> str:
        """With its arguments: ``function public.f(integer)``."""
        return f"{self.form} {display(self.name, self.schema)}({self.arguments})"


def read(connection: Connection, scope: Scope) -> tuple[Function, ...]:
    """Read the functions with one query."""
    return fetch(connection, Function, SQL, scope)
