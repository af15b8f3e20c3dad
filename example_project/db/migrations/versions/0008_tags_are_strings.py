"""Allow only strings as tags.

Released once the application writes strings. The rows are checked under a lock that lets writers pass. What a
failed run has left is dropped first.

Revision ID: 0008
Revises: 0007
Create Date: 2025-04-14 09:00:00.000000

"""

from collections.abc import Sequence

from alembic import op

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME = "ck_tasks_tags_are_strings"


def upgrade() -> None:
    """Upgrade schema."""
    with op.get_context().autocommit_block():
        op.drop_constraint(op.f(NAME), "tasks", type_="check", if_exists=True)
        op.create_check_constraint(
            op.f(NAME),
            "tasks",
            """NOT jsonb_path_exists(tags, '$[*] ? (@.type() != "string")')""",
            postgresql_not_valid=True,
        )
        op.execute(f"ALTER TABLE tasks VALIDATE CONSTRAINT {NAME}")


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_constraint(op.f(NAME), "tasks", type_="check")
