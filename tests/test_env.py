"""``run()`` and ``configure_options()``, by the real command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, create_engine

if TYPE_CHECKING:
    from tests.support.project import Project

PASSWORD = "s3cret"

MODELS = """
    import sqlalchemy as sa
    from sqlalchemy.orm import DeclarativeBase

    class Base(DeclarativeBase):
        pass

    mood = sa.Enum("sad", "happy", name="mood")
    sa.Table("users", Base.metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("mood", mood))
"""

EXISTING_ENV = """
    import os
    import alembic_assay as assay
    from alembic import context
    from sqlalchemy import NullPool, create_engine
    from models import Base

    def include_object(item, name, kind, reflected, compare_to):
        return name != "ignored"

    def process(context, revision, directives):
        directives[0].message = "renamed by the user's own hook"

    with create_engine(os.environ["DATABASE_URL"], poolclass=NullPool).connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            process_revision_directives=process,
            **assay.configure_options(prove="off"),
        )
        with context.begin_transaction():
            context.run_migrations()
"""

WHOLE_ENV = "from alembic import context\nfrom alembic_assay.env import run\nfrom models import Base\n"


def failure(project: Project, *arguments: str, env: dict[str, str | None] | None = None) -> str:
    result = project.alembic(*arguments, expect=1, env=env)
    assert "Traceback" not in result.stdout + result.stderr
    assert PASSWORD not in result.stdout + result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("FAILED: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_an_existing_env_keeps_its_own_hooks(project: Project) -> None:
    project.write_env(EXISTING_ENV)
    project.write_models(MODELS)
    project.sql("CREATE TABLE ignored (id int)")
    script = project.revise()
    assert script.name.endswith("_renamed_by_the_user_s_own_hook.py")
    assert 'op.create_enum("mood", ["sad", "happy"])' in script.read_text()
    assert "ignored" not in script.read_text()
    project.alembic("upgrade", "head")
    assert "No new upgrade operations detected." in project.alembic("check").stdout


def test_it_says_which_plugins_are_on(project: Project) -> None:
    project.write_models(MODELS)
    assert (
        "INFO  [alembic.assay.env] Plugins on: assay.entities, assay.enums, assay.finisher, assay.guard, assay.review, assay.tables\n"
        in project.alembic("check", expect=255).stderr
    )


def test_offline_it_needs_no_database_and_sets_the_timeout_in_every_transaction(project: Project) -> None:
    project.add_revision(
        "op.create_enum('mood', ['it\\'s', ':x', '50%'])\n"
        "with op.get_context().autocommit_block():\n"
        "    op.add_enum_value('mood', 'snø', before=':x')\n"
        "op.drop_enum('mood')"
    )
    result = project.alembic("upgrade", "head", "--sql", env={"DATABASE_URL": None})
    statements = [line for line in result.stdout.splitlines() if line]
    assert statements == [
        "BEGIN;",
        "SET LOCAL lock_timeout = '2s';",
        "CREATE TABLE alembic_version (",
        "    version_num VARCHAR(32) NOT NULL, ",
        "    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)",
        ");",
        "-- Running upgrade  -> 0001",
        "CREATE TYPE \"mood\" AS ENUM ('it''s', ':x', '50%');",
        "COMMIT;",
        "ALTER TYPE \"mood\" ADD VALUE 'snø' BEFORE ':x';",
        "BEGIN;",
        "SET LOCAL lock_timeout = '2s';",
        'DROP TYPE "mood";',
        "INSERT INTO alembic_version (version_num) VALUES ('0001') RETURNING alembic_version.version_num;",
        "COMMIT;",
    ]


def test_the_url_comes_from_x_before_the_environment_before_the_ini_file(project: Project) -> None:
    url = project.url.render_as_string(hide_password=False)
    project.write_models(MODELS)
    project.alembic("-x", f"url={url}", "check", expect=255, env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"})
    ini = (project.root / "alembic.ini").read_text().replace("%(here)s", "@").replace("@", "%(here)s")
    (project.root / "alembic.ini").write_text(ini.replace("[alembic]", f"[alembic]\nsqlalchemy.url = {url}", 1))
    project.alembic("check", expect=255, env={"DATABASE_URL": None})
    project.write_env(f"{WHOLE_ENV}run(context, Base.metadata, url={url!r})\n")
    project.alembic("check", expect=255, env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"})


def test_a_connection_of_the_callers_is_used_as_it_is(project: Project) -> None:
    project.write_models(MODELS)
    project.revise()
    project.write(
        "migrate.py",
        """
        import os
        from alembic import command
        from alembic.config import Config
        from sqlalchemy import create_engine, inspect

        with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
            config = Config("alembic.ini")
            config.attributes["connection"] = connection
            with connection.begin() as transaction:
                command.upgrade(config, "head")
                print(inspect(connection).get_table_names())
                transaction.rollback()
            print(inspect(connection).get_table_names())
        """,
    )
    assert project.run("migrate").stdout == "['alembic_version', 'users']\n[]\n"


def test_each_revision_has_a_transaction_with_a_lock_timeout(project: Project) -> None:
    look = "op.execute(\"CREATE TABLE {0} AS SELECT current_setting('lock_timeout'), txid_current()\")"
    project.add_revision(look.format("a"))
    project.add_revision(look.format("b"))
    project.alembic("-x", "assay.lock_timeout=3s", "upgrade", "head")
    ((first, one), (second, two)) = project.sql("SELECT * FROM a UNION ALL SELECT * FROM b")
    assert (first, second) == ("3s", "3s")
    assert one != two


def test_a_missing_url_is_one_line(project: Project) -> None:
    assert failure(project, "upgrade", "head", env={"DATABASE_URL": None}) == (
        "FAILED: no database URL. Set DATABASE_URL to postgresql://user:password@host/database (or"
        " DATABASE_URL_UNPOOLED, if DATABASE_URL is a pooler's), or pass -x url=…."
    )


@pytest.mark.parametrize("url", [f"mysql://u:{PASSWORD}@h/d", f"postgresql://u:{PASSWORD}@h:port/d", "nonsense"])
def test_a_wrong_url_is_one_line_without_its_password(project: Project, url: str) -> None:
    assert failure(project, "upgrade", "head", env={"DATABASE_URL": url}).startswith("FAILED: DATABASE_URL: ")


def test_a_percent_sign_in_the_ini_file_is_one_line_without_the_password(project: Project) -> None:
    path = project.root / "alembic.ini"
    path.write_text(
        path.read_text().replace("[alembic]", f"[alembic]\nsqlalchemy.url = postgresql://u:{PASSWORD}%40@h/d")
    )
    assert failure(project, "upgrade", "head", env={"DATABASE_URL": None}) == (
        "FAILED: sqlalchemy.url in alembic.ini holds a single %. In this file, write % as %%."
    )


def test_a_server_that_is_down_is_one_line_without_the_password(project: Project) -> None:
    url = f"postgresql://ann:{PASSWORD}@127.0.0.1:1/app"
    message = failure(project, "upgrade", "head", env={"DATABASE_URL": url})
    assert "postgresql+psycopg://ann:***@127.0.0.1:1/app" in message


def test_metadata_that_is_none_or_empty_is_one_line(project: Project) -> None:
    assert failure(project, "revision", "--autogenerate", "-m", "x") == (
        "FAILED: the metadata in env.py has no tables, so every table of the database would be dropped. Import the"
        " modules that define the models there, before the metadata is used."
    )
    project.write_env(f"{WHOLE_ENV}run(context, None)\n")
    assert failure(project, "upgrade", "head") == (
        "FAILED: no models: the metadata that env.py passes to run() is None. Pass Base.metadata."
    )


def test_empty_metadata_is_one_line_in_an_existing_env_too(project: Project) -> None:
    project.write_env(EXISTING_ENV)
    message = failure(project, "revision", "--autogenerate", "-m", "x")
    assert message.startswith("FAILED: the metadata in env.py has no tables, ")


def test_an_unknown_option_is_one_line(project: Project) -> None:
    project.write_env(f"{WHOLE_ENV}run(context, Base.metadata, include_schema=True, prove='off')\n")
    assert failure(project, "upgrade", "head") == (
        "FAILED: unknown option 'include_schema' in env.py. Did you mean 'include_schemas'?"
    )
    project.write_env(f"{WHOLE_ENV}run(context, Base.metadata, connection=None)\n")
    assert failure(project, "upgrade", "head") == (
        "FAILED: run() sets 'connection' itself. To set it yourself, use configure_options()."
    )
    project.write_env(EXISTING_ENV.replace("prove=", "proof="))
    assert failure(project, "upgrade", "head") == "FAILED: unknown option 'proof' in env.py. Did you mean 'prove'?"


def test_a_statement_that_fails_is_located_in_its_script_and_rolled_back(project: Project) -> None:
    script = project.add_revision("op.execute('CREATE TABLE t (id int)')\nop.execute('DROP TABLE nothing')")
    path = script.relative_to(project.root)
    assert failure(project, "upgrade", "head") == (
        f'FAILED: {path}, line 10: UndefinedTable: table "nothing" does not exist [SQL: DROP TABLE nothing] Its'
        " transaction was rolled back. Use --raiseerr to see the traceback."
    )
    assert project.sql("SELECT count(*) FROM pg_tables WHERE tablename = 't'") == [(0,)]
    assert "Traceback" in project.alembic("--raiseerr", "upgrade", "head", expect=1).stderr


def test_two_processes_at_once_migrate_once(project: Project) -> None:
    project.add_revision("op.execute('SELECT pg_sleep(0.5)')\nop.execute('CREATE TABLE t (id int)')")
    with project.start("alembic", "upgrade", "head") as one, project.start("alembic", "upgrade", "head") as two:
        assert (one.wait(60), two.wait(60)) == (0, 0)
    assert project.sql("SELECT count(*) FROM pg_tables WHERE tablename = 't'") == [(1,)]


def test_what_an_autocommit_block_committed_is_not_called_rolled_back(project: Project) -> None:
    project.add_revision(
        "op.execute('CREATE TABLE t (id int)')\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE INDEX CONCURRENTLY i ON t (id)')\n"
        "op.execute('DROP TABLE nothing')"
    )
    assert failure(project, "upgrade", "head").endswith(
        "[SQL: DROP TABLE nothing] What it did before and in its last autocommit_block() is committed; an index that"
        " failed there may be left invalid, see assay doctor. Use --raiseerr to see the traceback."
    )


def test_a_lock_that_somebody_holds_is_one_line(project: Project) -> None:
    project.sql("CREATE TABLE t (id int)")
    script = project.add_revision("op.execute('ALTER TABLE t ADD a int')").relative_to(project.root)
    with create_engine(project.url, poolclass=NullPool).connect() as other:
        other.exec_driver_sql("LOCK TABLE t")
        assert failure(project, "-x", "assay.lock_timeout=100ms", "upgrade", "head") == (
            f"FAILED: {script}, line 9: waited for a lock that another session holds, longer than lock_timeout: ALTER"
            " TABLE t ADD a int Its transaction was rolled back. Run the same command again, at a quieter time."
        )


def test_the_stock_offline_arguments_are_taken(project: Project) -> None:
    options = "literal_binds=True, dialect_opts={'paramstyle': 'named'}"
    project.write_env(f"{WHOLE_ENV}run(context, Base.metadata, {options})\n")
    project.add_revision("op.create_enum('mood', ['50%'])")
    assert "CREATE TYPE \"mood\" AS ENUM ('50%');" in project.alembic("upgrade", "head", "--sql").stdout
