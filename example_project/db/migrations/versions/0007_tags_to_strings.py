"""Turn tags from objects into strings.

``[{"name": "home"}]`` becomes ``["home"]``, so that ``tags @> '["home"]'`` finds it through the index.

Each batch is a transaction of its own, found by primary key: no row is locked for long, and a run that was
interrupted is simply run again.

Revision ID: 0007
Revises: 0006
Create Date: 2025-04-07 09:00:00.000000

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


BATCH_SIZE = 1_000

TO_STRING = "CASE jsonb_typeof(tag) WHEN 'object' THEN coalesce(tag -> 'name', tag) ELSE tag END"
TO_OBJECT = "CASE jsonb_typeof(tag) WHEN 'string' THEN jsonb_build_object('name', tag) ELSE tag END"


def upgrade() -> None:
    """Upgrade the rows."""
    convert_tags(TO_STRING, is_old="object")
    comment("JSON array of strings")


def downgrade() -> None:
    """Downgrade the rows, those written since the upgrade too."""
    convert_tags(TO_OBJECT, is_old="string")
    comment('JSON array of objects: [{"name": "home"}]')


def convert_tags(expression: str, *, is_old: str) -> None:
    """Apply an expression over ``tag`` to every tag of every task that holds a tag of the old type."""
    change = f"""
        UPDATE tasks SET tags = (
            SELECT jsonb_agg({expression} ORDER BY position)
            FROM jsonb_array_elements(tags) WITH ORDINALITY AS tag_list (tag, position)
        )
        WHERE tags @? '$[*] ? (@.type() == "{is_old}")'"""  # noqa: S608 - constants of this file
    if op.get_context().as_sql:
        op.execute(change)
        return
    step = sa.text(
        f"""
        WITH batch AS (SELECT id FROM tasks WHERE id > :last ORDER BY id LIMIT :size),
        changed AS ({change} AND id IN (SELECT id FROM batch))
        SELECT max(id) FROM batch"""  # noqa: S608 - constants of this file
    )
    with op.get_context().autocommit_block():
        last: int | None = 0
        while last is not None:
            last = op.get_bind().execute(step, {"last": last, "size": BATCH_SIZE}).scalar()


def comment(text: str) -> None:
    """Say in the catalog what a tag looks like."""
    op.alter_column("tasks", "tags", comment=text)
