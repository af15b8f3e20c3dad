"""Every code of an error in a document has a test that gets it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = re.compile(r"\b(?:REQ|SCH|MIG)[1-9]\d\d\b")


def codes(*directories: str) -> set[str]:
    paths = (path for directory in directories for path in (ROOT / directory).rglob("*.py"))
    return {code for path in paths if path != Path(__file__) for code in CODE.findall(path.read_text("utf-8"))}


def test_every_code_has_a_failing_example() -> None:
    assert codes("src/alembic_assay/design", "src/alembic_assay/catalog", "src/alembic_assay/emit") <= codes("tests")
