"""A rehearsal on a real copy: every pending revision up, all of them down, and up again."""

from __future__ import annotations

import time
from argparse import Namespace
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from alembic_assay import catalog
from alembic_assay.errors import AssayError, first_line
from alembic_assay.neon.engine import connect, create
from alembic_assay.proof.lock_sampler import sampled

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Engine

_TABLES = text("""
SELECT c.oid, c.oid::regclass::text AS name, pg_relation_filenode(c.oid) AS file, pg_total_relation_size(c.oid) AS size
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
""")
_RAISE_HINT = " Use --raiseerr to see the traceback."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What came of one revision.

    Args:
        revision: Its identifier.
        seconds: How long it took.
        error: Why it failed; empty if it did not.
        detail: What the server says of the row that it failed at.
        locks: Table to the strongest lock that was seen.
        rewritten: Tables that were written anew.
        grown: Bytes that tables and indexes have become larger.
    """

    revision: str
    seconds: float
    error: str = ""
    detail: str = ""
    locks: dict[str, str] = field(default_factory=dict)
    rewritten: tuple[str, ...] = ()
    grown: int = 0


@dataclass(slots=True)
class BranchReport:
    """What came of a rehearsal.

    Args:
        steps: Of the pending revisions, up to the first that fails.
        changes: What the schema is after them that it was not before.
        downgrade: Why the way down failed; empty if it did not.
        lost: What the way down and up again left different.
    """

    steps: list[Step] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    downgrade: str = ""
    lost: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything ran, up, down and up again, with equal schemas."""
        return not (any(step.error for step in self.steps) or self.downgrade or self.lost)


def rehearse_on(config: Config, url: URL, revision: str = "head") -> BranchReport:
    """Run all pending revisions on a copy of the database.

    Args:
        config: The project's.
        url: The copy, over the direct way. It is changed for good.
        revision: Where to.

    Raises:
        CommandError: The revision does not exist.
    """
    engine = create(url, lock_timeout="0", application_name="assay:rehearse")
    heads = _heads(engine)
    scripts = list(ScriptDirectory.from_config(config).iterate_revisions(revision, heads or "base"))[::-1]
    report = BranchReport()
    before = _snapshot(engine)
    for script in scripts:
        report.steps.append(_step(config, engine, url, script.revision))
        if report.steps[-1].error:
            return report
    after = _snapshot(engine)
    report.changes = [str(change) for change in catalog.diff(before, after)]
    if scripts:
        start = ",".join(heads) or "base"
        report.downgrade = _error(lambda: command.downgrade(_configured(config, url), start))[0]
        if not report.downgrade:
            report.lost = [f"after the way down: {change}" for change in catalog.diff(before, _snapshot(engine))]
            report.downgrade = _error(lambda: command.upgrade(_configured(config, url), revision))[0]
            report.lost += [f"after the way up again: {change}" for change in catalog.diff(after, _snapshot(engine))]
    return report


def _step(config: Config, engine: Engine, url: URL, revision: str) -> Step:
    before = _tables(engine)
    with sampled(url) as locks:
        started = time.monotonic()
        error, detail = _error(lambda: command.upgrade(_configured(config, url), revision))
        seconds = time.monotonic() - started
    after = _tables(engine)
    rewritten = sorted(after[oid][0] for oid in before.keys() & after.keys() if before[oid][1] != after[oid][1])
    grown = sum(size for _, _, size in after.values()) - sum(size for _, _, size in before.values())
    return Step(
        revision=revision,
        seconds=seconds,
        error=error,
        detail=detail,
        locks=dict(sorted(locks.items())),
        rewritten=tuple(rewritten),
        grown=grown,
    )


def _error(run: Callable[[], None]) -> tuple[str, str]:
    try:
        run()
    except AssayError as raised:
        driver: Any = getattr(raised.__cause__, "orig", None)
        detail = getattr(getattr(driver, "diag", None), "message_detail", None) or ""
        return str(raised).replace(_RAISE_HINT, ""), detail
    except Exception as raised:  # noqa: BLE001 - a migration may raise anything
        return first_line(raised), ""
    return "", ""


def _configured(config: Config, url: URL) -> Config:
    ours = Config(config.config_file_name, ini_section=config.config_ini_section)
    x = [each for each in getattr(config.cmd_opts, "x", None) or () if not each.startswith(("url=", "restore-point"))]
    target = f"url={url.render_as_string(hide_password=False)}"
    ours.cmd_opts = Namespace(x=[*x, target], raiseerr=True, cmd=(command.upgrade, [], []))
    ours.attributes["configure_logger"] = False
    return ours


def _heads(engine: Engine) -> tuple[str, ...]:
    with connect(engine) as connection:
        return MigrationContext.configure(connection).get_current_heads()


def _snapshot(engine: Engine) -> catalog.Snapshot:
    with connect(engine) as connection:
        return catalog.read(connection)


def _tables(engine: Engine) -> dict[int, tuple[str, int, int]]:
    with connect(engine) as connection:
        return {row.oid: (row.name, row.file, row.size) for row in connection.execute(_TABLES)}
