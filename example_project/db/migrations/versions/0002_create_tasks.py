"""Create tasks with a priority and tags.

The index of the foreign key comes with the table: nobody waits for an index on an empty table.

Revision ID: 0002
Revises: 0001
Create Date: 2025-01-27 09:00:00.000000

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_enum("task_priority", ["low", "medium", "high"])
    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Identifier"),
        sa.Column("user_id", sa.Text(), nullable=False, comment="Owner; the tasks go with the user"),
        sa.Column("title", sa.String(length=200), nullable=False, comment="What is to be done"),
        sa.Column("description", sa.Text(), server_default="", nullable=False, comment="Details, in Markdown"),
        sa.Column(
            "priority",
            postgresql.ENUM("low", "medium", "high", name="task_priority", create_type=False),
            server_default="medium",
            nullable=False,
            comment="How much it matters",
        ),
        sa.Column("due_date", sa.Date(), nullable=True, comment="Day it is due"),
        sa.Column("due_time", sa.Time(), nullable=True, comment="Time of that day, in the user's time zone"),
        sa.Column(
            "tags",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment='JSON array of objects: [{"name": "home"}]',
        ),
        sa.Column(
            "done",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Whether it is done",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When the row was made",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When the application last changed the row",
        ),
        sa.CheckConstraint("btrim(title) <> ''", name=op.f("ck_tasks_title_not_blank")),
        sa.CheckConstraint("due_time IS NULL OR due_date IS NOT NULL", name=op.f("ck_tasks_due_time_has_date")),
        sa.CheckConstraint("jsonb_typeof(tags) = 'array'", name=op.f("ck_tasks_tags_is_array")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tasks_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        comment="A task of one user",
    )
    op.create_index("idx_tasks_user_id_created_at", "tasks", ["user_id", "created_at"])


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("tasks")
    op.drop_enum("task_priority")
