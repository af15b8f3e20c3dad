"""``assay.review``: what is said about a new revision, and done to it, before it is written."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.plugins import Plugin
    from alembic.util import PriorityDispatchResult


def setup(plugin: Plugin) -> None:
    """Register the hook that puts the review after the user's ``process_revision_directives``."""
    util = importlib.import_module("alembic.util")
    plugin.add_autogenerate_comparator(
        _install, "autogenerate", "assay_review", qualifier="postgresql", priority=util.DispatchPriority.LAST
    )


def _install(*arguments: Any) -> PriorityDispatchResult:
    env = importlib.import_module("alembic_assay.env")
    result: PriorityDispatchResult = env.call_comparator("alembic_assay.proof.review", "install", *arguments)
    return result
