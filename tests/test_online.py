"""``run()`` with an engine of the user's, another variable, and what it refuses over a pooler."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.support import servers
from tests.support.servers import libpq_url

if TYPE_CHECKING:
    from sqlalchemy import URL
    from tests.support.project import Project

ENGINE = """\
import os

from alembic import context
from sqlalchemy import NullPool, create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from alembic_assay.env import run
from models import Base

run(context, Base.metadata, engine={engine}, lock_timeout="3s")
"""
URL_OF = 'os.environ["TOKEN_URL"]'
ENGINES = {
    "sync": (f"create_engine({URL_OF}, poolclass=NullPool)", "psycopg"),
    "psycopg2": (f"create_engine({URL_OF}, poolclass=NullPool)", "psycopg2"),
    "async": (f"create_async_engine({URL_OF}, poolclass=NullPool)", "psycopg"),
    "asyncpg": (f"create_async_engine({URL_OF}, poolclass=NullPool)", "asyncpg"),
}
TWO = "op.execute(\"CREATE TABLE t AS SELECT current_setting('lock_timeout') AS a\")"
INDEX = "with op.get_context().autocommit_block():\n    op.execute('CREATE INDEX CONCURRENTLY i ON t (a)')"


def written(url: URL, driver: str = "psycopg") -> str:
    return url.set(drivername=f"postgresql+{driver}").render_as_string(hide_password=False)


@pytest.mark.parametrize("kind", ENGINES)
def test_an_engine_of_the_user_s(project: Project, kind: str) -> None:
    code, driver = ENGINES[kind]
    if driver == "psycopg2":
        pytest.importorskip(driver)
    project.write_env(ENGINE.format(engine=code))
    project.add_revision(TWO, "op.execute('DROP TABLE t')")
    project.add_revision(INDEX, "op.execute('DROP INDEX i')")
    environment: dict[str, str | None] = {"TOKEN_URL": written(project.url, driver), "DATABASE_URL": None}
    command = ("alembic", "upgrade", "head")
    with project.start(*command, env=environment) as one, project.start(*command, env=environment) as two:
        said = [each.communicate(timeout=120)[1] for each in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0), said
    assert project.sql("SELECT a, (SELECT version_num FROM alembic_version) FROM t") == [("3s", "0002")]
    assert any("(from engine of env.py)" in each for each in said)


def test_an_async_engine_within_an_event_loop(project: Project) -> None:
    project.write_env(ENGINE.format(engine=ENGINES["asyncpg"][0]))
    project.add_revision(TWO)
    project.write(
        "start.py",
        """
        import asyncio
        from alembic import command
        from alembic.config import Config

        async def start() -> None:
            command.upgrade(Config("alembic.ini"), "head")
            print("started")

        asyncio.run(start())
        """,
    )
    assert project.run("start", env={"TOKEN_URL": written(project.url, "asyncpg")}).stdout == "started\n"
    assert project.sql("SELECT a FROM t") == [("3s",)]


def test_a_url_that_is_asked_for_goes_before_the_engine(project: Project, server_url: URL) -> None:
    """A rehearsal names its branch so, and tenants are named so: the engine's database must stay as it is."""
    project.write_env(ENGINE.format(engine=ENGINES["sync"][0]))
    project.add_revision(TWO)
    with servers.database(server_url) as branch:
        environment = {"TOKEN_URL": written(project.url)}
        project.alembic("-x", f"url={written(branch)}", "upgrade", "head", env=environment)
    assert project.sql("SELECT to_regclass('t'), to_regclass('alembic_version')") == [(None, None)]


def test_an_engine_with_a_pool_is_refused(project: Project) -> None:
    project.write_env(ENGINE.format(engine=f"create_engine({URL_OF})"))
    failed = project.alembic("current", expect=1, env={"TOKEN_URL": written(project.url)})
    assert failed.stderr.splitlines()[-1] == (
        "FAILED: engine in env.py: expected poolclass=NullPool, got QueuePool. A migration's connections must not go"
        " back to the application."
    )


