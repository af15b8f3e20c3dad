"""Requirements to schema documents. No database is needed.

Names are resolved when they are first asked for: importing this package imports neither pydantic nor a parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def design_schema(requirements: Mapping[str, Any], *, where: str = "the requirements") -> dict[str, Any]:
    """See :func:`alembic_assay.design.designer.design_schema`."""
    from alembic_assay.design import designer  # noqa: PLC0415 - pydantic and the SQL parser, only when needed

    return designer.design_schema(requirements, where=where)


def load(path: Path) -> dict[str, Any]:
    """See :func:`alembic_assay.design.loading.load`."""
    from alembic_assay.design import loading  # noqa: PLC0415 - with its caller

    return loading.load(path)


def json_schema() -> dict[str, Any]:
    """See :func:`alembic_assay.design.loading.json_schema`."""
    from alembic_assay.design import loading  # noqa: PLC0415 - with its caller

    return loading.json_schema()
