"""``assay upgrade``: Alembic's, and for many tenants at once."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command, util

from alembic_assay.errors import DatabaseURLError, TenantsError
from alembic_assay.neon.url import resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from alembic.config import Config
    from sqlalchemy import URL

    from alembic_assay.tenants import Report, Result, Target

INTERRUPTED = 130


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to those of Alembic."""
    group = parser.add_argument_group("many tenants")
    group.add_argument(
        "--tenants",
        metavar="WHICH",
        help="schemas:PATTERN or databases:PATTERN, for LIKE; neon:DATABASE/ROLE, all projects; or a TOML file",
    )
    group.add_argument("--shared", action="append", default=[], metavar="SCHEMA", help="behind a tenant's own schema")
    group.add_argument("--canary", type=int, default=1, metavar="N", help="so many first, alone (default: 1)")
    group.add_argument("--on-error", choices=["stop", "continue"], default="stop", help="(default: stop)")
    group.add_argument("--width", type=int, default=16, metavar="N", help="connections at once (default: 16)")
    group.add_argument("--no-compile", dest="compiled", action="store_false", help="run env.py for each tenant")
    group.add_argument("--format", dest="output_format", choices=["text", "json"], default="text", help="of the report")


def upgrade(config: Config, revision: str, *, sql: bool, tag: str | None, tenants: str | None, **options: Any) -> None:
    """Upgrade to a later version.

    With --tenants it does so for many schemas or databases: canaries first, then group by group. Those that are
    there already are left alone, so the same command goes on where it stopped. It then exits with 0 if all tenants
    are at the revision, with 1 if one is not, and with 130 after Ctrl-C.

    Args:
        config: Alembic's.
        revision: Where to.
        sql: As in Alembic.
        tag: As in Alembic.
        tenants: Which tenants; ``None`` for one database.
        options: How, for tenants.
    """
    if tenants is None:
        try:
            command.upgrade(config, revision, sql=sql, tag=tag)
        except util.CommandError as error:
            if getattr(config.cmd_opts, "raiseerr", False):
                raise
            util.err(str(error), **config.messaging_opts)
        return
    if sql:
        raise TenantsError("--tenants and --sql do not go together.", hint="Write one script: -x schema=… --sql.")
    _upgrade_tenants(config, revision, tenants, options)


def _upgrade_tenants(config: Config, revision: str, which: str, options: dict[str, Any]) -> None:
    from alembic_assay import tenants  # noqa: PLC0415 - other commands do not pay for it

    names = ("canary", "on_error", "compiled", "width")
    plan = tenants.Plan(**{name: options[name] for name in names})
    targets = _targets(config, which, tuple(options["shared"]))
    with _progress(len(targets)) as progress:
        report = tenants.upgrade(targets, config, revision, plan=plan, progress=progress)
    _print(report, options["output_format"])
    if report.interrupted:
        sys.exit(INTERRUPTED)
    if not report.ok:
        sys.exit(1)


def _targets(config: Config, which: str, shared: tuple[str, ...]) -> list[Target]:
    from alembic_assay import tenants  # noqa: PLC0415 - other commands do not pay for it

    kind, colon, pattern = which.partition(":")
    if colon and kind == "schemas":
        return tenants.schemas(_url(config), pattern, shared=shared)
    if colon and kind == "databases":
        return tenants.databases(_url(config), pattern)
    if colon and kind == "neon":
        return _projects(pattern)
    path = Path(which)
    if not path.is_file():
        raise TenantsError(f"--tenants: expected schemas:…, databases:…, neon:… or a file, got {which!r}.")
    try:
        default = _url(config)
    except DatabaseURLError:
        default = None
    return tenants.read_file(path, default)


def _projects(which: str) -> list[Target]:
    from alembic_assay import tenants  # noqa: PLC0415 - other commands do not pay for it
    from alembic_assay.neon.api import NeonAPI  # noqa: PLC0415

    database, slash, role = which.partition("/")
    if not (database and slash and role):
        raise TenantsError(f"--tenants: expected neon:DATABASE/ROLE, got 'neon:{which}'.")
    with NeonAPI.from_environment(project=False) as api:
        return tenants.projects(api, database=database, role=role)


def _url(config: Config) -> URL:
    pairs = (argument.partition("=") for argument in getattr(config.cmd_opts, "x", None) or ())
    x = next((value for name, _, value in pairs if name == "url"), None)
    return resolve(x=x, argument=None, environ=os.environ, ini=config.get_main_option("sqlalchemy.url")).url


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Result], None]]:
    """A bar on standard error, where a person looks at it."""
    from rich.console import Console  # noqa: PLC0415 - only who prints pays for it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("tenants", total=total)
        failed = 0

        def advance(result: Result) -> None:
            nonlocal failed
            failed += bool(result.error)
            bar.update(task, advance=1, description=f"tenants, {failed} failed" if failed else "tenants")

        yield advance


def _print(report: Report, output_format: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - only who prints pays for it

    if output_format == "json":
        print(json.dumps(report.as_json(), indent=2))  # noqa: T201 - this is the command's output
        return
    console = Console(highlight=False)
    if not report.ok:
        console.print(report.as_table())
    console.print(f"{'Interrupted: ' if report.interrupted else ''}{report.summary}", markup=False)
