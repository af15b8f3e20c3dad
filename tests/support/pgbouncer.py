"""A real PgBouncer in transaction mode, for as long as a ``with`` lasts."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import URL

SHARES_PREPARED_STATEMENTS = (1, 21)
"""The first version that does; ``.ci/pgbouncer`` builds one where apt's is older."""

_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin")
_SECONDS = 10.0
_DEFAULTS: Mapping[str, object] = {
    "auth_type": "any",
    "default_pool_size": 20,
    "ignore_startup_parameters": "extra_float_digits",
    "listen_addr": "127.0.0.1",
    "max_client_conn": 1000,
    "pool_mode": "transaction",
    "unix_socket_dir": "",
}


def find() -> str | None:
    """Return the program; it stands where an ordinary user's PATH often does not look."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path=os.pathsep.join(_PLACES))


@cache
def version() -> tuple[int, ...]:
    """Return the version, such as ``(1, 24)``."""
    said = subprocess.run([find() or "", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"PgBouncer (\d+)\.(\d+)", said)[0]))


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(server_url: URL, *, port: int | None = None, **settings: object) -> Iterator[URL]:
    """Start PgBouncer in front of a server; afterwards end it.

    Args:
        server_url: The server, with a user and password that may use every database that tests ask for.
        port: Where to listen; by default a free one.
        settings: Settings of the section ``[pgbouncer]`` over those of Neon's image that matter here.

    Yields:
        ``server_url`` by way of PgBouncer, on 127.0.0.1. Any password is right.
    """
    program = find()
    assert program is not None, "no program 'pgbouncer'"
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="assay-pgbouncer-") as name:
        directory = Path(name)
        configuration = directory / "pgbouncer.ini"
        prepared = {"max_prepared_statements": 0} if version() >= SHARES_PREPARED_STATEMENTS else {}
        chosen = {**_DEFAULTS, **prepared, "listen_port": port, **settings}
        configuration.write_text(_ini(server_url, chosen), "utf-8")
        program = str(shutil.copy(program, directory))  # it may stand where only root can go
        log = directory / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program, str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **_account(directory, configuration, Path(program)),
            )
        try:
            _wait(process, port, log)
            yield server_url.set(host="127.0.0.1", port=port).difference_update_query(["host", "port"])
        finally:
            process.kill()
            process.wait()


def _ini(server_url: URL, settings: Mapping[str, object]) -> str:
    server = {
        "host": server_url.host or str(server_url.query["host"]),
        "port": str(server_url.port or 5432),
        "user": server_url.username or "",
        "password": str(server_url.password or ""),
    }
    target = " ".join(f"{key}='{value.replace(chr(39), chr(39) * 2)}'" for key, value in server.items() if value)
    lines = [f"{key} = {value}" for key, value in settings.items()]
    return "\n".join(["[databases]", f"* = {target}", "[pgbouncer]", *lines, ""])


def _account(*paths: Path) -> dict[str, Any]:
    # PgBouncer refuses to run as root; becoming nobody needs no new user.
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in paths:
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError(f"PgBouncer did not start:\n{log.read_text('utf-8', 'replace')}")
