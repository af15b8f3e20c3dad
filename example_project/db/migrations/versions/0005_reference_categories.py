"""Let tasks reference their category.

The index comes before the foreign key that needs it. The key is added without looking at the rows, then
validated under a lock that lets writers pass. What a failed run has left is dropped first.

Revision ID: 0005
Revises: 0004
Create Date: 2025-03-04 09:00:00.000000

"""

from collections.abc import Sequence

from alembic import op

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Upgrade schema."""
    with op.get_context().autocommit_block():
        drop_reference()
        op.create_index("idx_tasks_category_id", "tasks", ["category_id"], postgresql_concurrently=True)
        op.create_foreign_key(
            op.f("fk_tasks_category_id_categories"),
            "tasks",
            "categories",
            ["category_id"],
            ["id"],
            ondelete="SET NULL",
            postgresql_not_valid=True,
        )
        op.execute("ALTER TABLE tasks VALIDATE CONSTRAINT fk_tasks_category_id_categories")


def downgrade() -> None:
    """Downgrade schema."""
    with op.get_context().autocommit_block():
        drop_reference()


def drop_reference() -> None:
    """Drop what is there of the foreign key and its index."""
    op.drop_constraint(op.f("fk_tasks_category_id_categories"), "tasks", type_="foreignkey", if_exists=True)
    op.drop_index("idx_tasks_category_id", table_name="tasks", postgresql_concurrently=True, if_exists=True)
