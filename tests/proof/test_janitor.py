from __future__ import annotations

import os
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from alembic_assay.proof import janitor

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "server"
    (directory / "data").mkdir(parents=True)
    (directory / "log").write_text("", "utf-8")
    return directory


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    janitor.clear(tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [None, "", "postgres", "postgres x", "postgres 1 2", "psql 4194305", "postgres 4194305"]
)
def test_a_directory_without_a_server(directory: Path, content: str | None) -> None:
    if content is not None:
        (directory / "process").write_text(content, "utf-8")
    janitor.clear(directory)
    assert not directory.exists()


@pytest.mark.parametrize("name", ["initdb", "postgres"])
def test_what_runs_in_the_directory_is_ended_and_waited_for(directory: Path, name: str) -> None:
    running = directory / "process"
    pid_file = directory / "data" / "postmaster.pid"
    pid_file.touch()
    ready = f'echo {name} $$ >"$0.new"; mv "$0.new" "$0"'
    script = {
        "initdb": f'trap "exit 1" TERM QUIT; {ready}; sleep 0.4; exit 7',
        "postgres": f'trap "sleep 0.3; rm \\"$1\\"; exit 7" QUIT; {ready}; while :; do sleep 0.05; done',
    }[name]
    command = ["/bin/sh", "-c", script, str(running), str(pid_file)]
    with subprocess.Popen(command, start_new_session=True) as process:
        collector = threading.Thread(target=process.wait)
        collector.start()
        while not running.is_file():
            os.sched_yield()
        janitor.clear(directory)
        assert not directory.exists()
        collector.join()
        assert process.returncode == 7


def test_a_dead_server_that_nobody_collects(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(janitor, "SECONDS_TO_STOP", 0.1)
    with subprocess.Popen(["/bin/true"], start_new_session=True) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        (directory / "process").write_text(f"postgres {process.pid}", "utf-8")
        janitor.clear(directory)
        assert not directory.exists()
