"""Create categories and let tasks have one.

Revision ID: 0004
Revises: 0003
Create Date: 2025-03-03 09:00:00.000000

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "categories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Identifier"),
        sa.Column("name", sa.String(length=50), nullable=False, comment="Name to show"),
        sa.Column("description", sa.Text(), server_default="", nullable=False, comment="What belongs here"),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_categories_name_not_blank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("name", name=op.f("uq_categories_name")),
        comment="What a task is about",
    )
    op.add_column(
        "tasks",
        sa.Column("category_id", sa.BigInteger(), nullable=True, comment="What it is about, if anything"),
    )


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("tasks", "category_id")
    op.drop_table("categories")
