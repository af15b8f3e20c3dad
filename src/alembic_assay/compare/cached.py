"""Where a run keeps what it found out about the models: the next one need not ask for what is the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_assay.catalog.cache import DIRECTORY
from alembic_assay.options import Options

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

KEY = "assay_cache"
"""The key of ``context.configure()`` that names another directory; ``None`` for none."""


def directory(autogen_context: AutogenContext) -> Path | None:
    """Return the directory beside ``alembic.ini``; ``None`` without a project, in CI, and where it is switched off."""
    opts = autogen_context.opts
    if KEY in opts:
        return None if opts[KEY] is None else Path(opts[KEY])
    config = autogen_context.migration_context.config
    options: Options = opts.get("assay") or Options()
    if not options.cache or os.environ.get("CI") or config is None or config.config_file_name is None:
        return None
    return Path(config.config_file_name).absolute().parent / DIRECTORY
