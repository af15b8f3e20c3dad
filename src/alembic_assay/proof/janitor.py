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
PROCESS = "process"
"""Name of the file that says what runs, and its process group: ``initdb 4711`` or ``postgres 4712``."""

SIGNALS = {"initdb": 0, "postgres": getattr(signal, "SIGQUIT", signal.SIGTERM)}
"""What ends them so that they give their shared memory back.

initdb is left to end, which takes less than a second: its children die of any signal without clearing up. For the
server it is "immediate", without a checkpoint.
"""

SECONDS_TO_STOP = 20.0
SECONDS_TO_REMOVE = 5.0


def clear(directory: Path) -> None:
    """Stop what runs in the directory of a server, and remove it.

    Args:
        directory: Holds the data directory ``data``; it may be half made, or gone.

    Example:
        >>> clear(Path("no-such-directory"))
    """
    _stop(directory)
    deadline = time.monotonic() + SECONDS_TO_REMOVE
    while directory.exists() and time.monotonic() < deadline:
        # A dying process may still write: then rmtree fails, and there is more to remove.
        shutil.rmtree(directory, ignore_errors=True)
        time.sleep(0.01 if directory.exists() else 0)


def send(group: int, number: int) -> None:
    """Send a signal to a process group: initdb has children in its own, the server has not."""
    getattr(os, "killpg", os.kill)(group, number)  # Windows has no groups


def _stop(directory: Path) -> None:
    pid_file = directory / DATA / "postmaster.pid"
    with suppress(OSError, ValueError, KeyError):  # nothing runs, or no longer
        name, group = (directory / PROCESS).read_text("utf-8").split()
        send(int(group), SIGNALS[name])
        ran = name == "postgres" and pid_file.exists()
        deadline = time.monotonic() + SECONDS_TO_STOP
        while time.monotonic() < deadline:
            if ran and not pid_file.exists():
                break  # it has stopped; but where nobody collects the dead, it still takes signals
            time.sleep(0.01)
            send(int(group), 0)


if __name__ == "__main__":  # pragma: no cover - a process of its own
    sys.stdin.buffer.read()
    clear(Path(sys.argv[1]))