def test_a_second_database_has_a_variable_of_its_own(project: Project) -> None:
    project.write_env(
        "from alembic import context\nfrom alembic_assay.env import run\nfrom models import Base\n"
        "run(context, Base.metadata, variable='BILLING_URL')\n"
    )
    project.add_revision(TWO)
    nobody = "postgresql://nobody@127.0.0.1:1/x"
    environment = {"DATABASE_URL_UNPOOLED": nobody, "BILLING_URL": nobody, "BILLING_URL_UNPOOLED": written(project.url)}
    said = project.alembic("upgrade", "head", env=environment).stderr
    assert "(from BILLING_URL_UNPOOLED)" in said
    failed = project.alembic("upgrade", "head", expect=1).stderr
    assert failed.splitlines()[-1] == (
        "FAILED: no database URL. Set BILLING_URL to postgresql://user:password@host/database (or"
        " BILLING_URL_UNPOOLED, if BILLING_URL is a pooler's), or pass -x url=…."
    )


def test_a_statement_timeout_is_ours_and_not_the_role_s(project: Project) -> None:
    role = f"assay_online_{os.getpid()}"
    project.sql(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'p'")
    try:
        project.sql(f"ALTER ROLE {role} SET statement_timeout = '100ms'")
        url = written(project.url.set(username=role, password="p"))
        project.add_revision("op.execute('SELECT pg_sleep(0.3)')")
        failed = project.alembic("-x", "assay.statement_timeout=50ms", "upgrade", "head", expect=1)
        assert "QueryCanceled: canceling statement due to statement timeout" in failed.stderr
        project.alembic("upgrade", "head", env={"DATABASE_URL": url})
    finally:
        project.sql(f"DROP OWNED BY {role} CASCADE")
        project.sql(f"DROP ROLE {role}")
    assert "SET LOCAL statement_timeout = '1h';" in (
        project.alembic("-x", "assay.statement_timeout=1h", "upgrade", "head", "--sql").stdout
    )


@pytest.mark.parametrize("tenant", [False, True])
def test_an_autocommit_block_over_a_pooler_is_refused_before_it_commits(
    project: Project, pooled_url: URL, tenant: bool
) -> None:
    """It was refused when the block had committed what came before: the table was there, its revision was not."""
    project.sql("CREATE SCHEMA tenant_1")
    project.env["DATABASE_URL"] = f"{libpq_url(pooled_url)}?pgbouncer=true"
    project.add_revision(f"op.execute('CREATE TABLE t (a int)')\n{INDEX}")
    schema = ("-x", "schema=tenant_1") if tenant else ()
    failed = project.alembic(*schema, "upgrade", "head", expect=1)
    expected = (
        "FAILED: an autocommit_block() cannot run in schema 'tenant_1' over a pooler. Set DATABASE_URL_UNPOOLED to"
        " migrate over the direct host."
        if tenant
        else "FAILED: an autocommit_block() over a pooler: what it sets for its session would be others', or lost. Set"
        " DATABASE_URL_UNPOOLED to migrate over the direct host, or allow_pooled = true."
    )
    assert failed.stderr.splitlines()[-1] == expected
    assert project.sql("SELECT to_regclass('t'), to_regclass('tenant_1.t')") == [(None, None)]
    if not tenant:
        project.alembic("-x", "assay.allow_pooled=on", "upgrade", "head")


def test_a_revision_that_does_nothing_is_not_written(project: Project) -> None:
    project.write_models(
        "import sqlalchemy as sa\nfrom sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
        "\n\nsa.Table('t', Base.metadata, sa.Column('a', sa.Integer))\n"
    )
    project.sql("CREATE TABLE t (a int)")
    command = ("revision", "--autogenerate", "-m", "nothing")
    assert "No changes: no revision is written\n" in project.alembic(*command).stderr
    assert not list(project.versions.glob("*.py"))
    project.write_env(
        "from alembic import context\nfrom alembic_assay.env import run\nfrom models import Base\n\n"
        "def hook(context, revision, directives):\n    print('hooked', len(directives))\n\n"
        "run(context, Base.metadata, process_revision_directives=hook)\n"
    )
    assert "hooked 1\n" in project.alembic(*command).stdout
    project.alembic("revision", "-m", "by hand")
    assert len(list(project.versions.glob("*.py"))) == 1
