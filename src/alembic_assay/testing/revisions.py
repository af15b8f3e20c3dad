"""Ready-made tests of a project's revisions; import one into a test file to switch it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from alembic_assay.proof import history, report

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL

    from alembic_assay.proof.roundtrip import Proof


def test_revisions_are_reversible(assay_config: Config, assay_database: URL) -> None:
    """Run every revision up, down and up again on an empty database, and compare the catalogs."""
    directory = ScriptDirectory.from_config(assay_config)
    proofs: list[Proof] = []

    def look(heads: tuple[str, ...], context: MigrationContext) -> list[object]:
        proofs.extend(history.prove_range(directory, context, heads, "base:heads"))
        return []

    with create_engine(assay_database, poolclass=NullPool).connect() as connection:
        assay_config.attributes["connection"] = connection
        with EnvironmentContext(assay_config, directory, fn=look, dont_mutate=True):
            directory.run_env()
    failures = [f"{proof.revision}: {report.text(proof)}" for proof in proofs if not proof.holds]
    if failures:
        pytest.fail("\n".join(failures), pytrace=False)
