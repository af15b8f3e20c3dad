"""Run ``env.py`` to look at the database through the user's own configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.runtime.environment import EnvironmentContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory


def look(
    config: Config, script: ScriptDirectory, function: Callable[[tuple[str, ...], MigrationContext], None]
) -> None:
    """Run ``env.py`` as ``alembic current`` does, and call a function where migrations would run.

    Args:
        config: Alembic's.
        script: The project's.
        function: Gets the revisions that the database is at, and the migration context.
    """

    def run(heads: tuple[str, ...], context: MigrationContext) -> list[Any]:
        function(heads, context)
        return []

    with EnvironmentContext(config, script, fn=run, dont_mutate=True):
        script.run_env()
