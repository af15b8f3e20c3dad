from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from alembic_assay import tenants
from alembic_assay.errors import TenantsError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL
    from tests.support.project import Project

KEYS = "expected name, schemas or databases, and maybe url and shared; got"


def test_schemas_are_found_by_pattern(tenants_project: Project) -> None:
    found = tenants.schemas(tenants_project.url, r"tenant\_0%", shared=("public",), group="g")
    assert [each.name for each in found] == [f"tenant_{number:02}" for number in range(10)]
    assert found[0].search_path == ("tenant_00", "public")
    assert found[0].group == "g"
    assert "***" in str(found[0])
    assert tenants.schemas(tenants_project.url, "%O'Neill%")[0].schema == "tenant_O'Neill, Ann"
    assert tenants.schemas(tenants_project.url, "pg%") == []


def test_a_file_of_groups(tmp_path: Path, tenants_project: Project, server_url: URL) -> None:
    file = tmp_path / "tenants.toml"
    url = tenants_project.url.render_as_string(hide_password=False)
    file.write_text(
        f"""
        [[group]]
        name = "internal"
        schemas = ["b", "a"]
        shared = ["public"]

        [[group]]
        name = "customers"
        schemas = "tenant\\\\_1%"
        url = "{url}"

        [[group]]
        databases = ["x", "y"]
        """,
        "utf-8",
    )
    found = tenants.read_file(file, server_url)
    assert [(each.group, each.name) for each in found][:3] == [
        ("internal", "b"),
        ("internal", "a"),
        ("customers", "tenant_10"),
    ]
    assert [(each.name, each.url.database, each.schema) for each in found[-2:]] == [("x", "x", None), ("y", "y", None)]
    assert found[0].search_path == ("b", "public")
    with pytest.raises(TenantsError, match=r"group 1: no url, and DATABASE_URL is not set\.$"):
        tenants.read_file(file, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[group]", "Expected ']]' at the end of an array declaration (at line 1, column 8)."),
        ("x = 1", "expected tables [[group]], and nothing else."),
        ("group = []", "expected tables [[group]], and nothing else."),
        ('[[group]]\nname = "a"', f"group 1: {KEYS} name."),
        ('[[group]]\nschemas = "a"\nurls = "b"', f"group 1: {KEYS} schemas, urls."),
        (
            '[[group]]\nschemas = "a"\nurl = "mysql://u:s3cret@h/d"',
            "group 1: database URL: expected postgresql://user:password@host/database, got a URL for 'mysql'.",
        ),
    ],
)
def test_a_wrong_file(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "tenants.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(TenantsError) as raised:
        tenants.read_file(file, None)
    assert re.sub(r"^.*tenants\.toml(, |: )", "", str(raised.value)) == message
    with pytest.raises(TenantsError, match=r"No such file or directory"):
        tenants.read_file(tmp_path / "nothing", None)
