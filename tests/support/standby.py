"""A hot standby of the tests' server: PostgreSQL's own copy of it, which replays what it writes."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import servers

from alembic_assay.proof import server as own
from alembic_assay.proof.janitor import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


@contextmanager
def running(primary: URL) -> Iterator[URL]:
    """Start a standby of a server of our own; afterwards remove it.

    Args:
        primary: The server; its version is that of :func:`~tests.support.servers.chosen_binaries`.
    """
    binaries = servers.chosen_binaries()
    if not (binaries.directory / "pg_basebackup").exists():
        pytest.skip("this PostgreSQL came without pg_basebackup")
    with own._directory(servers.memory() or Path("/tmp")) as directory:  # noqa: S108 - its name cannot be guessed
        account = own._account(directory)
        reachable = own._reachable(binaries, directory, account)
        command = [
            *(str(reachable.program("pg_basebackup")), "--dbname", servers.libpq_url(primary.set(database=None))),
            *("--pgdata", str(directory / DATA), "--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        ]
        subprocess.run(command, check=True, capture_output=True, cwd=directory, timeout=60, **account)
        standby = own._Server(
            binaries=reachable, directory=directory, account=account, settings=own.SETTINGS, timeout=60
        )
        with standby.started() as port:
            yield primary.set(port=port)
