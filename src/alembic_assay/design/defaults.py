"""Values of requirements as defaults of columns, in the words in which the server writes them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from alembic_assay.design.types import NUMBERS

if TYPE_CHECKING:
    from alembic_assay.design.requirements import Attribute

_INTEGERS = 2**31


def sql_default(attribute: Attribute, type_name: str) -> str | None:
    """Return the default of a valid attribute.

    Args:
        attribute: Of a domain type or an enum.
        type_name: Of its column, as ``format_type`` writes it.
    """
    if attribute.default is None:
        return attribute.default_sql
    if isinstance(attribute.default, bool):
        return "true" if attribute.default else "false"
    if attribute.type in NUMBERS:
        return number(cast("int | Decimal", attribute.default))
    if attribute.type == "json":
        return f"{quoted(jsonb(attribute.default))}::jsonb"
    if attribute.type == "tags":
        return _array(attribute.default)
    return f"{quoted(str(attribute.default))}::{without_arguments(type_name)}"


def number(value: int | Decimal) -> str:
    """Write a number; the server puts a negative one into quotes.

    >>> number(5), number(-5), number(2**40), number(Decimal("-0.50"))
    ('5', "'-5'::integer", "'1099511627776'::bigint", "'-0.50'::numeric")
    """
    written = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if not isinstance(value, int):
        return f"'{written}'::numeric" if value < 0 else written
    if not -_INTEGERS <= value < _INTEGERS:
        return f"'{written}'::bigint"
    return f"'{written}'::integer" if value < 0 else written


def jsonb(value: Any) -> str:
    """Write a JSON value as ``jsonb`` is written: shorter keys first, by their bytes, and numbers in full.

    Source: ``compareJsonbScalarValue`` and ``lengthCompareJsonbString`` in PostgreSQL's ``jsonb_util.c``.

    >>> jsonb({"bb": 1e3, "ä": None, "c": [True, "x"]})
    '{"c": [true, "x"], "bb": 1000.0, "ä": null}'
    """
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{jsonb(key)}: {jsonb(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(jsonb, value))}]"
    if isinstance(value, float):
        return f"{Decimal(repr(value or 0.0)):f}"  # the server knows no negative zero
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def without_arguments(type_name: str) -> str:
    """Return a type without its length, as the server writes casts of literals.

    >>> without_arguments("character varying(20)"), without_arguments("timestamp with time zone")
    ('character varying', 'timestamp with time zone')
    """
    return type_name.partition("(")[0]


def _array(values: Any) -> str:
    if not values:
        return "'{}'::text[]"
    return f"ARRAY[{', '.join(f'{quoted(str(value))}::text' for value in values)}]"


def quoted(value: str) -> str:
    """Write a string as the server does: a backslash is a backslash.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"
