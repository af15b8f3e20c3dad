"""A branch for the time of a ``with``, and branches to go back to."""

from __future__ import annotations

import logging
import secrets
import signal
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from alembic_assay.errors import NeonAPIError
from alembic_assay.neon.url import direct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from alembic_assay.neon.api import Branch, NeonAPI

log = logging.getLogger("alembic.assay.branches")

LIFETIME = timedelta(hours=6)
"""After which Neon deletes a branch that nobody could delete any more."""


@contextmanager
def temporary_branch(api: NeonAPI, url: URL) -> Iterator[URL]:
    """Make a branch of the database's branch; afterwards delete it, also after Ctrl-C.

    Args:
        api: Of the database's project.
        url: The database.

    Yields:
        The direct URL of the same database on the branch.

    Raises:
        NeonAPIError: Neon refuses, or the database is of another project.
    """
    name = f"assay-rehearsal-{_now()}-{secrets.token_hex(3)}"
    expires_at = (datetime.now(UTC) + LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
    parent = _parent(api, url)
    branch: Branch | None = None
    try:
        branch = api.create_branch(name, parent=parent, compute=True, expires_at=expires_at)
        yield api.connection_uri(branch.id, database=url.database or "", role=url.username or "")
    finally:
        with _uninterrupted():
            _delete(api, name, branch)


def restore_point(api: NeonAPI, url: URL, name: str) -> Branch:
    """Make a branch of the database as it is now, without a compute: it costs what changes from now on.

    Args:
        api: Of the database's project.
        url: The database.
        name: What comes next, such as a revision; the time is added.
    """
    branch = api.create_branch(f"before-{name}-{_now()}", parent=_parent(api, url), compute=False)
    log.info("Restore point: branch %s (%s)", branch.name, branch.id)
    return branch


def _delete(api: NeonAPI, name: str, branch: Branch | None) -> None:
    """Delete the branch; it may be there also if its creation was interrupted, or has failed in the end."""
    try:
        there = branch or api.find_branch(name)
        if there is not None:
            api.delete_branch(there.id)
    except NeonAPIError as error:
        log.warning("branch %s is left: %s", name, error)


def _parent(api: NeonAPI, url: URL) -> str:
    return api.branch_of(direct(url) or url)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A second Ctrl-C waits until the branch is deleted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
