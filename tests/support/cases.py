"""Cases of autogenerate in tables: from one state of the models to another, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.schema import SchemaItem

    Models = Callable[[], MetaData]

ROWS = ("INSERT INTO task DEFAULT VALUES", "INSERT INTO task DEFAULT VALUES")
"""Two rows of the table that :func:`task` makes."""


@dataclass(frozen=True, slots=True)
class Case:
    """One change of the models.

    Args:
        before: Makes the models as they were.
        after: Makes them as they are then.
        insert: Statements run in between, so that there are rows.
        major: The first version of PostgreSQL that knows what the models say.
        back: The statements instead of ``insert`` where the case is run backwards, if those do not fit.
    """

    before: Models
    after: Models
    insert: tuple[str, ...] = ROWS
    major: int = 0
    back: tuple[str, ...] | None = None


def task(*items: Callable[[], SchemaItem], **options: Any) -> Models:
    """Return what makes models with the one table ``task``: a key, and what the items make.

    Args:
        items: Each makes a column, constraint or index.
        options: Of the table.
    """

    def models() -> MetaData:
        metadata = MetaData()
        Table("task", metadata, Column("id", Integer, primary_key=True), *[item() for item in items], **options)
        return metadata

    return models


def both_ways(cases: Mapping[str, Case]) -> list[Any]:
    """Return the parameters of a test: each case forwards and backwards."""
    found = []
    for name, case in cases.items():
        back = Case(case.after, case.before, case.insert if case.back is None else case.back, case.major)
        found += [pytest.param(case, id=name), pytest.param(back, id=f"{name}, backwards")]
    return found
