"""Statements that make foreign-data wrappers, foreign servers and user mappings. Passwords are not in a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_context import foreign_options, quoted
from alembic_assay.catalog.create_steps import Step
from alembic_assay.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.foreign_data_wrappers import ForeignDataWrapper
    from alembic_assay.catalog.foreign_servers import ForeignServer
    from alembic_assay.catalog.user_mappings import UserMapping


def wrapper(record: ForeignDataWrapper, context: Context) -> Iterator[Step]:
    """Make a foreign-data wrapper."""
    node = ("foreign data wrapper", record.key)
    words = [f"CREATE FOREIGN DATA WRAPPER {identifier(record.name)}"]
    functions = {"HANDLER": record.handler, "VALIDATOR": record.validator}
    words += [f"{word} {function}" for word, function in functions.items() if function is not None]
    yield Step(node, [" ".join(words) + foreign_options(record.options)], set(context.needs[node]))


def server(record: ForeignServer, context: Context) -> Iterator[Step]:
    """Make a foreign server."""
    node = ("foreign server", record.key)
    words = [f"CREATE SERVER {identifier(record.name)}"]
    for word, value in (("TYPE", record.type), ("VERSION", record.version)):
        if value is not None:
            words.append(f"{word} {quoted(value)}")
    words.append(f"FOREIGN DATA WRAPPER {identifier(record.wrapper)}")
    needs = context.needs[node] | {("foreign data wrapper", (record.wrapper,))}
    yield Step(node, [" ".join(words) + foreign_options(record.options)], needs)


def user_mapping(record: UserMapping, context: Context) -> Iterator[Step]:
    """Make a user mapping without its password."""
    node = ("user mapping", record.key)
    role = "PUBLIC" if record.name == "public" else identifier(record.name)
    create = f"CREATE USER MAPPING FOR {role} SERVER {identifier(record.server)}{foreign_options(record.options)}"
    yield Step(node, [create], context.needs[node] | {("foreign server", (record.server,))})
