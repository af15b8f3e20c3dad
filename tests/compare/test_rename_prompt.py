"""At a terminal a likely rename is asked for; elsewhere the run stops and prints both ways to go on."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.support.cycles import script_body

if TYPE_CHECKING:
    from tests.support.project import Project

MODELS = """
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

class Base(DeclarativeBase):
    pass

class Task(Base):
    __tablename__ = "task"
    id = mapped_column(sa.Integer, primary_key=True)
    mood = mapped_column(sa.Enum({labels}, name="{name}"))
"""

END, INTERRUPT = "\x04", "\x03"
LABEL = "Enum mood: was the label 'b' renamed to 'beta'? [y/n]: "
TYPE = "Was the enum mood renamed to feeling? Both have the same labels. [y/n]: "
BOTH_WAYS = (
    "FAILED: enum mood of task.mood: label 'b' is gone and 'beta' is new in its place. If it was renamed:"
    " -x rename=mood.b:beta, or info={'renamed_values': {'b': 'beta'}} on the column. If it was removed:"
    " -x remove=mood.b, or info={'removed_values': {'b': None}}."
)


@pytest.fixture
def waiting(project: Project) -> Project:
    """A project in which a label looks renamed."""
    project.sql("CREATE TYPE mood AS ENUM ('a', 'b')")
    project.sql("CREATE TABLE task (id serial PRIMARY KEY, mood mood)")
    project.write_models(MODELS.format(labels="'a', 'beta'", name="mood"))
    return project


def at_a_terminal(project: Project, question: str, answer: str) -> tuple[int, str]:
    """Run autogenerate in a pseudo-terminal and answer the question; return exit code and all that was shown."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "alembic", "revision", "--autogenerate", "-m", "x"]
    environment = {**project._environment({}), "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        command, cwd=project.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        shown, answered, end = "", False, time.monotonic() + 120
        while time.monotonic() < end and (more := _read(ours, process)) is not None:
            shown += more
            if question in shown and not answered:
                process.send_signal(signal.SIGINT) if answer == INTERRUPT else os.write(ours, answer.encode())
                answered = True
        process.kill()
    os.close(ours)
    assert answered, shown
    return process.returncode, shown


def _read(terminal: int, process: subprocess.Popen[bytes]) -> str | None:
    """Return what was shown meanwhile, without colours; ``None`` at the end."""
    if not select.select([terminal], [], [], 0.2)[0]:
        return None if process.poll() is not None else ""
    try:
        read = os.read(terminal, 4096).decode(errors="replace")
    except OSError:  # how Linux says that nobody has the other end any more
        process.wait()
        return None
    return re.sub(r"\x1b\[[0-9;]*m", "", read) or None


@pytest.mark.parametrize(
    ("answer", "upgrade"),
    [
        ("y\n", ["op.rename_enum_value('mood', 'b', 'beta')"]),
        ("perhaps\nn\n", ["op.replace_enum('mood', ['a', 'beta'])"]),
    ],
    ids=["yes", "no, after an answer that is none"],
)
def test_the_answer_is_what_is_written(waiting: Project, answer: str, upgrade: list[str]) -> None:
    code, shown = at_a_terminal(waiting, LABEL, answer)
    assert code == 0, shown
    (script,) = waiting.versions.glob("*.py")
    assert [line.replace('"', "'") for line in script_body(script, "upgrade")] == upgrade


def test_a_type_is_asked_for_too(waiting: Project) -> None:
    waiting.write_models(MODELS.format(labels="'a', 'b'", name="feeling"))
    code, shown = at_a_terminal(waiting, TYPE, "y\n")
    assert code == 0, shown
    (script,) = waiting.versions.glob("*.py")
    assert [line.replace('"', "'") for line in script_body(script, "upgrade")] == ["op.rename_enum('mood', 'feeling')"]


@pytest.mark.parametrize("key", [END, INTERRUPT], ids=["end of input", "interrupted"])
def test_no_answer_stops_the_run(waiting: Project, key: str) -> None:
    code, shown = at_a_terminal(waiting, LABEL, key)
    assert (code, shown.splitlines()[-1]) == (1, BOTH_WAYS)
    assert list(waiting.versions.glob("*.py")) == []


def test_where_nobody_can_answer_both_ways_are_printed(waiting: Project) -> None:
    result = waiting.alembic("revision", "--autogenerate", "-m", "x", expect=1)
    assert result.stderr.splitlines()[-1] == BOTH_WAYS
    assert list(waiting.versions.glob("*.py")) == []
