"""Rename tasks.done to is_completed.

Autogenerate would propose to drop one column and add the other: the values would be gone.
The partial index and the default follow the column by themselves.

Revision ID: 0006
Revises: 0005
Create Date: 2025-03-17 09:00:00.000000

"""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Upgrade schema."""
    op.alter_column("tasks", "done", new_column_name="is_completed")


def downgrade() -> None:
    """Downgrade schema."""
    op.alter_column("tasks", "is_completed", new_column_name="done")
