"""The safe forms that several rules recommend, from the recipes of PostgreSQL's documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.operations.ops import CreateIndexOp

from alembic_assay.ops.transactions import AutocommitOp
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterable


def concurrently(indexes: Iterable[CreateIndexOp]) -> AutocommitOp:
    """Return the creation of indexes without locking out writers; what is given is left as it is."""
    return AutocommitOp([_concurrent(index) for index in indexes])


def partition_by_partition(index_name: str | None, table: str) -> str:
    """Say how a partitioned table gets an index, where PostgreSQL refuses CONCURRENTLY.

    Source: https://www.postgresql.org/docs/current/ddl-partitioning.html, section 5.12.2.2.
    """
    index = display(index_name or "the_index")
    return (
        f"PostgreSQL refuses CONCURRENTLY on a partitioned table: CREATE INDEX {index} ON ONLY {table}, then"
        " CREATE INDEX CONCURRENTLY on each partition in an autocommit_block(), then"
        f" ALTER INDEX {index} ATTACH PARTITION for each of these."
    )


def _concurrent(index: CreateIndexOp) -> CreateIndexOp:
    return CreateIndexOp(
        index.index_name,
        index.table_name,
        index.columns,
        schema=index.schema,
        unique=index.unique,
        if_not_exists=index.if_not_exists,
        **{**index.kw, "postgresql_concurrently": True},
    )
