"""Statements that make parsers, templates, dictionaries and configurations of text search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_steps import Step
from alembic_assay.sql import qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.text_search_configurations import TextSearchConfiguration
    from alembic_assay.catalog.text_search_dictionaries import TextSearchDictionary
    from alembic_assay.catalog.text_search_parsers import TextSearchParser
    from alembic_assay.catalog.text_search_templates import TextSearchTemplate


def parser(record: TextSearchParser, context: Context) -> Iterator[Step]:
    """Make a parser."""
    words = {"START": record.start, "GETTOKEN": record.token, "END": record.end}
    yield _step(record, context, [*_written({**words, "HEADLINE": record.headline, "LEXTYPES": record.lextypes})])


def template(record: TextSearchTemplate, context: Context) -> Iterator[Step]:
    """Make a template."""
    yield _step(record, context, [*_written({"INIT": record.init, "LEXIZE": record.lexize})])


def dictionary(record: TextSearchDictionary, context: Context) -> Iterator[Step]:
    """Make a dictionary."""
    yield _step(record, context, [f"TEMPLATE = {record.template}", *([record.options] if record.options else [])])


def configuration(record: TextSearchConfiguration, context: Context) -> Iterator[Step]:
    """Make a configuration with its mappings."""
    step = _step(record, context, [f"PARSER = {record.parser}"])
    name = qualified(record.name, record.schema)
    step.statements += [
        f"ALTER TEXT SEARCH CONFIGURATION {name} ADD MAPPING FOR {mapping}" for mapping in record.mappings
    ]
    yield step


def _step(record: Record, context: Context, parameters: Iterable[str]) -> Step:
    node = (record.kind, record.key)
    schema, name = record.key
    create = f"CREATE {record.kind.upper()} {qualified(name, schema)} ({', '.join(parameters)})"
    return Step(node, [create], set(context.needs[node]))


def _written(parameters: dict[str, str | None]) -> Iterator[str]:
    return (f"{word} = {value}" for word, value in parameters.items() if value is not None)
