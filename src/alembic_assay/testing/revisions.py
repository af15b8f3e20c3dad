"""Ready-made tests of a project's revisions; import one into a test file to switch it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from alembic_assay.proof import history, report

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL

    from alembic_assay.proof.roundtrip import Proof

__all__ = ["alembic_config", "test_revisions_are_reversible"]


@pytest.fixture
def alembic_config(pytestconfig: pytest.Config) -> Config:
    """Alembic's configuration: ``alembic.ini`` or ``pyproject.toml`` beside pytest's own.

    Override this fixture where it is elsewhere.
    """
    root = pytestconfig.rootpath
    toml = root / "pyproject.toml"
    return Config(root / "alembic.ini", toml_file=toml if toml.is_file() else None)


def test_revisions_are_reversible(alembic_config: Config, assay_database: URL) -> None:
    """Run every revision up, down and up again on an empty database, and compare the catalogs."""
    directory = ScriptDirectory.from_config(alembic_config)
    proofs: list[Proof] = []

    def look(heads: tuple[str, ...], context: MigrationContext) -> list[object]:
        proofs.extend(history.prove_range(directory, context, heads, "base:heads"))
        return []

    with create_engine(assay_database, poolclass=NullPool).connect() as connection:
        alembic_config.attributes["connection"] = connection
        with EnvironmentContext(alembic_config, directory, fn=look, dont_mutate=True):
            directory.run_env()
    failures = [f"{proof.revision}: {report.text(proof)}" for proof in proofs if not proof.holds]
    if failures:
        pytest.fail("\n".join(failures), pytrace=False)
