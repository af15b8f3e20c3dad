"""An upgrade that died on the way, or found a table locked, goes on when it is run again, whatever was done by then."""

from __future__ import annotations

import itertools
import os
import re
import signal
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import psycopg
import pytest
from alembic.config import main
from sqlalchemy import Engine, event
from tests.support.cycles import rows, snapshot
from tests.support.servers import libpq_url

from alembic_assay import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.project import Project

Action = Literal["kill", "lock"]

NO_SUCH_STEP = 77

SETUP = """
CREATE TYPE mood AS ENUM ('a', 'b', 'c');
CREATE TABLE one (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'a');
CREATE TABLE two (id int PRIMARY KEY, moods mood[], mood mood);
CREATE INDEX i ON one (id) WHERE mood = 'a';
CREATE VIEW v AS SELECT mood FROM one WHERE mood <> 'c';
COMMENT ON TYPE mood IS 'm';
INSERT INTO one SELECT i, 'c' FROM generate_series(1, 500) AS i;
INSERT INTO two VALUES (1, '{a,NULL}', 'c')
"""

ONLINE = """
with op.get_context().autocommit_block():
    op.start_enum_switch("mood", {labels})
    op.copy_enum_values("mood", batch_pages=2)

op.finish_enum_switch("mood")
"""

SCRIPTS = {
    "labels added and used": (
        """
        with op.get_context().autocommit_block():
            op.add_enum_value("mood", "x", after="a", if_not_exists=True)
            op.add_enum_value("mood", "y", after="x", if_not_exists=True)

        op.rename_enum_value("mood", "b", "beta")
        op.alter_column("one", "mood", server_default="x")
        """,
        """
        op.alter_column("one", "mood", server_default="a")
        op.rename_enum_value("mood", "beta", "b")
        op.replace_enum("mood", ["a", "b", "c"])
        """,
    ),
    "built anew": ("op.replace_enum('mood', ['c', 'a'])", "op.replace_enum('mood', ['a', 'b', 'c'])"),
    "switched online": (ONLINE.format(labels=["c", "a"]), ONLINE.format(labels=["a", "b", "c"])),
}

STEP = re.compile(r"\s*(ALTER|CREATE|DROP|UPDATE|INSERT|DELETE|LOCK|COMMENT|GRANT|COMMIT)\b")


@dataclass
class Interruption:
    """What happens at one step of a run: a statement that changes something, or a commit.

    Args:
        action: To be killed, or to find the tables locked by somebody else from then on.
        step: Before which.
        url: Of the database.
    """

    action: Action
    step: int
    url: str
    seen: int = 0
    blocker: psycopg.Connection[Any] | None = None

    def listen(self) -> None:
        event.listen(Engine, "before_cursor_execute", lambda _c, _u, statement, *_: self.meet(statement))
        event.listen(Engine, "commit", lambda _: self.meet("COMMIT"))

    def meet(self, statement: str) -> None:
        if not STEP.match(statement):
            return
        self.seen += 1
        if self.seen != self.step:
            return
        if self.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        # Building an index waits for whoever holds a lock, so this one must come to an end.
        self.blocker = psycopg.connect(self.url, options="-c idle_in_transaction_session_timeout=1s")
        try:
            self.blocker.execute("LOCK TABLE one, two IN ACCESS SHARE MODE NOWAIT")
        except psycopg.errors.LockNotAvailable:  # the migration has them already
            self.blocker.close()


def alembic(project: Project, *arguments: str, interruption: Interruption | None = None) -> int:
    """Run the command in a process of its own, forked: without importing everything again. Return its exit code."""
    process = os.fork()
    if not process:
        try:
            _command(project, arguments, interruption)
        except BaseException:  # noqa: BLE001 - a fork must never return to the tests
            traceback.print_exc(file=sys.__stderr__)
        os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _command(project: Project, arguments: tuple[str, ...], interruption: Interruption | None) -> None:
    os.chdir(project.root)
    os.environ["DATABASE_URL"] = project.url.render_as_string(hide_password=False)
    sys.path.insert(0, str(project.root))
    sys.modules.pop("models", None)  # of another test's project
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - the process ends soon
    if interruption is not None:
        interruption.listen()
    try:
        main(argv=["-x", "assay.lock_timeout=100ms", *arguments])
    except SystemExit as ended:
        os._exit(int(ended.code or 0))
    os._exit(NO_SUCH_STEP if interruption is not None and interruption.seen < interruption.step else 0)


def steps(config: pytest.Config, action: Action) -> Iterable[int]:
    """All of them, or those that tell most."""
    if config.getoption("all_cases"):
        return itertools.count(1)
    return (4, 11) if action == "kill" else (1,)


def left(before: catalog.Snapshot, project: Project) -> list[str]:
    return [str(each) for each in catalog.diff(before, snapshot(project)) if each.fields != ("position",)]


def values(project: Project) -> dict[str, list[Any]]:
    """The rows, whatever the order of the columns."""
    return {name: sorted("".join(sorted(row)) for row in found) for name, found in rows(project).items()}


@pytest.mark.parametrize("action", ["kill", "lock"])
@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
def test_it_continues_from_every_step(
    project: Project, request: pytest.FixtureRequest, name: str, direction: str, action: Action
) -> None:
    project.write_models("from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass\n")
    project.sql(SETUP)
    project.add_revision("pass")
    project.add_revision(*SCRIPTS[name])
    assert alembic(project, "upgrade", "0001") == 0
    states = {"downgrade": (snapshot(project), values(project))}
    assert alembic(project, "upgrade", "0002") == 0
    states["upgrade"] = (snapshot(project), values(project))
    there, back = (("upgrade", "0002"), ("downgrade", "0001"))
    if direction == "downgrade":
        there, back = back, there
    interrupted = 0
    for step in steps(request.config, action):
        assert alembic(project, *back) == 0
        interruption = Interruption(action, step, libpq_url(project.url))
        code = alembic(project, *there, interruption=interruption)
        if code == NO_SUCH_STEP:
            break
        interrupted += code != 0
        assert code in {0, -signal.SIGKILL if action == "kill" else 1}
        if code and name == "built anew":
            assert left(states[back[0]][0], project) == []
        assert alembic(project, *there) == 0
        assert left(states[there[0]][0], project) == []
        assert values(project) == states[there[0]][1]
    assert interrupted
