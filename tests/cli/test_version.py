"""``assay version``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.project import Project

DOCUMENT = {"format": "schema/1", "name": "x", "version": "2.1.0"}


def test_the_version_of_a_document_is_raised(project: Project) -> None:
    project.write("old.json", json.dumps(DOCUMENT))
    enum = {"schema": "public", "name": "mood", "values": ["a"]}
    project.write("new.json", json.dumps({**DOCUMENT, "enums": [enum]}))
    assert project.assay("version", "old.json", "new.json").stdout.splitlines() == [
        "minor  enum public.mood: old statements do not name it",
        "2.1.0 → 2.2.0",
    ]
    found = json.loads(project.assay("version", "new.json", "old.json", "--format", "json", "--from", "1.0.0").stdout)
    assert (found["bump"], found["to"]) == ("major", "2.0.0")
    error = project.assay("version", "old.json", "new.json", "--from", "1", expect=1).stderr
    assert error == "FAILED: expected a version MAJOR.MINOR.PATCH, got '1'. The first one is 1.0.0.\n"


def test_the_version_is_written_into_the_document_and_the_database(project: Project) -> None:
    project.write("old.json", json.dumps(DOCUMENT))
    project.write("new.json", json.dumps({**DOCUMENT, "enums": [{"schema": "public", "name": "m", "values": ["a"]}]}))
    error = project.assay("version", "old.json", "new.json", "--comment", expect=1).stderr
    assert error.endswith(
        'FAILED: there is no table "alembic_version" yet. Migrate the database before: assay upgrade head.\n'
    )
    project.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    project.assay("version", "old.json", "new.json", "--write", "--comment")
    assert json.loads((project.root / "new.json").read_text())["version"] == "2.2.0"
    assert project.sql("SELECT obj_description('alembic_version'::regclass)") == [("schema version 2.2.0",)]
    assert project.assay("version", "database", "new.json").stdout.splitlines()[-1].startswith("2.2.0 → ")
