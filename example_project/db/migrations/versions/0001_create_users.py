"""Create users.

Revision ID: 0001
Revises:
Create Date: 2025-01-20 09:00:00.000000

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "users",
        sa.Column(
            "id",
            sa.Text(),
            nullable=False,
            comment="Identifier given by the authentication service, else a UUID",
        ),
        sa.Column("email", sa.String(length=255), nullable=False, comment="Address to log in with, in lower case"),
        sa.Column("name", sa.String(length=255), nullable=False, comment="Name to show"),
        sa.Column(
            "password_hash",
            sa.String(length=255),
            nullable=False,
            comment="Salted hash, with the name of its method before the first '$'",
        ),
        sa.Column(
            "is_active",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="Whether the user may log in",
        ),
        sa.Column(
            "last_login_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the user last logged in",
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
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower")),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_users_name_not_blank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        comment="A person who owns tasks",
    )


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("users")
