"""Alembic plugin for PostgreSQL and Neon: complete, safe and reversible migrations.

What an ``env.py`` needs is here; everything else is imported from its module.
"""

from typing import TYPE_CHECKING

import alembic  # noqa: F401 - first, so that Alembic is whole before any module of ours asks for a part

from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from alembic_assay.env import configure_options

__all__ = ["AssayError", "__version__", "configure_options"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "configure_options":
        from alembic_assay.env import configure_options  # noqa: PLC0415 - `import alembic` pays for what it uses

        return configure_options
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
