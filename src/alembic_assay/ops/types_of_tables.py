"""Types are made and dropped by operations of their own: SQLAlchemy's events of tables must not do it again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alembic.operations import Operations, toimpl

from alembic_assay.ops.table_operations import CreateTable, DropTable

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Every(set[object]):
    """The names that SQLAlchemy has made already, as it believes: it notes them in the memo of who runs the DDL."""

    def __contains__(self, name: object) -> bool:
        return True


class _Memo(dict[str, _Every]):
    def __contains__(self, kind: object) -> bool:
        return True

    def __missing__(self, kind: str) -> _Every:
        return _Every()


@contextmanager
def _types_stay(operations: Operations) -> Iterator[None]:
    implementation: Any = operations.get_context().impl
    memo = implementation.memo
    implementation.memo = _Memo()
    try:
        yield
    finally:
        implementation.memo = memo


@Operations.implementation_for(CreateTable)
def _create(operations: Operations, operation: CreateTable) -> Any:
    with _types_stay(operations):
        return toimpl.create_table(operations, operation)


@Operations.implementation_for(DropTable)
def _drop(operations: Operations, operation: DropTable) -> None:
    with _types_stay(operations):
        toimpl.drop_table(operations, operation)
