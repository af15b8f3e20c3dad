"""Statements that know their way back, as scripts hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import render_python_code
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext

from alembic_assay.ops.execute_sql import SqlOp

if TYPE_CHECKING:
    from sqlalchemy import Connection


@pytest.mark.parametrize(
    "value", ["it's", ":x", ":x:", "a:b::text", "50% %s %(a)s", '"q"', "back\\slash", "two\nlines"]
)
def test_what_a_script_runs_is_the_statement(connection: Connection, value: str) -> None:
    connection.exec_driver_sql("CREATE TABLE t (a text)")
    quoted = value.replace("'", "''")
    script = render_python_code(ops.UpgradeOps([SqlOp([f"INSERT INTO t VALUES ('{quoted}')"])]))
    body = "\n".join(line.removeprefix("    ") for line in script.splitlines())
    with Operations.context(MigrationContext.configure(connection)) as op:
        exec(body, {"op": op, "sa": __import__("sqlalchemy")})  # noqa: S102 - the text that is written
    assert connection.exec_driver_sql("SELECT a FROM t").scalar_one() == value
