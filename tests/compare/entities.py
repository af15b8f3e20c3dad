"""What tests of entities have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_materialized_view import PGMaterializedView
from alembic_utils.pg_trigger import PGTrigger
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities
from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text
from tests.support.autogenerate import Script, cycle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import URL

TABLE = "CREATE TABLE task (id integer PRIMARY KEY, title text, done boolean)"
ROWS = ("INSERT INTO task VALUES (1, 'one', true), (2, 'two', false)",)


def models(*columns: Column[Any], without: str = "") -> MetaData:
    """Return the models of :data:`TABLE`, with more columns and without one."""
    metadata = MetaData()
    own: list[Column[Any]] = [
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("title", Text),
        Column("done", Boolean),
    ]
    Table("task", metadata, *(column for column in own if column.name != without), *columns)
    return metadata


def changed(
    url: URL,
    before: list[str],
    *entities: Any,
    after: MetaData | None = None,
    registered: Sequence[str] = ("public",),
    **opts: Any,
) -> Script:
    """Register entities, in these schemas, and run the full cycle."""
    register_entities(entities, schemas=list(registered))
    return cycle(url, [TABLE, *before], after or models(), insert=opts.pop("insert", ROWS), **opts)


def view(query: str, name: str = "v", schema: str = "public") -> PGView:
    return PGView(schema, name, query)


def matview(query: str, name: str = "mv", *, with_data: bool = True) -> PGMaterializedView:
    return PGMaterializedView("public", name, query, with_data)


def function(signature: str, definition: str, schema: str = "public") -> PGFunction:
    return PGFunction(schema, signature, definition)


def trigger(
    event: str, name: str = "tr", action: str = "EXECUTE FUNCTION tf()", *, constraint: bool = False
) -> PGTrigger:
    return PGTrigger("public", name, f"{event} ON task {action}", "public.task", constraint)
