"""Columns: every change is found, runs, leaves nothing to find, and goes back with the rows as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, text
from sqlalchemy.dialects import postgresql as pg
from tests.support.autogenerate import cycle
from tests.support.cases import Case, both_ways, task
from tests.support.roundtrip import at_least

if TYPE_CHECKING:
    from sqlalchemy import URL
    from tests.support.cases import Models

PLAIN = task()


def typed(type_: Any, **options: Any) -> Models:
    """The table with a column of that type."""

    return task(lambda: Column("value", type_, **options))


CASES = {
    "column added": Case(PLAIN, typed(sa.Text)),
    "column with a comment": Case(PLAIN, typed(sa.Text, comment="it's 100% :x")),
    "column with a default": Case(PLAIN, typed(sa.Text, server_default="new", nullable=False)),
    "column with an odd default": Case(PLAIN, typed(sa.Text, server_default="it's 50% :x \\ 'q'")),
    "varchar with and without length": Case(typed(sa.String), typed(sa.String(50))),
    "varchar length": Case(typed(sa.String(20)), typed(sa.String(50))),
    "numeric with and without precision": Case(typed(sa.Numeric), typed(sa.Numeric(10, 2))),
    "numeric scale": Case(typed(sa.Numeric(10, 2)), typed(sa.Numeric(12, 4))),
    "timestamp precision": Case(typed(pg.TIMESTAMP()), typed(pg.TIMESTAMP(precision=3))),
    "timestamp with time zone": Case(typed(sa.DateTime()), typed(sa.DateTime(timezone=True))),
    "interval fields": Case(typed(pg.INTERVAL()), typed(pg.INTERVAL(fields="DAY TO SECOND"))),
    "array and scalar": Case(typed(sa.Text), typed(sa.ARRAY(sa.Text))),
    "array of another type": Case(typed(sa.ARRAY(sa.Integer)), typed(sa.ARRAY(sa.Text))),
    "collation": Case(typed(sa.Text), typed(sa.Text(collation="C"))),
    "text and integer": Case(typed(sa.Text), typed(sa.Integer)),
    "integer and bigint": Case(typed(sa.Integer), typed(sa.BigInteger)),
    "boolean and smallint": Case(typed(sa.Boolean), typed(sa.SmallInteger)),
    "boolean with a default and integer": Case(
        typed(sa.Boolean, server_default=text("true")), typed(sa.Integer, server_default=text("1"))
    ),
    "text and jsonb": Case(typed(sa.Text), typed(pg.JSONB)),
    "json and jsonb with defaults": Case(
        typed(pg.JSON, server_default="{}"), typed(pg.JSONB, server_default=text("'{}'::jsonb"))
    ),
    "text and uuid": Case(typed(sa.Text), typed(sa.Uuid)),
    "xml": Case(typed(sa.Text), typed(sa.Integer)),
    "text with a default and integer": Case(
        typed(sa.Text, server_default="7"), typed(sa.Integer, server_default=text("7"))
    ),
    "default added": Case(typed(sa.Text), typed(sa.Text, server_default="x")),
    "default changed": Case(typed(sa.Integer, server_default="1"), typed(sa.Integer, server_default="2")),
    "default with an apostrophe": Case(typed(sa.Text), typed(sa.Text, server_default="it's")),
    "default of json": Case(typed(pg.JSON), typed(pg.JSON, server_default='{"a": [1, ":x", "50%"]}')),
    "volatile default": Case(typed(sa.Float), typed(sa.Float, server_default=text("random() "))),
    "default of a uuid": Case(typed(sa.Uuid), typed(sa.Uuid, server_default=text("gen_random_uuid()"))),
    "default now": Case(typed(sa.DateTime), typed(sa.DateTime, server_default=sa.func.now())),
    "comment": Case(typed(sa.Text), typed(sa.Text, comment="said")),
    "comment changed": Case(typed(sa.Text, comment="it's"), typed(sa.Text, comment="50% :x")),
    "not null with a default": Case(
        typed(sa.Text, server_default="x"), typed(sa.Text, server_default="x", nullable=False)
    ),
}


@pytest.mark.parametrize("case", both_ways(CASES))
def test_columns(case: Case, database_url: URL, server_url: URL) -> None:
    at_least(server_url, case.major)
    cycle(database_url, case.before(), case.after(), insert=case.insert)
