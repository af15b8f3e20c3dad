"""Statements that make schemas, extensions and types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_context import quoted
from alembic_assay.catalog.create_steps import Step
from alembic_assay.catalog.names import split
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.base_types import BaseType
    from alembic_assay.catalog.composites import Composite
    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.domains import Domain
    from alembic_assay.catalog.enums import Enum
    from alembic_assay.catalog.extensions import Extension
    from alembic_assay.catalog.ranges import Range
    from alembic_assay.catalog.schemas import Schema

PUBLIC = "public"
"""The schema that a new database has."""

PLPGSQL = "plpgsql"
"""The extension that a new database has."""


def schema(record: Schema, _: Context) -> Iterator[Step]:
    """Make a schema."""
    made = record.name == PUBLIC
    yield Step(("schema", record.key), [] if made else [f"CREATE SCHEMA {identifier(record.name)}"])


def extension(record: Extension, _: Context) -> Iterator[Step]:
    """Make an extension, in the version that the server prefers."""
    statement = f"CREATE EXTENSION {identifier(record.name)} WITH SCHEMA {identifier(record.schema)}"
    yield Step(("extension", record.key), [] if record.name == PLPGSQL else [statement])


def enum(record: Enum, _: Context) -> Iterator[Step]:
    """Make an enumerated type."""
    labels = ", ".join(quoted(label) for label in record.labels)
    yield Step(("enum", record.key), [f"CREATE TYPE {qualified(record.name, record.schema)} AS ENUM ({labels})"])


def composite(record: Composite, _: Context) -> Iterator[Step]:
    """Make a composite type."""
    name = qualified(record.name, record.schema)
    attributes = ", ".join(record.attributes)
    comments = [
        f"COMMENT ON COLUMN {name}.{attribute} IS {quoted(comment)}"
        for attribute, comment in map(split, record.attribute_comments)
    ]
    yield Step(("composite type", record.key), [f"CREATE TYPE {name} AS ({attributes})", *comments])


def domain(record: Domain, context: Context) -> Iterator[Step]:
    """Make a domain; its default and constraints afterwards, if they lead in a circle."""
    node = ("domain", record.key)
    name = qualified(record.name, record.schema)
    later = node in context.split
    inline = [each for each in record.constraints if _inline(each, later=later)]
    words = [f"CREATE DOMAIN {name} AS {record.type}"]
    if record.collation is not None:
        words.append(f"COLLATE {record.collation}")
    if record.default is not None and not later:
        words.append(f"DEFAULT {record.default}")
    if record.not_null and not any(split(each.removeprefix("CONSTRAINT "))[1] == "NOT NULL" for each in inline):
        words.append("NOT NULL")
    statements = [f"ALTER DOMAIN {name} ADD {each}" for each in record.constraints if each not in inline]
    if record.default is not None and later:
        statements.append(f"ALTER DOMAIN {name} SET DEFAULT {record.default}")
    statements += [
        f"COMMENT ON CONSTRAINT {constraint} ON DOMAIN {name} IS {quoted(comment)}"
        for constraint, comment in map(split, record.constraint_comments)
    ]
    create = " ".join([*words, *inline])
    if later:
        yield Step(node, [create], {need for need in context.needs[node] if need[0] != "function"})
        yield Step(("check", record.key), statements, {node, *context.needs[node]})
    else:
        yield Step(node, [create, *statements], context.needs[node])


def _inline(constraint: str, *, later: bool) -> bool:
    return not later and not constraint.endswith(" NOT VALID")


def range_(record: Range, context: Context) -> Iterator[Step]:
    """Make a range type; a shell first, if a function must know it."""
    node = ("range type", record.key)
    name = qualified(record.name, record.schema)
    parameters = {
        "subtype": record.subtype,
        "subtype_opclass": record.operator_class,
        "collation": record.collation,
        "canonical": record.canonical,
        "subtype_diff": record.difference,
        "multirange_type_name": record.multirange,
    }
    listed = ", ".join(f"{key} = {value}" for key, value in parameters.items() if value is not None)
    create = f"CREATE TYPE {name} AS RANGE ({listed})"
    shell = ("shell type", record.key)
    if record.canonical is not None:
        yield Step(shell, [f"CREATE TYPE {name}"])
    yield Step(node, [create], {shell, *context.needs[node]})


def base_type(record: BaseType, context: Context) -> Iterator[Step]:
    """Make a base type: a shell for its functions to name, then the type."""
    node, shell = ("base type", record.key), ("shell type", record.key)
    name = qualified(record.name, record.schema)
    yield Step(shell, [f"CREATE TYPE {name}"])
    create = [f"CREATE TYPE {name} ({', '.join(_parameters(record))})"] if record.defined else []
    yield Step(node, create, {shell, *context.needs[node]})


def _parameters(record: BaseType) -> Iterator[str]:
    for word in ("input", "output", "receive", "send", "typmod_in", "typmod_out", "analyze", "subscript", "element"):
        if (value := getattr(record, word)) is not None:
            yield f"{word.upper()} = {value}"
    yield f"INTERNALLENGTH = {record.length if record.length > 0 else 'VARIABLE'}"
    yield f"ALIGNMENT = {record.alignment}"
    yield f"STORAGE = {record.storage}"
    yield f"CATEGORY = {quoted(record.category)}"
    yield f"DELIMITER = {quoted(record.delimiter)}"
    if record.default is not None:
        yield f"DEFAULT = {quoted(record.default)}"
    for word in ("preferred", "collatable"):
        if getattr(record, word):
            yield f"{word.upper()} = true"
    if record.passed_by_value:
        yield "PASSEDBYVALUE"
