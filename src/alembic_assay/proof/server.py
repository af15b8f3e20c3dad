"""A PostgreSQL server of our own for the time of a ``with``: no Docker, no service, nothing left behind."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL

from alembic_assay.errors import AssayError
from alembic_assay.proof import janitor
from alembic_assay.proof.binaries import Binaries, find_binaries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["SETTINGS", "Binaries", "find_binaries", "running"]

SETTINGS: Mapping[str, str] = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "log_timezone": "UTC",
    "max_wal_size": "128MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "unix_socket_directories": "",
}
"""Fast, because the data live for minutes; the same everywhere. No socket file: its path may be too long."""

_UNPRIVILEGED = "nobody"
_ATTEMPTS = 5
_LOG_LINES = 10
_PORT_TAKEN = "could not bind"
_STATUS_LINE = 7  # of postmaster.pid, from 0: LOCK_FILE_LINE_PM_STATUS in PostgreSQL's miscadmin.h


@contextmanager
def running(
    binaries: Binaries | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    parent: Path | None = None,
    timeout: float = 60.0,
) -> Iterator[URL]:
    """Start a server on a free port of 127.0.0.1; afterwards, also after ``kill -9``, remove it with all its data.

    Args:
        binaries: Which PostgreSQL; by default what :func:`find_binaries` finds.
        settings: Server settings over :data:`SETTINGS`, such as ``{"max_connections": "20"}``.
        parent: Where its directory is made; by default where temporary files are.
        timeout: Seconds that making the data directory, and then starting, may take.

    Yields: The URL of the database ``postgres`` for the superuser ``postgres``, with its password.

    Raises:
        AssayError: There is no PostgreSQL, or it does not start; with the last lines of its log.

    Example:
        >>> with running() as url:
        ...     f"{url.drivername} as {url.username} on {url.host}"
        'postgresql+psycopg as postgres on 127.0.0.1'
    """
    binaries = binaries or find_binaries()
    with _directory(parent or Path(tempfile.gettempdir())) as directory:
        account = _account(directory)
        server = _Server(
            binaries=_reachable(binaries, directory, account),
            directory=directory,
            account=account,
            settings={**SETTINGS, **(settings or {})},
            timeout=timeout,
        )
        # Not trust: a TCP port, which psycopg, psql and PgBouncer all take, is open to every user of the machine.
        password = secrets.token_hex(16)
        server.initialise(password)
        with server.started() as port:
            yield URL.create("postgresql+psycopg", "postgres", password, "127.0.0.1", port, "postgres")


@contextmanager
def _directory(parent: Path) -> Iterator[Path]:
    directory = parent.resolve() / f"assay-postgres-{secrets.token_hex(8)}"
    try:
        with subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", janitor.__file__, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory.parent,
            start_new_session=True,  # Ctrl-C is for us, and must not reach what clears away after us
        ):
            directory.mkdir(mode=0o700)  # only now that it is watched
            yield directory  # leaving closes the watcher's input, and waits until it has cleared away
    finally:
        janitor.clear(directory)  # again, in case that somebody killed it


def _account(directory: Path) -> dict[str, Any]:
    # PostgreSQL refuses to run as root. Becoming nobody needs no new user, and opens no directory to others.
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        nobody = pwd.getpwnam(_UNPRIVILEGED)
        account: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(directory, nobody.pw_uid, nobody.pw_gid)
        enter = ("/bin/sh", "-c", 'cd "$0"', str(directory))
        entered = subprocess.run(enter, check=False, capture_output=True, **account)  # noqa: S603 - our own text
    except (KeyError, OSError) as error:
        raise AssayError(
            f"PostgreSQL does not run as root, and becoming {_UNPRIVILEGED!r} failed: {error}.",
            hint="Run this as an ordinary user, or set DATABASE_URL to a server.",
        ) from None
    if entered.returncode != 0:
        raise AssayError(
            f"PostgreSQL does not run as root, and {_UNPRIVILEGED!r} cannot get to {directory.parent}.",
            hint="Set TMPDIR to a directory that is open to all, such as /tmp.",
        )
    return account


def _reachable(binaries: Binaries, directory: Path, account: Mapping[str, Any]) -> Binaries:
    if not account:
        return binaries
    try:
        command = (binaries.program("initdb"), "--version")
        subprocess.run(command, check=True, capture_output=True, cwd=directory, **account)  # noqa: S603 - PostgreSQL's
    except (OSError, subprocess.CalledProcessError):  # such as a virtual environment below /root
        copied = binaries.copied(directory / "postgresql")
        for path in (directory / "postgresql", *(directory / "postgresql").rglob("*")):
            os.chown(path, account["user"], account["group"], follow_symlinks=False)
        return copied
    return binaries


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    binaries: Binaries
    directory: Path
    account: Mapping[str, Any]
    settings: Mapping[str, str]
    timeout: float

    def initialise(self, password: str) -> None:
        """Make the data directory."""
        secret = self.directory / "password"
        secret.write_text(password, "utf-8")
        if self.account:
            os.chown(secret, self.account["user"], self.account["group"])
        options = [
            *(f"--pgdata={self._data}", f"--pwfile={secret}", "--username=postgres", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"),
        ]
        with self._process("initdb", *options) as initdb:
            try:
                initdb.wait(self.timeout)
            except subprocess.TimeoutExpired:
                initdb.kill()
                raise self._error(f"initdb took more than {self.timeout:g} s") from None
        if initdb.returncode != 0:
            raise self._error("initdb failed")
        secret.unlink()

    @contextmanager
    def started(self) -> Iterator[int]:
        """Start it on a free port, for the time of the ``with``."""
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        for _ in range(_ATTEMPTS):
            port = _free_port()
            with self._process("postgres", f"-D{self._data}", f"--port={port}", *settings) as postgres:
                if self._is_ready(postgres):
                    yield port
                    return
            if _PORT_TAKEN not in self._log.read_text("utf-8", "replace"):
                break  # else somebody took the port between our look and the server's
        raise self._error("it did not start")

    def _is_ready(self, postgres: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + self.timeout
        while postgres.poll() is None:
            if time.monotonic() > deadline:
                raise self._error(f"it did not start within {self.timeout:g} s")
            with suppress(OSError, IndexError):
                lines = (self._data / "postmaster.pid").read_text("utf-8").splitlines()
                if lines[_STATUS_LINE].strip() == "ready":
                    return True
            time.sleep(0.01)
        return False

    @contextmanager
    def _process(self, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        running = self.directory / janitor.PROCESS
        with self._launched(name, arguments) as process:
            try:
                running.write_text(f"{name} {process.pid}", "utf-8")
                yield process
            finally:
                _end(process, janitor.SIGNALS[name])
                running.unlink(missing_ok=True)  # another process may get that number

    def _launched(self, name: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        try:
            with self._log.open("wb") as log:
                return subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs
                    [self.binaries.program(name), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.directory,
                    env={**environment, "LC_ALL": "C"},  # in English: we read the log
                    start_new_session=True,
                    **self.account,
                )
        except OSError as error:
            raise AssayError(f"PostgreSQL's {name} cannot be started: {error}.") from None

    def _error(self, what: str) -> AssayError:
        lines = self._log.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:]
        where = f"PostgreSQL {self.binaries.major} of {self.binaries.directory}"
        return AssayError("\n".join([f"{where}: {what}. The end of its log:", *lines]))

    @property
    def _data(self) -> Path:
        return self.directory / janitor.DATA

    @property
    def _log(self) -> Path:
        return self.directory / "log"


def _end(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is not None:
        return
    janitor.send(process.pid, number)
    try:
        process.wait(janitor.SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
