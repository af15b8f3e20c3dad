"""Operator families."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record
from alembic_assay.sql import display

if TYPE_CHECKING:
    from sqlalchemy import Connection


def members(catalog: str, oid: str) -> str:
    """Return the SQL of the operators and functions of a family or class, as ``CREATE OPERATOR CLASS`` writes them.

    Args:
        catalog: ``pg_opfamily`` or ``pg_opclass``; the server notes in ``pg_depend`` to which of both each belongs.
        oid: Its OID.
    """
    belongs = f"x.refclassid = '{catalog}'::regclass AND x.refobjid = {oid}"
    return f"""ARRAY(
           SELECT format('OPERATOR %s %s%s', m.amopstrategy, m.amopopr::regoperator,
                         (SELECT format(' FOR ORDER BY %I.%I', sn.nspname, s.opfname) FROM pg_opfamily AS s
                          JOIN pg_namespace AS sn ON sn.oid = s.opfnamespace WHERE s.oid = m.amopsortfamily))
           FROM pg_depend AS x JOIN pg_amop AS m ON x.classid = 'pg_amop'::regclass AND m.oid = x.objid
           WHERE {belongs} ORDER BY m.amopstrategy, m.amopopr::regoperator::text COLLATE "C")
       || ARRAY(
           SELECT format('FUNCTION %s (%s, %s) %s', m.amprocnum, format_type(m.amproclefttype, NULL),
                         format_type(m.amprocrighttype, NULL), m.amproc::oid::regprocedure)
           FROM pg_depend AS x JOIN pg_amproc AS m ON x.classid = 'pg_amproc'::regclass AND m.oid = x.objid
           WHERE {belongs} ORDER BY m.amprocnum, format_type(m.amproclefttype, NULL) COLLATE "C",
                                    format_type(m.amprocrighttype, NULL) COLLATE "C")"""


SQL = f"""
SELECT n.nspname AS schema, f.opfname AS name, a.amname AS method,
       {members("pg_opfamily", "f.oid")} AS members,
       pg_get_userbyid(f.opfowner) AS owner, d.description AS comment
FROM pg_opfamily AS f
JOIN pg_namespace AS n ON n.oid = f.opfnamespace
JOIN pg_am AS a ON a.oid = f.opfmethod
{comment_on("pg_opfamily", "f.oid")}
WHERE f.oid >= {FIRST_OID} AND {IN_SCHEMAS} AND {not_of_extension("pg_opfamily", "f.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFamily(Record):
    """An operator family.

    Args:
        schema: Its schema.
        name: Its name.
        method: The access method.
        members: ``OPERATOR 1 …`` and ``FUNCTION 1 …`` that are in none of its classes.
        owner: The role that owns it.
        comment: What ``COMMENT ON OPERATOR FAMILY`` said.
    """

    kind: ClassVar[str] = "operator family"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "name", "method")

    schema: str
    name: str
    method: str
    members: tuple[str, ...] = ()
    owner: str = ""
    comment: str | None = None

    @property
    def title(self) -> str:
        """With its access method: ``operator family public.f USING btree``."""
        return f"{self.kind} {display(self.name, self.schema)} USING {self.method}"


def read(connection: Connection, scope: Scope) -> tuple[OperatorFamily, ...]:
    """Read the operator families with one query."""
    return fetch(connection, OperatorFamily, SQL, scope)
