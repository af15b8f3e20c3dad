"""``alembic.op`` with our directives in its types: ``from alembic_assay import op``.

At run time it is the same object. Type checkers know no directives of plugins from ``alembic.op``.
"""

from __future__ import annotations

from typing import Any

from alembic import op as _op


def __getattr__(name: str) -> Any:
    return getattr(_op, name)
