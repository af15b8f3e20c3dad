"""Index tasks by due date and by tag.

Built while the application reads and writes, which PostgreSQL does only outside a transaction. A build that
failed has left an invalid index: it is dropped first, so that the revision can be run again.

Revision ID: 0003
Revises: 0002
Create Date: 2025-02-10 09:00:00.000000

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Upgrade schema."""
    with op.get_context().autocommit_block():
        drop_indexes()
        op.create_index(
            "idx_tasks_due_date_partial",
            "tasks",
            ["due_date"],
            postgresql_where=sa.text("NOT done"),
            postgresql_concurrently=True,
        )
        op.create_index("idx_tasks_tags_gin", "tasks", ["tags"], postgresql_using="gin", postgresql_concurrently=True)


def downgrade() -> None:
    """Downgrade schema."""
    with op.get_context().autocommit_block():
        drop_indexes()


def drop_indexes() -> None:
    """Drop what is there of both indexes."""
    for name in ("idx_tasks_tags_gin", "idx_tasks_due_date_partial"):
        op.drop_index(name, table_name="tasks", postgresql_concurrently=True, if_exists=True)
