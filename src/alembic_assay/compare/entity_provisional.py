"""Functions and extensions that are declared and not there yet, for as long as models that use them are compared."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from alembic_assay.compare.entity_copies import attempt
from alembic_assay.compare.entity_declared import declared
from alembic_assay.compare.entity_trial import rolled_back

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection

REGISTRY = "_assay_entity_registry"
"""Where a run keeps alembic-utils' registry, if our comparator has taken its place."""


@contextmanager
def provisional(autogen_context: AutogenContext) -> Iterator[bool]:
    """Make them in a savepoint that is rolled back; say whether there are any.

    Args:
        autogen_context: Of the run.
    """
    registry: Any = getattr(autogen_context, REGISTRY, None)
    entities = registry.entities() if registry is not None else []
    waiting = [declared(each, (), ()) for each in entities if each.type_ in {"function", "extension"}]
    if not waiting:
        yield False
        return
    connection = cast("Connection", autogen_context.connection)
    with rolled_back(connection):
        left = None
        while waiting and len(waiting) != left:
            left = len(waiting)
            waiting = [each for each in waiting if attempt(connection, each.replace if each.body else each.create)]
        yield True
