"""Domain types: what the types of attributes are in PostgreSQL, and what may be asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic_assay.design.requirements import Attribute

TEXTS = frozenset({"text", "markdown", "short_text", "email", "url", "slug", "language", "password_hash"})
INTEGERS = frozenset({"integer", "bigint", "smallint"})
NUMBERS = INTEGERS | {"decimal", "money"}
RANGES = frozenset({"period", "date_period"})
MOMENTS = frozenset({"date", "timestamp"})
PROTECTED = frozenset({"password_hash", "secret"})
"""Types in which nothing is stored that can be read by who steals the rows."""

SHORT_TEXT = 255
"""The length of a short_text that says none."""

SPANS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


@dataclass(frozen=True, slots=True)
class DomainType:
    """A domain type.

    Args:
        sql: As ``format_type`` writes it; ``{schema}`` is where extensions are, ``{length}`` … are the attribute's.
        extension: What provides it.
    """

    sql: str
    extension: str | None = None


DOMAIN_TYPES = {
    "text": DomainType("text"),
    "markdown": DomainType("text"),
    "short_text": DomainType("character varying({length})"),
    "email": DomainType("{schema}.citext", "citext"),
    "url": DomainType("text"),
    "slug": DomainType("character varying(120)"),
    "integer": DomainType("integer"),
    "bigint": DomainType("bigint"),
    "smallint": DomainType("smallint"),
    "decimal": DomainType("numeric({precision},{scale})"),
    "money": DomainType("numeric(19,4)"),
    "boolean": DomainType("boolean"),
    "date": DomainType("date"),
    "time": DomainType("time without time zone"),
    "timestamp": DomainType("timestamp with time zone"),
    "interval": DomainType("interval"),
    "uuid": DomainType("uuid"),
    "json": DomainType("jsonb"),
    "tags": DomainType("text[]"),
    "ip": DomainType("inet"),
    "password_hash": DomainType("character varying(255)"),
    "secret": DomainType("bytea"),
    "language": DomainType("character varying(35)"),
    "embedding": DomainType("{schema}.vector({dimensions})", "vector"),
    "period": DomainType("tstzrange"),
    "date_period": DomainType("daterange"),
}
"""What an attribute's ``type`` can be, beside the document's own ``types``.

A timestamp always has a time zone: https://wiki.postgresql.org/wiki/Don't_Do_This#Date.2FTime_storage. A language tag
has at most 35 characters: https://www.rfc-editor.org/rfc/rfc5646#section-4.4.1.
"""

LENGTHS = {"slug": 120, "password_hash": 255, "language": 35}
"""The lengths of types that have one of their own."""


def sql_type(attribute: Attribute, schema: str) -> str:
    """Return the type of a valid attribute, as ``format_type`` writes it.

    Args:
        attribute: Of a domain type.
        schema: Where extensions are.
    """
    if attribute.type == "decimal" and attribute.precision is None:
        return "numeric"
    if attribute.type in {"text", "markdown", "url"} and attribute.max_length is not None:
        return f"character varying({attribute.max_length})"
    return DOMAIN_TYPES[attribute.type].sql.format(
        schema=schema,
        length=attribute.max_length or SHORT_TEXT,
        precision=attribute.precision,
        scale=attribute.scale or 0,
        dimensions=attribute.dimensions,
    )


def max_length(attribute: Attribute) -> int | None:
    """Return how many characters an attribute may have."""
    usual = SHORT_TEXT if attribute.type == "short_text" else LENGTHS.get(attribute.type)
    return attribute.max_length or usual
