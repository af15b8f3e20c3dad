from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support import neon_api
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

CREATE = "op.create_table('t', sa.Column('a', sa.Integer()))"


@pytest.fixture
def project(tmp_path: Path, database_url: URL) -> Project:
    project = Project(tmp_path / "project", database_url)
    project.add_revision(CREATE, "op.drop_table('t')")
    for name in ("tenant_1", "tenant_2"):
        project.sql(f"CREATE SCHEMA {name}")
    return project


def test_without_tenants_it_is_alembics(project: Project) -> None:
    assert project.assay("upgrade", "head", "--sql").stdout == project.alembic("upgrade", "head", "--sql").stdout
    theirs = project.alembic("upgrade", "nothing", expect=255)
    assert project.assay("upgrade", "nothing", expect=255).stdout == theirs.stdout
    project.assay("upgrade", "head")
    assert project.sql("SELECT count(*) FROM t") == [(0,)]


def test_a_report_of_tenants(project: Project) -> None:
    project.sql("CREATE VIEW tenant_2.t AS SELECT 1")
    failed = project.assay("upgrade", "head", "--tenants", "schemas:tenant%", "--on-error", "continue", expect=1)
    assert failed.stdout.splitlines()[0].split() == ["tenant", "group", "status", "from", "seconds", "error"]
    assert "tenant_2" in failed.stdout
    assert "DuplicateTable" in failed.stdout
    assert "1 upgraded, 1 failed; " in failed.stdout
    assert "Traceback" not in failed.stderr
    project.sql("DROP VIEW tenant_2.t")
    done = json.loads(project.assay("upgrade", "head", "--tenants", "schemas:tenant%", "--format", "json").stdout)
    assert done["counts"] == {"upgraded": 1, "already there": 1, "failed": 0, "not run": 0}
    assert [tenant["name"] for tenant in done["tenants"]] == ["tenant_1", "tenant_2"]


def test_one_schema_with_alembic_alone(project: Project) -> None:
    project.alembic("-x", "schema=tenant_1", "upgrade", "head")
    assert project.sql("SELECT to_regclass('t'), to_regclass('alembic_version')") == [(None, None)]
    assert project.sql("SELECT version_num FROM tenant_1.alembic_version") == [("0001",)]
    script = project.alembic("-x", "schema=tenant_2", "-x", "schema=public", "upgrade", "head", "--sql").stdout
    assert 'BEGIN;\n\nSET LOCAL lock_timeout = \'2s\';\n\n\nSET LOCAL search_path = "tenant_2", "public";' in script
    assert "INSERT INTO tenant_2.alembic_version" in script


def test_projects_of_neon(project: Project) -> None:
    pytest.importorskip("httpx")
    with neon_api.running(project.url) as neon:
        which = f"neon:{project.url.database}/{project.url.username}"
        environment = neon.environment | {"NEON_PROJECT_ID": None, "DATABASE_URL": None}
        done = json.loads(
            project.assay("upgrade", "head", "--tenants", which, "--format", "json", env=environment).stdout
        )
    assert [(tenant["name"], tenant["status"]) for tenant in done["tenants"]] == [(neon_api.PROJECT, "upgraded")]
    assert project.sql("SELECT count(*) FROM t") == [(0,)]


def test_wrong_arguments(project: Project) -> None:
    for arguments, message in (
        (["--tenants", "nothing"], "--tenants: expected schemas:…, databases:…, neon:… or a file, got 'nothing'."),
        (["--tenants", "neon:shop"], "--tenants: expected neon:DATABASE/ROLE, got 'neon:shop'."),
        (["--tenants", "schemas:x%"], "no tenants. Is the pattern right? It is one for LIKE."),
        (
            ["--tenants", "schemas:%", "--sql"],
            "--tenants and --sql do not go together. Write one script: -x schema=… --sql.",
        ),
    ):
        assert project.assay("upgrade", "head", *arguments, expect=1).stderr.splitlines()[-1] == f"FAILED: {message}"
