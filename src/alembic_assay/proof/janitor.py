"""Clears a server away, also when the process that started it could not.

Run as a script beside the server, it waits for its standard input to close, which the kernel does however the
starter dies, ``kill -9`` included. It imports nothing but a few of Python's own modules: it starts in 15 ms.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

DATA = "data"
QUIT = getattr(signal, "SIGQUIT", signal.SIGTERM)
"""PostgreSQL's "immediate": no checkpoint of data that nobody will read. Windows has no SIGQUIT."""
SECONDS_TO_STOP = 20.0
SECONDS_TO_REMOVE = 5.0


def clear(directory: Path) -> None:
    """Stop the server of a directory, at once and without a checkpoint, and remove the directory.

    Args:
        directory: Holds the data directory ``data``; it may be half made, or gone.

    Example:
        >>> clear(Path("no-such-directory"))
    """
    _stop(directory / DATA / "postmaster.pid")
    deadline = time.monotonic() + SECONDS_TO_REMOVE
    while directory.exists() and time.monotonic() < deadline:
        # A dying initdb may still write: then rmtree fails, and there is more to remove.
        shutil.rmtree(directory, ignore_errors=True)
        time.sleep(0.01 if directory.exists() else 0)


def _stop(pid_file: Path) -> None:
    pid = _pid(pid_file)
    if pid is None:
        return
    deadline = time.monotonic() + SECONDS_TO_STOP
    with suppress(ProcessLookupError, PermissionError):  # a file left by a server that was killed
        os.kill(pid, QUIT)
        while _pid(pid_file) == pid and time.monotonic() < deadline:
            time.sleep(0.01)
            os.kill(pid, 0)


def _pid(pid_file: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int(pid_file.read_text("utf-8").splitlines()[0])
    return None


if __name__ == "__main__":  # pragma: no cover - a process of its own
    sys.stdin.buffer.read()
    clear(Path(sys.argv[1]))
