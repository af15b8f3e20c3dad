from __future__ import annotations

import os
import subprocess
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


@pytest.mark.parametrize("content", [None, "", "not a number\n", "\n"])
def test_a_directory_without_a_server(directory: Path, content: str | None) -> None:
    if content is not None:
        (directory / "data" / "postmaster.pid").write_text(content, "utf-8")
    janitor.clear(directory)
    assert not directory.exists()


def test_the_server_of_the_directory_is_told_to_quit_and_waited_for(directory: Path) -> None:
    pid_file = directory / "data" / "postmaster.pid"
    script = 'trap "sleep 0.3; rm \\"$0\\"; exit 7" QUIT; echo $$ >"$0"; while :; do sleep 0.05; done'
    with subprocess.Popen(["/bin/sh", "-c", script, str(pid_file)]) as process:
        while not pid_file.is_file() or not pid_file.read_text("utf-8").endswith("\n"):
            os.sched_yield()
        janitor.clear(directory)
        assert not directory.exists()
        assert process.wait(5) == 7


def test_a_server_that_is_dead_already(directory: Path) -> None:
    with subprocess.Popen(["/bin/true"]) as process:
        process.wait()
    (directory / "data" / "postmaster.pid").write_text(f"{process.pid}\n", "utf-8")
    janitor.clear(directory)
    assert not directory.exists()
