"""Nothing is proposed where the models were made from the database itself, whatever is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.autogenerate import catalogs, generate
from tests.support.roundtrip import load, required, restore
from tests.support.servers import database, pg_dump

from alembic_assay.catalog.build import build
from alembic_assay.env import OUR_PLUGINS

if TYPE_CHECKING:
    from sqlalchemy import URL

CATALOG = Path(__file__).parents[1] / "catalog"
FILES = sorted([*(CATALOG / "schemas").glob("*.sql"), *(CATALOG / "features").glob("*.sql")])
REFUSED = {"enum_labels_odd"}
"""An empty label is refused in models, with its own message."""


@pytest.mark.parametrize("path", [path for path in FILES if path.stem not in REFUSED], ids=lambda path: path.stem)
def test_nothing_is_proposed(path: Path, database_url: URL, server_url: URL) -> None:
    load(database_url, [required(path, server_url)])
    models = build(catalogs(database_url))
    if models.tables:
        assert generate(database_url, models, include_schemas=True).upgrade == "pass"


@pytest.mark.parametrize("path", sorted((CATALOG / "schemas").glob("*.sql")), ids=lambda path: path.stem)
def test_nothing_is_proposed_after_pg_dump_and_without_alembics_comparisons(
    path: Path, database_url: URL, server_url: URL
) -> None:
    load(database_url, [required(path, server_url)])
    models = build(catalogs(database_url))
    ours = [OUR_PLUGINS]
    assert generate(database_url, models, include_schemas=True, autogenerate_plugins=ours).upgrade == "pass"
    with database(server_url) as copy:
        restore(copy, pg_dump(database_url))
        assert generate(copy, models, include_schemas=True).upgrade == "pass"
        assert generate(copy, models, include_schemas=True, autogenerate_plugins=ours).upgrade == "pass"
