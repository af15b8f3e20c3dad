"""An upgrade that died on the way goes on when it is run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.cycles import snapshot

from alembic_assay.catalog.enums import Enum

if TYPE_CHECKING:
    from tests.support.project import Project

REVISION = '''
"""Dies once, after the label is committed."""
import os
import signal
from alembic import op

revision = "one"
down_revision = None


def upgrade():
    with op.get_context().autocommit_block():
        op.add_enum_value("mood", "ok", after="sad", if_not_exists=True)
        op.start_enum_switch("other", ["b", "a"])
        if "DIE" in os.environ:
            os.kill(os.getpid(), signal.SIGKILL)
        op.copy_enum_values("other")
    op.finish_enum_switch("other")
    op.replace_enum("mood", ["ok", "sad"])


def downgrade():
    op.replace_enum("mood", ["sad"])
'''


def test_killed_between_statements_it_continues(project: Project) -> None:
    project.write_models(
        "import sqlalchemy as sa\nfrom sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass\n"
    )
    project.sql("CREATE TYPE mood AS ENUM ('sad')")
    project.sql("CREATE TYPE other AS ENUM ('a', 'b')")
    project.sql("CREATE TABLE t (m mood, o other NOT NULL); INSERT INTO t VALUES ('sad', 'b')")
    (project.versions / "one.py").write_text(REVISION)
    project.alembic("upgrade", "head", expect=-9, env={"DIE": "1"})
    project.alembic("upgrade", "head")
    assert {each.name: each.labels for each in snapshot(project).of(Enum)} == {
        "mood": ("ok", "sad"),
        "other": ("b", "a"),
    }
    assert project.sql("SELECT m::text, o::text FROM t") == [("sad", "b")]
