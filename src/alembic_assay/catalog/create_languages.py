"""Statements that make what has to do with languages: procedural ones, transforms, collations, conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_context import quoted
from alembic_assay.catalog.create_steps import Step
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.collations import Collation
    from alembic_assay.catalog.conversions import Conversion
    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.languages import Language
    from alembic_assay.catalog.transforms import Transform


def language(record: Language, context: Context) -> Iterator[Step]:
    """Make a procedural language."""
    node = ("language", record.key)
    words = [f"CREATE {'TRUSTED ' if record.trusted else ''}LANGUAGE {identifier(record.name)}"]
    functions = {"HANDLER": record.handler, "INLINE": record.inline, "VALIDATOR": record.validator}
    words += [f"{word} {function}" for word, function in functions.items() if function is not None]
    yield Step(node, [" ".join(words)], set(context.needs[node]))


def transform(record: Transform, context: Context) -> Iterator[Step]:
    """Make a transform."""
    node = ("transform", record.key)
    ways = {"FROM SQL": record.from_sql, "TO SQL": record.to_sql}
    listed = ", ".join(f"{way} WITH FUNCTION {function}" for way, function in ways.items() if function is not None)
    create = f"CREATE TRANSFORM FOR {record.type} LANGUAGE {identifier(record.language)} ({listed})"
    yield Step(node, [create], set(context.needs[node]))


def collation(record: Collation, _: Context) -> Iterator[Step]:
    """Make a collation, in the version that the server's machine has."""
    parameters = {"provider": record.provider}
    for word in ("locale", "lc_collate", "lc_ctype", "rules"):
        if (value := getattr(record, word)) is not None:
            parameters[word] = quoted(value)
    if not record.deterministic:
        parameters["deterministic"] = "false"
    listed = ", ".join(f"{word} = {value}" for word, value in parameters.items())
    yield Step(("collation", record.key), [f"CREATE COLLATION {qualified(record.name, record.schema)} ({listed})"])


def conversion(record: Conversion, context: Context) -> Iterator[Step]:
    """Make a conversion."""
    node = ("conversion", record.key)
    create = (
        f"CREATE {'DEFAULT ' if record.default else ''}CONVERSION {qualified(record.name, record.schema)}"
        f" FOR {quoted(record.source)} TO {quoted(record.target)} FROM {record.function}"
    )
    yield Step(node, [create], set(context.needs[node]))
