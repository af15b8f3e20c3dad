"""Documents to what people read and run: models, diagrams, reports, SQL. No database is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_assay.emit.classes import Style


def generate_models(schema: Mapping[str, Any], style: Style = "sqlmodel") -> list[str]:
    """See :func:`alembic_assay.emit.package.generate_models`."""
    from alembic_assay.emit import package  # noqa: PLC0415 - pydantic and the name engine, only when needed

    return package.generate_models(schema, style)


def generate_migration(old_schema: Mapping[str, Any], new_schema: Mapping[str, Any], **options: Any) -> str:
    """See :func:`alembic_assay.emit.migration.generate_migration`."""
    from alembic_assay.emit import migration  # noqa: PLC0415 - Alembic's rendering, only when needed

    return migration.generate_migration(old_schema, new_schema, **options)
