from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import psycopg
import pytest
from sqlalchemy import URL, make_url
from tests.support.servers import client, libpq_url

from alembic_assay.errors import AssayError
from alembic_assay.proof import server
from alembic_assay.proof.binaries import Source
from alembic_assay.proof.server import Binaries, find_binaries, running

if TYPE_CHECKING:
    from collections.abc import Iterator

AS_ROOT = os.geteuid() == 0

HOLD = """\
import sys, time
from alembic_assay.proof.server import running
with running() as url:
    print(url.render_as_string(hide_password=False), flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=get_args(Source))
def any_binaries(request: pytest.FixtureRequest) -> Binaries:
    try:
        return find_binaries(request.param)
    except AssayError as error:
        pytest.skip(str(error))


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for temporary files that nobody else uses; tmp_path would be closed to the account nobody."""
    place = Path(tempfile.mkdtemp(prefix="assay-test-")).resolve()
    place.chmod(0o711)
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    shutil.rmtree(place)


def ask(url: URL, statement: str) -> tuple[object, ...] | None:
    with psycopg.connect(libpq_url(url)) as connection:
        return connection.execute(statement).fetchone()


def accepts(url: URL) -> bool:
    with socket.socket() as client:
        return client.connect_ex((str(url.host), int(url.port or 0))) == 0


def wait_until_gone(place: Path, url: URL | None = None) -> None:
    deadline = time.monotonic() + 60  # a busy machine
    while list(place.iterdir()) or (url and accepts(url)):
        assert time.monotonic() < deadline, f"left behind: {[str(path) for path in place.rglob('*')][:20]}"
        time.sleep(0.01)


def test_a_server_for_the_time_of_a_with(any_binaries: Binaries, place: Path) -> None:
    with running(any_binaries) as url:
        assert (url.drivername, url.username, url.host, url.database) == (
            "postgresql+psycopg",
            "postgres",
            "127.0.0.1",
            "postgres",
        )
        shown = ask(
            url,
            "SELECT current_setting('server_version_num')::int / 10000, current_setting('is_superuser'),"
            " current_setting('server_encoding'), current_setting('TimeZone'), datcollate, pg_backend_pid() > 0"
            " FROM pg_database WHERE datname = current_database()",
        )
        assert shown == (any_binaries.major, "on", "UTF8", "UTC", "C", True)
        (directory,) = place.iterdir()
        assert directory.name.startswith("assay-postgres-")
        assert directory.stat().st_mode & 0o077 == 0
        assert not (directory / "password").exists()
    assert list(place.iterdir()) == []
    assert not accepts(url)


def test_psql_takes_the_url(any_binaries: Binaries) -> None:
    with running(any_binaries) as url:
        command = [client("psql"), libpq_url(url), "-XAtc", "SELECT 'ünï'"]
        environment = {**os.environ, "PGCLIENTENCODING": "UTF8"}
        assert subprocess.run(command, check=True, capture_output=True, env=environment).stdout == "ünï\n".encode()


def test_nobody_gets_in_without_the_password() -> None:
    with (
        running() as url,
        pytest.raises(psycopg.OperationalError, match='password authentication failed for user "postgres"'),
    ):
        ask(url.set(password="postgres"), "SELECT 1")


def test_settings_of_the_caller_win() -> None:
    with running(settings={"max_connections": "17", "fsync": "on", "search_path": 'a, "b c"'}) as url:
        shown = ask(
            url,
            "SELECT current_setting('max_connections'), current_setting('fsync'), current_setting('search_path'),"
            " current_setting('autovacuum')",
        )
    assert shown == ("17", "on", 'a, "b c"', "off")


def test_the_testers_environment_does_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGDATA": "/no/such",
        "PGPORT": "1",
        "PGOPTIONS": "-c x",
        "LC_ALL": "no_NO",
        "TZ": "EST",
    }.items():
        monkeypatch.setenv(name, value)
    with running() as url:
        monkeypatch.delenv("PGOPTIONS")
        assert ask(url, "SHOW timezone") == ("UTC",)


def test_two_at_once() -> None:
    with running() as first, running() as second:
        assert first.port != second.port
        assert ask(first, "SELECT 1") == ask(second, "SELECT 1") == (1,)


def test_an_error_in_the_block_is_the_callers_and_the_server_goes(place: Path) -> None:
    with pytest.raises(KeyError, match="assay-postgres-"), running():
        raise KeyError(*place.iterdir())
    assert list(place.iterdir()) == []


def test_connections_that_are_still_open_do_not_delay_the_end(place: Path) -> None:
    with running() as url:
        connection = psycopg.connect(libpq_url(url))
        connection.execute("SELECT 1")
        started = time.monotonic()
    assert time.monotonic() - started < 5
    assert list(place.iterdir()) == []
    connection.close()


