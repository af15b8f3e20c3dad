"""Revisions that alembic-postgresql-enum wrote run without that package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from alembic_assay import catalog
from alembic_assay.catalog.enums import Enum
from alembic_assay.ops import sync_enum_values
from alembic_assay.ops.sync_enum_references import ColumnType, TableReference

if TYPE_CHECKING:
    from sqlalchemy import Connection

SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE t (m mood DEFAULT 'glad', ms mood[]);
INSERT INTO t VALUES ('glad', '{glad,NULL}');
CREATE VIEW v AS SELECT m FROM t;
"""


def test_the_calls_of_its_new_and_of_its_old_versions_run(connection: Connection) -> None:
    connection.exec_driver_sql(SETUP)
    before = catalog.read(connection)
    operations = Operations(MigrationContext.configure(connection))
    directive = sync_enum_values.SyncEnumValuesOp.sync_enum_values
    directive(
        operations,
        enum_schema="public",
        enum_name="mood",
        new_values=["happy", "ok"],
        affected_columns=[
            TableReference(table_schema="public", table_name="t", column_name="m", existing_server_default="'glad'"),
            TableReference(table_name="t", column_name="ms", column_type=ColumnType.ARRAY),
        ],
        enum_values_to_rename=[("glad", "happy")],
    )
    assert [each.labels for each in catalog.read(connection).of(Enum)] == [("happy", "ok")]
    assert connection.exec_driver_sql("SELECT m::text, ms::text FROM t").all() == [("happy", "{happy,NULL}")]
    directive(operations, "public", "mood", ["sad", "glad"], [("t", "m")], enum_values_to_rename=[("happy", "glad")])
    assert catalog.read(connection) == before


def test_what_its_revisions_import_is_found_where_it_is_not_installed() -> None:
    spec = sync_enum_values._Finder().find_spec("alembic_postgresql_enum")
    assert spec is not None
    assert spec.loader is not None
    assert spec.origin is not None
    assert "class TableReference" in Path(spec.origin).read_text("utf-8")
    assert sync_enum_values._Finder().find_spec("another") is None


def test_it_is_offered_only_where_that_package_is_not() -> None:
    program = """
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: {found} if name == "alembic_postgresql_enum" else real(name, *rest)
from alembic.operations import Operations
from alembic_assay.ops import sync_enum_values
before = getattr(Operations, "sync_enum_values", None)
sync_enum_values.offer()
print(getattr(Operations, "sync_enum_values", None) is not before)
"""
    for found, offered in (("None", "True"), ("object()", "False")):
        command = [sys.executable, "-c", program.format(found=found)]
        assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == f"{offered}\n"
