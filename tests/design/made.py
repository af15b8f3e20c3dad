"""Designed schemas in a real database, inside of a savepoint that is rolled back."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic_assay import catalog
from alembic_assay.catalog import document
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.create_sql import create_sql
from alembic_assay.catalog.extensions import Extension
from alembic_assay.catalog.fingerprint import without
from alembic_assay.sql import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@contextmanager
def made(connection: Connection, found: dict[str, Any], *, owners: bool = False) -> Iterator[None]:
    """Make a document in the database for a while."""
    with connection.begin_nested() as savepoint:
        for statement in create_sql(document.from_document(found), owners=owners):
            connection.execute(Statement(statement))
        yield
        savepoint.rollback()


def differences(connection: Connection, found: dict[str, Any]) -> list[str]:
    """Return what the server has otherwise than the designer wrote it."""
    with made(connection, found):
        read = comparable(catalog.read(connection))
    return [str(change) for change in catalog.diff(read, comparable(document.from_document(found)))]


def comparable(snapshot: catalog.Snapshot) -> catalog.Snapshot:
    """Leave out owners, what every database has, and what only PostgreSQL 18 names."""
    kept = [
        replace(record, version="", comment=None) if isinstance(record, Extension) else record
        for record in without(snapshot, ("owner", "acl"))
        if record.key not in {("public",), ("plpgsql",)}
        and not (isinstance(record, Constraint) and record.type == "not null")
    ]
    return replace(snapshot, records=tuple(kept))