def test_a_port_that_somebody_takes_first(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        free = server._free_port
        ports = iter([port, port])
        monkeypatch.setattr(server, "_free_port", lambda: next(ports, None) or free())
        with running() as url:
            assert url.port != port
            assert ask(url, "SELECT 1") == (1,)
        monkeypatch.setattr(server, "_free_port", lambda: port)
        with pytest.raises(AssayError) as error, running():
            pass
    where = find_binaries()
    lines = str(error.value).splitlines()
    assert lines[0] == f"PostgreSQL {where.major} of {where.directory}: it did not start. The end of its log:"
    assert any('could not bind IPv4 address "127.0.0.1": Address already in use' in line for line in lines)
    assert list(place.iterdir()) == []


def test_a_server_that_does_not_start_shows_its_log(any_binaries: Binaries, place: Path) -> None:
    with pytest.raises(AssayError) as error, running(any_binaries, settings={"no_such": "1"}):
        pass
    message = re.sub(r"\d{4}-\d\d-\d\d [\d:.]+ (UTC|GMT) \[\d+\]", "<when>", str(error.value))
    assert message == (
        f"PostgreSQL {any_binaries.major} of {any_binaries.directory}: it did not start. The end of its log:\n"
        '<when> FATAL:  unrecognized configuration parameter "no_such"'
    )
    assert list(place.iterdir()) == []


def fake(directory: Path, **programs: str) -> Binaries:
    """Make programs of shell text, where the account nobody can reach them."""
    (directory / "bin").mkdir(parents=True)
    for name, text in programs.items():
        program = directory / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        program.chmod(0o755)
    return Binaries(directory / "bin", 16)


VERSION = '[ "$1" = --version ] && exit'


@pytest.mark.parametrize(
    ("programs", "expected"),
    [
        (
            {"initdb": f"{VERSION}; seq 20; echo 'initdb: error: no space left' >&2; exit 1"},
            "initdb failed. The end of its log:\n"
            + "\n".join([*map(str, range(12, 21)), "initdb: error: no space left"]),
        ),
        (
            {"initdb": f"{VERSION}; echo thinking; exec sleep 60"},
            "initdb took more than 0.3 s. The end of its log:\nthinking",
        ),
        (
            {"initdb": "exit 0", "postgres": "echo thinking; exec sleep 60"},
            "it did not start within 0.3 s. The end of its log:\nthinking",
        ),
        ({"initdb": "exit 0", "postgres": "exit 3"}, "it did not start. The end of its log:"),
    ],
)
def test_what_fails_says_so(programs: dict[str, str], expected: str, place: Path) -> None:
    binaries = fake(place / "fake", **programs)
    with pytest.raises(AssayError) as error, running(binaries, timeout=0.3):
        pass
    assert str(error.value) == f"PostgreSQL 16 of {binaries.directory}: {expected}"
    assert [path.name for path in place.iterdir()] == ["fake"]


@pytest.mark.skipif(not AS_ROOT, reason="only root becomes nobody")
def test_as_root_it_runs_as_nobody_even_where_nobody_cannot_go(
    any_binaries: Binaries, tmp_path: Path, place: Path
) -> None:
    with running(any_binaries):
        pids = [int(path.read_text("utf-8").splitlines()[0]) for path in place.glob("*/data/postmaster.pid")]
        owners = [Path(f"/proc/{pid}").owner() for pid in pids]
        assert owners == ["nobody"]
    if any_binaries.directory.parent.name != "pginstall":
        return  # a distribution's files are spread over the system; and all may read them
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with running(any_binaries.copied(closed / "site-packages")) as url:
        assert ask(url, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'") == (1,)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert list(place.iterdir()) == []


@pytest.mark.skipif(not AS_ROOT, reason="only root becomes nobody")
def test_as_root_in_a_directory_that_is_closed_to_nobody(place: Path) -> None:
    place.chmod(0o700)
    with pytest.raises(AssayError) as error, running():
        pass
    assert str(error.value) == (
        f"PostgreSQL does not run as root, and 'nobody' cannot get to {place}. "
        "Set TMPDIR to a directory that is open to all, such as /tmp."
    )
    assert list(place.iterdir()) == []


def test_a_program_that_cannot_be_run(place: Path) -> None:
    binaries = fake(place / "fake", initdb="exit 0", postgres="exit 0")
    (place / "fake" / "bin" / "postgres").write_text("#!/no/such/shell\n", "utf-8")
    with pytest.raises(AssayError) as error, running(binaries):
        pass
    assert str(error.value).startswith("PostgreSQL's postgres cannot be started: [Errno 2] No such file or directory: ")


@pytest.mark.skipif(not AS_ROOT, reason="only root becomes nobody")
def test_as_root_without_nobody(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(server, "_UNPRIVILEGED", "no-such-account")
    with pytest.raises(AssayError) as error, running():
        pass
    assert str(error.value) == (
        "PostgreSQL does not run as root, and becoming 'no-such-account' failed: "
        "\"getpwnam(): name not found: 'no-such-account'\". "
        "Run this as an ordinary user, or set DATABASE_URL to a server."
    )
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_signal_leaves_a_server_behind(number: signal.Signals, place: Path) -> None:
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = make_url(process.stdout.readline().strip())
        assert ask(url, "SELECT 1") == (1,)
        process.send_signal(number)
        assert process.wait(20) == -number
    wait_until_gone(place, url)


@pytest.mark.parametrize("group", [True, False], ids=["terminal", "process"])
def test_ctrl_c_twice(place: Path, *, group: bool) -> None:
    # A terminal sends SIGINT to the whole foreground process group.
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        url = make_url(process.stdout.readline().strip())
        for _ in range(2):
            (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
            time.sleep(0.02)
        assert process.wait(20) != 0
    wait_until_gone(place, url)


@pytest.mark.parametrize("stage", ["*", "*/data/base/1", "*/data/postmaster.pid"])
def test_killed_while_it_starts(stage: str, place: Path) -> None:
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not list(place.glob(stage)):
            assert process.poll() is None
        process.kill()
    wait_until_gone(place)


def test_if_the_janitor_is_killed_we_clear_away_ourselves(place: Path) -> None:
    with running() as url:
        (directory,) = place.iterdir()
        found = subprocess.run(["pgrep", "-f", f"janitor.py {directory}"], check=True, capture_output=True, text=True)
        (pid,) = found.stdout.split()
        os.kill(int(pid), signal.SIGKILL)
        assert ask(url, "SELECT 1") == (1,)
    wait_until_gone(place, url)
