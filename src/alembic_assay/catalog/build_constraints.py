"""Constraints and indexes as SQLAlchemy has them, where it has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    quoted_name,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from alembic_assay.catalog.build_text import enclosed, plain, split, unquoted, verbatim
from alembic_assay.sql import literal

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.sql.schema import Constraint as SchemaConstraint

    from alembic_assay.catalog.constraints import Constraint
    from alembic_assay.catalog.indexes import Index as IndexRecord

_NEW = sqlalchemy.__version__ >= "2.1"
"""Whether keys take INCLUDE and ``ON DELETE SET NULL`` takes columns."""

_FOREIGN_KEY = re.compile(
    r" REFERENCES (?P<table>.+?)\((?P<columns>.+?)\)(?: MATCH (?P<match>FULL|PARTIAL))?"
    r"(?: ON UPDATE (?P<update>CASCADE|RESTRICT|SET NULL|SET DEFAULT|NO ACTION))?"
    r"(?: ON DELETE (?P<delete>CASCADE|RESTRICT|SET (?:NULL|DEFAULT)(?: \(.+\))?|NO ACTION))?"
    r"(?: DEFERRABLE)?(?: INITIALLY DEFERRED)?(?: NOT VALID)?"
)
_WITH = re.compile(r"(?P<element>.+) WITH (?P<operator>\S+)", re.DOTALL)


def constraint(record: Constraint, index: IndexRecord | None) -> SchemaConstraint | None:
    """Build any constraint but a foreign key, ``None`` where SQLAlchemy cannot say it exactly.

    Args:
        record: As read.
        index: The index that serves it.
    """
    build = {
        "primary key": _key,
        "unique": _key,
        "check": _check,
        "exclude": _exclude,
    }.get(record.type)
    return None if build is None else build(record, index)


def _timing(record: Constraint) -> dict[str, Any]:
    """Return DEFERRABLE as SQLAlchemy takes it."""
    if not record.deferrable:
        return {}
    return {"deferrable": True, **({"initially": "DEFERRED"} if record.deferred else {})}


def _key(record: Constraint, index: IndexRecord | None) -> SchemaConstraint | None:
    head = "PRIMARY KEY" if record.type == "primary key" else "UNIQUE"
    inside, rest = enclosed(record.definition)
    nulls = "NULLS NOT DISTINCT" in record.definition[: -len(inside) - len(rest)]
    options: dict[str, Any] = {"postgresql_nulls_not_distinct": True} if nulls else {}
    if rest.startswith(" INCLUDE "):
        included, rest = enclosed(rest)
        options["postgresql_include"] = [unquoted(name) for name in split(included)]
    expected = f"{head}{' NULLS NOT DISTINCT' if nulls else ''} ("
    timing = {"", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"}
    plainly = record.definition.startswith(expected) and all(map(plain, split(inside)))
    if not plainly or rest not in timing or index is None:
        return None  # WITHOUT OVERLAPS, from 18
    if "postgresql_include" in options and not _NEW:
        return None
    kind = PrimaryKeyConstraint if record.type == "primary key" else UniqueConstraint
    columns = [unquoted(name) for name in split(inside)]
    return kind(*columns, name=record.name, comment=record.comment, **_timing(record), **options)


def _check(record: Constraint, _: IndexRecord | None) -> SchemaConstraint | None:
    inside, rest = enclosed(record.definition)
    if rest or not record.definition.startswith("CHECK ("):
        return None  # NO INHERIT, NOT VALID, NOT ENFORCED
    return CheckConstraint(verbatim(inside), name=record.name, comment=record.comment)


def foreign_key(record: Constraint, table: Table, target: Table) -> ForeignKeyConstraint | None:
    """Build a foreign key, ``None`` where SQLAlchemy cannot say it exactly.

    Args:
        record: As read.
        table: Its table.
        target: The table that it points to.
    """
    inside, rest = enclosed(record.definition)
    found = _FOREIGN_KEY.fullmatch(rest)
    if not found or any(not plain(name) for name in split(inside)):
        return None  # PERIOD or NOT ENFORCED, from 18
    if "(" in (found["delete"] or "") and not _NEW:
        return None
    return ForeignKeyConstraint(
        [table.c[unquoted(name)] for name in split(inside)],
        [target.c[unquoted(name)] for name in split(found["columns"])],
        name=record.name,
        match=found["match"],
        onupdate=found["update"],
        ondelete=found["delete"],
        comment=record.comment,
        use_alter=not record.validated,
        postgresql_not_valid=not record.validated,
        **_timing(record),
    )


def _exclude(record: Constraint, index: IndexRecord | None) -> SchemaConstraint | None:
    found = re.match(r"EXCLUDE USING (\w+) ", record.definition)
    if found is None or index is None or index.options:
        return None
    inside, rest = enclosed(record.definition, found.end())
    elements = [_WITH.fullmatch(each) for each in split(inside)]
    where, rest = enclosed(rest) if rest.startswith(" WHERE ") else ("", rest)
    if rest not in {"", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"} or "%" in record.definition:
        return None
    pairs = [(unquoted(each["element"]), each["operator"]) for each in elements if each and plain(each["element"])]
    if len(pairs) < len(elements):
        return None  # an expression, an operator class
    condition = {"where": verbatim(where)} if where else {}
    return ExcludeConstraint(*pairs, name=record.name, using=found[1], **condition, **_timing(record))


def index(record: IndexRecord) -> Index | None:
    """Build an index, ``None`` where SQLAlchemy cannot say it."""
    position = record.definition.index(" USING ")
    keys, rest = enclosed(record.definition, position)
    options: dict[str, Any] = {"postgresql_using": record.method}
    if rest.startswith(" INCLUDE "):
        included, rest = enclosed(rest)
        options["postgresql_include"] = [unquoted(name) for name in split(included)]
    if rest.startswith(" NULLS NOT DISTINCT"):
        options["postgresql_nulls_not_distinct"] = True
        rest = rest.removeprefix(" NULLS NOT DISTINCT")
    if record.options:
        settings = (option.partition("=") for option in record.options)
        options["postgresql_with"] = {name: literal(value).strip() for name, _, value in settings}
    if record.tablespace is not None:
        options["postgresql_tablespace"] = record.tablespace
    if record.partial:
        options["postgresql_where"] = verbatim(rest.partition(" WHERE ")[2])
    elements = [unquoted(key) if plain(key) else verbatim(key) for key in split(keys)]
    return Index(quoted_name(record.name, quote=None), *elements, unique=record.unique, **options)
