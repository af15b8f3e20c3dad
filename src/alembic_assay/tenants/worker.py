"""What a process of the pool does: run ``env.py`` for one tenant."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

from alembic_assay.errors import AssayError, first_line
from alembic_assay.tenants.report import Result, Status

if TYPE_CHECKING:
    from alembic_assay.tenants.survey import Revisions
    from alembic_assay.tenants.targets import Target

HOW = "env.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done for one tenant.

    Args:
        config_file: The project's ``alembic.ini``, where the worker runs.
        section: Of that file.
        x: Further ``-x`` arguments.
        revision: Where to.
        target: The tenant.
        before: Its revisions.
    """

    config_file: str | None
    section: str
    x: tuple[str, ...]
    revision: str
    target: Target
    before: Revisions


def prepare_process() -> None:
    """End this process when the one that started it ends, also by ``kill -9``: it would wait for work for ever.

    Ctrl-C is for the other one; a migration that has begun is finished.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def migrate(job: Job) -> Result:
    """Run ``alembic upgrade`` for one tenant, as ``-x url=… -x schema=…``; never raises what a migration raises.

    Args:
        job: What is to be done.
    """
    started = time.monotonic()
    target = job.target
    config = Config(job.config_file, ini_section=job.section)
    url = target.url.render_as_string(hide_password=False)
    x = [*job.x, f"url={url}", *(f"schema={name}" for name in target.search_path)]
    config.cmd_opts = Namespace(x=x, raiseerr=True, cmd=(command.upgrade, [], []))
    config.attributes["configure_logger"] = False
    error = ""
    try:
        command.upgrade(config, job.revision)
    except AssayError as raised:
        error = str(raised).replace(" Use --raiseerr to see the traceback.", "")
    except Exception as raised:  # noqa: BLE001 - a migration may raise anything
        error = first_line(raised)
    return Result(
        name=target.name,
        group=target.group,
        status=Status.FAILED if error else Status.UPGRADED,
        before=job.before,
        error=error,
        how=HOW,
        seconds=time.monotonic() - started,
    )
