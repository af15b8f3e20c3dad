"""Read, generated, imported and made again: no schema differs more than by ``pg_dump | psql``, in both styles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
from tests.emit.generated import create, imported
from tests.support import roundtrip, servers

from alembic_assay import catalog
from alembic_assay.catalog import document
from alembic_assay.emit.classes import Style

if TYPE_CHECKING:
    from sqlalchemy import URL

# SQLAlchemy 2.1 says this of its own types DOMAIN and MONEY.
pytestmark = pytest.mark.filterwarnings("ignore:Type object .* does not refer to an OperatorClass")

HERE = Path(__file__).parent.parent / "catalog"
FEATURES = sorted((HERE / "features").glob("*.sql"))
SCHEMAS = sorted(path for path in (HERE / "schemas").glob("*.sql") if path.stem != "danbooru")  # it has operators


def made_again(server_url: URL, snapshot: catalog.Snapshot, style: Style, directory: Path) -> set[str]:
    """Return the changes against what the models make."""
    with (
        imported(document.to_document(snapshot), style, directory) as module,
        servers.database(server_url) as second,
    ):
        create(module, second)
        return {str(each) for each in catalog.diff(snapshot, roundtrip.snapshot_of(second))}


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: path.stem)
def test_a_feature_comes_back_from_models(server_url: URL, path: Path, tmp_path: Path) -> None:
    sql = roundtrip.required(path, server_url)
    with servers.database(server_url) as first:
        roundtrip.load(first, [sql])
        snapshot = roundtrip.snapshot_of(first)
    for style in get_args(Style):
        assert made_again(server_url, snapshot, style, tmp_path) == set(), style
    check_style(tmp_path)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_published_schema_comes_back_no_worse_than_by_pg_dump(server_url: URL, path: Path, tmp_path: Path) -> None:
    sql = roundtrip.required(path, server_url)
    with servers.database(server_url) as first:
        roundtrip.load(first, [sql])
        original = roundtrip.Database(first, roundtrip.snapshot_of(first), servers.pg_dump(first))
        floor = set(roundtrip.by_pg_dump(server_url, original).changes)
    for style in get_args(Style):
        assert made_again(server_url, original.snapshot, style, tmp_path) <= floor, style
    check_style(tmp_path)


def check_style(directory: Path) -> None:
    """Generated code is clean and formatted."""
    for command in (["check"], ["format", "--check", "--line-length", "100"]):
        arguments = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(directory)]
        done = subprocess.run(arguments, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stdout
