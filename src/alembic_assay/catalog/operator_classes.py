"""Operator classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alembic_assay.catalog.operator_families import members
from alembic_assay.catalog.reading import FIRST_OID, IN_SCHEMAS, Scope, comment_on, fetch, not_of_extension
from alembic_assay.catalog.record import Record
from alembic_assay.sql import display

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQL = f"""
SELECT n.nspname AS schema, c.opcname AS name, a.amname AS method, format_type(c.opcintype, NULL) AS type,
       c.opcdefault AS default, format('%I.%I', fn.nspname, f.opfname) AS family,
       CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END AS storage,
       {members("pg_opclass", "c.oid")} AS members,
       pg_get_userbyid(c.opcowner) AS owner, d.description AS comment
FROM pg_opclass AS c
JOIN pg_namespace AS n ON n.oid = c.opcnamespace
JOIN pg_am AS a ON a.oid = c.opcmethod
JOIN pg_opfamily AS f ON f.oid = c.opcfamily
JOIN pg_namespace AS fn ON fn.oid = f.opfnamespace
{comment_on("pg_opclass", "c.oid")}
WHERE c.oid >= {FIRST_OID} AND {IN_SCHEMAS} AND {not_of_extension("pg_opclass", "c.oid")}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorClass(Record):
    """An operator class.

    Args:
        schema: Its schema.
        name: Its name.
        method: The access method.
        type: The type that it is for.
        default: Whether an index on that type has it unasked.
        family: Its family, with its schema.
        storage: The type that is stored, where it is another.
        members: ``OPERATOR 1 …`` and ``FUNCTION 1 …`` that cannot be without it.
        owner: The role that owns it.
        comment: What ``COMMENT ON OPERATOR CLASS`` said.
    """

    kind: ClassVar[str] = "operator class"
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "name", "method")

    schema: str
    name: str
    method: str
    type: str
    default: bool = False
    family: str = ""
    storage: str | None = None
    members: tuple[str, ...] = ()
    owner: str = ""
    comment: str | None = None

    @property
    def title(self) -> str:
        """With its access method: ``operator class public.f USING btree``."""
        return f"{self.kind} {display(self.name, self.schema)} USING {self.method}"


def read(connection: Connection, scope: Scope) -> tuple[OperatorClass, ...]:
    """Read the operator classes with one query."""
    return fetch(connection, OperatorClass, SQL, scope)
