from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

import demo as demo_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

PROJECT = Path(__file__).resolve().parent.parent
DEMO = [sys.executable, "example_project/demo.py"]
ROWS, COLUMNS = 100, 110

EXPECTED = (
    "Wrote 200 users, 4 categories, 4,000 tasks.",
    "Detected added table 'comments'",
    "Detected added index 'tasks.idx_tasks_updated_at'",
    "Detected added value 'elevated' of enum type 'task_priority'",
    "upgrade(): fixed fk-without-index (ASY201)",
    "upgrade(): fixed index-not-concurrent (ASY101)",
    'The model gets the line, too: Index("idx_comments_task_id", "task_id")',
    '    op.add_enum_value("task_priority", "elevated", after="medium")',
    '    op.create_index(op.f("idx_comments_task_id"), "comments", ["task_id"], unique=False)',
    "No findings.",
    "No new upgrade operations detected.",
)


def environment(url: URL | None, temporary: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    given = {} if url is None else {"DATABASE_URL": url.render_as_string(hide_password=False)}
    return {**inherited, **given, "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A directory that a server running as another account can reach."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def checkout() -> list[tuple[Path, int]]:
    return sorted((path, path.stat().st_mtime_ns) for path in PROJECT.rglob("*") if "__pycache__" not in path.parts)


def demo(url: URL | None, temporary: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        DEMO, cwd=PROJECT.parent, env=environment(url, temporary), capture_output=True, text=True, check=False
    )


@contextmanager
def started(url: URL | None, temporary: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        DEMO,
        cwd=PROJECT.parent,
        env=environment(url, temporary),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def databases(url: URL) -> set[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        query = "SELECT datname FROM pg_database WHERE datname LIKE 'assay_demo_%'"
        return set(connection.exec_driver_sql(query.replace("%", "%%")).scalars())


def test_with_a_server_of_its_own(temporary: Path) -> None:
    before = checkout()
    done = demo(None, temporary)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    lines = done.stdout.splitlines()
    for line in EXPECTED:
        assert line in lines, done.stdout
    assert any(line.startswith("Reversible: ") for line in lines)
    assert lines[-1].startswith("The database is what it was before the revision (")
    assert sum(max(1, math.ceil(len(line) / COLUMNS)) for line in lines) <= ROWS
    assert list(temporary.iterdir()) == []
    assert checkout() == before


def test_with_a_given_server_it_uses_a_database_of_its_own(empty: URL, temporary: Path) -> None:
    done = demo(empty, temporary)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert databases(empty) == set()
    with sa.create_engine(empty, poolclass=sa.NullPool).connect() as connection:
        assert sa.inspect(connection).get_table_names() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("own_server", [True, False])
def test_interrupted_it_leaves_nothing(empty: URL, temporary: Path, number: signal.Signals, own_server: bool) -> None:
    with started(None if own_server else empty, temporary) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("$ alembic upgrade head"):
            assert process.poll() is None
        time.sleep(0.3)  # so that alembic is at work
        os.killpg(process.pid, number)
        process.send_signal(number)  # and impatiently once more
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (
        130,
        "demo: interrupted; its database and its copy of the project are removed.\n",
    )
    assert list(temporary.iterdir()) == []
    assert databases(empty) == set()


def test_server_that_is_down(temporary: Path) -> None:
    url = sa.make_url("postgresql://ann:s3cret@127.0.0.1:1/app")
    done = demo(url, temporary)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("demo: connection failed: ")
    assert len(done.stderr.splitlines()) == 1
    assert "s3cret" not in done.stderr


def test_url_of_another_database(temporary: Path) -> None:
    done = demo(sa.make_url("mysql://ann:s3cret@127.0.0.1/app"), temporary)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "demo: database URL: expected postgresql://user:password@host/database, got a URL for 'mysql'.\n"
    )


@pytest.mark.parametrize("dumped", [True, False])
def test_reading_sees_a_change_of_the_catalogs(empty: URL, monkeypatch: pytest.MonkeyPatch, dumped: bool) -> None:
    if not dumped:
        monkeypatch.setattr(demo_module, "binaries_for", lambda _: None)
    before = demo_module.read(empty)
    demo_module.compare(before, demo_module.read(empty))
    with sa.create_engine(empty, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a integer)")
    with pytest.raises(demo_module.DemoError, match=r"^the database is not what it was before the revision\.$"):
        demo_module.compare(before, demo_module.read(empty))


def test_reading_sees_a_change_of_the_rows(engine: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    before = demo_module.read(engine.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO categories (name) VALUES ('new')")
    with pytest.raises(demo_module.DemoError):
        demo_module.compare(before, demo_module.read(engine.url))
    assert any(line.startswith("+") and "new" in line for line in capsys.readouterr().out.splitlines())


def test_a_diff_for_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "task.py"
    path.write_text("other\n", "utf-8")
    with pytest.raises(demo_module.DemoError, match=r"^demo\.diff does not fit task\.py\.$"):
        demo_module.apply_diff(path, (PROJECT / "demo.diff").read_text("utf-8"))
    assert path.read_text("utf-8") == "other\n"


def test_a_command_that_fails_is_shown_and_ends_the_demo(empty: URL, capsys: pytest.CaptureFixture[str]) -> None:
    shell = demo_module.Shell(PROJECT, empty)
    with pytest.raises(demo_module.DemoError, match=r"^alembic downgrade failed with exit code 255\.$"):
        shell.run("alembic", "downgrade", "-1")
    shown = capsys.readouterr().out
    assert shown.startswith("$ alembic downgrade -1\n")
    assert "Relative revision -1 didn't produce 1 migrations" in shown
