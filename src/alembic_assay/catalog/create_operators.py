"""Statements that make operators, their families and classes, casts, and access methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_steps import Step
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.access_methods import AccessMethod
    from alembic_assay.catalog.casts import Cast
    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.operator_classes import OperatorClass
    from alembic_assay.catalog.operator_families import OperatorFamily
    from alembic_assay.catalog.operators import Operator

_METHODS = {"inout": "WITH INOUT", "binary": "WITHOUT FUNCTION"}
_CONTEXTS = {"assignment": " AS ASSIGNMENT", "implicit": " AS IMPLICIT"}


def operator(record: Operator, context: Context) -> Iterator[Step]:
    """Make an operator; the server waits with its commutator and negator until these are made."""
    node = ("operator", record.key)
    parameters = {
        "FUNCTION": record.function,
        "LEFTARG": record.left or None,
        "RIGHTARG": record.right,
        "COMMUTATOR": record.commutator and f"OPERATOR({record.commutator})",
        "NEGATOR": record.negator and f"OPERATOR({record.negator})",
        "RESTRICT": record.restrict,
        "JOIN": record.join,
    }
    written = [f"{word} = {value}" for word, value in parameters.items() if value is not None]
    written += ["HASHES"] if record.hashes else []
    written += ["MERGES"] if record.merges else []
    create = f"CREATE OPERATOR {identifier(record.schema)}.{record.name} ({', '.join(written)})"
    yield Step(node, [create], set(context.needs[node]))


def operator_family(record: OperatorFamily, context: Context) -> Iterator[Step]:
    """Make an operator family with what belongs to none of its classes."""
    node = ("operator family", record.key)
    name = f"{qualified(record.name, record.schema)} USING {identifier(record.method)}"
    statements = [f"CREATE OPERATOR FAMILY {name}"]
    if record.members:
        statements.append(f"ALTER OPERATOR FAMILY {name} ADD {', '.join(record.members)}")
    yield Step(node, statements, set(context.needs[node]))


def operator_class(record: OperatorClass, context: Context) -> Iterator[Step]:
    """Make an operator class; one without operators and functions must say what it stores."""
    node = ("operator class", record.key)
    default = " DEFAULT" if record.default else ""
    members = list(record.members)
    if record.storage is not None or not members:
        members.append(f"STORAGE {record.storage or record.type}")
    create = (
        f"CREATE OPERATOR CLASS {qualified(record.name, record.schema)}{default} FOR TYPE {record.type}"
        f" USING {identifier(record.method)} FAMILY {record.family} AS {', '.join(members)}"
    )
    yield Step(node, [create], set(context.needs[node]))


def cast(record: Cast, context: Context) -> Iterator[Step]:
    """Make a cast."""
    node = ("cast", record.key)
    how = f"WITH FUNCTION {record.function}" if record.method == "function" else _METHODS[record.method]
    create = f"CREATE CAST ({record.source} AS {record.target}) {how}{_CONTEXTS.get(record.context, '')}"
    yield Step(node, [create], set(context.needs[node]))


def access_method(record: AccessMethod, context: Context) -> Iterator[Step]:
    """Make an access method."""
    node = ("access method", record.key)
    create = f"CREATE ACCESS METHOD {identifier(record.name)} TYPE {record.type.upper()} HANDLER {record.handler}"
    yield Step(node, [create], set(context.needs[node]))
