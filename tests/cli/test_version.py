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
