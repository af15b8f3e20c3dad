"""What a script is: the same bytes every time, with all that it imports, and running where we are not."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from textwrap import indent
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, Table, text
from sqlalchemy.dialects import postgresql as pg
from tests.support.autogenerate import cycle, execute, formatted, generate

if TYPE_CHECKING:
    from sqlalchemy import URL
    from tests.support.autogenerate import Script

SEEDS = range(20)
PROGRAM = """
import sys
from sqlalchemy import make_url
from tests.compare.test_script import many
from tests.support.autogenerate import generate
script = generate(make_url(sys.argv[1]), many(), include_schemas=True)
print(script.imports, script.upgrade, "--", script.downgrade, sep="\\n")
"""
THERE = (
    "CREATE TABLE gone (id serial PRIMARY KEY)",
    "CREATE TABLE gone_too (id serial PRIMARY KEY, gone_id integer REFERENCES gone, a text UNIQUE, b text CHECK (b > ''))",
    "ALTER TABLE gone ADD gone_too_id integer REFERENCES gone_too",
    "CREATE TYPE mood AS ENUM ('sad')",
    "CREATE TABLE t0 (id serial PRIMARY KEY, mood mood, a varchar(5), b text, extra text, UNIQUE (a), UNIQUE (b))",
)


def many() -> MetaData:
    """A bit of everything."""
    metadata = MetaData()
    mood = Enum("sad", "ok", "happy", name="mood")
    for number in range(6):
        Table(
            f"t{number}",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("mood", mood, server_default="ok"),
            Column("a", sa.String(9), unique=True),
            Column("b", pg.JSONB, index=True, comment="it's 50% :x"),
            Column("c", pg.ARRAY(pg.UUID), server_default="{}"),
            Column("next_id", ForeignKey(f"t{(number + 1) % 6}.id")),
            Column("self_id", ForeignKey(f"t{number}.id")),
            Column("kind", Enum("x", "y", name=f"kind{number}")),
            sa.CheckConstraint("a <> ''"),
            sa.Index(f"ix_{number}", text("lower(a)"), postgresql_where=text("a <> 'x'")),
        )
        Table("a", metadata, Column("id", Integer, primary_key=True), schema=f"s{number}")
    return metadata


def generated(url: URL, seed: int) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, url.render_as_string(hide_password=False)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, encoding="utf-8").stdout


@pytest.fixture(scope="module")
def filled(server_url: URL) -> Any:
    from tests.support.servers import database  # noqa: PLC0415 - a fixture of this module only

    with database(server_url) as database_url:
        execute(database_url, *THERE)
        yield database_url


@cache
def first(url: URL) -> str:
    return generated(url, 1000)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_bytes_whatever_the_hash_seed(seed: int, filled: URL, server_url: URL) -> None:
    assert server_url
    assert generated(filled, seed) == first(filled)


def test_a_script_of_many_tables_is_formatted(filled: URL) -> None:
    script = generate(filled, many(), include_schemas=True)
    formatted(script)
    assert script.imports == "from sqlalchemy.dialects import postgresql"


BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"alembic_assay", "alembic_utils"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
import importlib.metadata as metadata
listed = metadata.entry_points
metadata.entry_points = lambda **given: metadata.EntryPoints(
    each for each in listed(**given) if not each.value.startswith("alembic_assay")
)
from alembic import op
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
"""


def without_us(url: URL, script: Script) -> subprocess.CompletedProcess[str]:
    """Run both directions where alembic-assay cannot be imported."""
    functions = "".join(
        f"def {name}():\n{indent(body, '    ')}\n"
        for name, body in (("upgrade", script.upgrade), ("downgrade", script.downgrade))
    )
    run = (
        f"with sa.create_engine({url.render_as_string(hide_password=False)!r}).connect() as connection:\n"
        "    context = MigrationContext.configure(connection, opts={'transaction_per_migration': True})\n"
        "    for function in (upgrade, downgrade, upgrade):\n"
        "        with context.begin_transaction(_per_migration=True), Operations.context(context):\n"
        "            function()\n"
        "assert 'alembic_assay' not in sys.modules\n"
    )
    program = f"{BLOCKED}\n{script.imports}\n{functions}\n{run}"
    return subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, encoding="utf-8"
    )


def test_it_runs_where_we_are_not_installed(database_url: URL) -> None:
    execute(database_url, "CREATE TABLE t0 (id serial PRIMARY KEY, a text, b text)", "INSERT INTO t0 (a) VALUES ('x')")
    metadata = MetaData()
    Table(
        "t0",
        metadata,
        Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        Column("a", sa.String(9), server_default="it's 50% :x"),
        Column("b", pg.JSONB),
        Column("c", sa.Numeric(10, 2), sa.Computed("id * 2", persisted=True)),
        pg.ExcludeConstraint(("id", "="), using="hash"),
        sa.Index("ix", text("lower(a)"), postgresql_where=text("a <> '50% \\:x'")),
    )
    Table("new", metadata, Column("id", Integer, primary_key=True), Column("t", ForeignKey("t0.id")), schema="My App")
    done = without_us(database_url, generate(database_url, metadata, include_schemas=True))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_directive_of_ours_fails_in_one_line_there(database_url: URL) -> None:
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("mood", Enum("a", name="mood")))
    done = without_us(database_url, generate(database_url, metadata))
    assert done.returncode
    line = done.stderr.splitlines()[-1].partition(". Did you mean")[0]
    assert line == "AttributeError: module 'alembic.op' has no attribute 'create_enum'"


class Lowered(sa.TypeDecorator[str]):
    """A type of the project's own."""

    impl = sa.String(40)
    cache_ok = True


def test_a_type_of_the_project_is_imported(database_url: URL) -> None:
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("a", Lowered), Column("b", sa.ARRAY(Lowered)))
    empty = MetaData()
    Table("t", empty, Column("id", Integer, primary_key=True))
    script = cycle(database_url, empty, metadata)
    assert script.imports == f"import {__name__}"
    assert f"sa.Column('a', {__name__}.Lowered(length=40)".replace("'", '"') in script.upgrade
    prefixed = generate(database_url, metadata, user_module_prefix="types.")
    assert prefixed.imports == ""
