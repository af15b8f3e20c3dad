"""``assay doctor``."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from tests.support.project import STOCK_ENV

if TYPE_CHECKING:
    from tests.support.project import Project


def test_all_is_well(project: Project) -> None:
    output = " ".join(project.assay("doctor").stdout.split())
    assert output.startswith(f"installed alembic-assay {version('alembic-assay')}, alembic {version('alembic')}, ")
    assert (
        "plugins found assay.entities, assay.enums, assay.finisher, assay.guard, assay.review, assay.tables database postgresql+psycopg://"
        in output
    )
    assert " (direct) server PostgreSQL " in output
    assert "may create schemas and extensions, create tables in public, create databases to do nothing" in output


def test_unfinished_business_is_named_with_its_cure(project: Project) -> None:
    project.sql('CREATE TABLE "T" (id int CHECK (id > 0))')
    project.sql('INSERT INTO "T" VALUES (1), (1)')
    project.sql('ALTER TABLE "T" ADD CONSTRAINT later CHECK (id > 0) NOT VALID')
    project.sql('CREATE INDEX i ON "T" (id)')
    project.sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass")
    lines = project.assay("doctor", expect=1, env={"COLUMNS": "200"}).stdout.splitlines()
    assert [" ".join(line.split()) for line in lines[-2:]] == [
        "to do index public.i is invalid: drop it and build it again, DROP INDEX CONCURRENTLY public.i",
        'to do constraint later of public."T" is NOT VALID: ALTER TABLE public."T" VALIDATE CONSTRAINT later',
    ]


def test_an_env_that_does_not_switch_us_on_is_told_how(project: Project) -> None:
    project.write_env(STOCK_ENV)
    output = project.assay("doctor", expect=1, env={"COLUMNS": "200"}).stdout
    assert output.splitlines()[-1].strip() == (
        "to do  env.py does not switch the plugins on: use run() or **configure_options()"
    )


def test_a_database_that_is_down_still_gets_the_versions(project: Project) -> None:
    result = project.assay("doctor", expect=1, env={"DATABASE_URL": None})
    assert result.stdout.startswith("installed")
    assert "FAILED: no database URL." in result.stderr
