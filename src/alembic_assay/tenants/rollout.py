"""The upgrade of many tenants: who is where, canaries first, group by group, and go on where it stopped."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from alembic.script import ScriptDirectory

from alembic_assay.errors import TenantsError, first_line
from alembic_assay.tenants.apply import apply
from alembic_assay.tenants.compiled import compile_upgrade
from alembic_assay.tenants.report import Report, Result, Status
from alembic_assay.tenants.survey import survey
from alembic_assay.tenants.targets import Target
from alembic_assay.tenants.worker import HOW, Job, migrate, prepare_process

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from alembic.config import Config
    from sqlalchemy import URL

    from alembic_assay.tenants.compiled import Compiled
    from alembic_assay.tenants.survey import Revisions

T = TypeVar("T")

WIDTH = 16
"""Connections at once. At Neon a tenant costs a cold start, so width counts, not processors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How tenants are upgraded.

    Args:
        canary: How many tenants go first, alone; if one of them fails, no other is touched.
        on_error: ``"stop"`` begins no further tenant after a failure, ``"continue"`` does.
        compiled: Write the SQL once where the migration allows it, instead of running ``env.py`` for each.
        width: Connections at once.
        version_table: Name of Alembic's table.
    """

    canary: int = 1
    on_error: Literal["stop", "continue"] = "stop"
    compiled: bool = True
    width: int = WIDTH
    version_table: str = "alembic_version"


def upgrade(
    targets: Sequence[Target],
    config: Config,
    revision: str = "head",
    *,
    executor: Executor | None = None,
    plan: Plan = Plan(),
    progress: Callable[[Result], None] = lambda _: None,
) -> Report:
    """Upgrade many tenants.

    Tenants that are there already are left alone, so the same call goes on where an earlier one stopped.

    Args:
        targets: The tenants.
        config: The project's.
        revision: Where to.
        executor: Runs what needs ``env.py``, in processes, such as Dask's ``Client.get_executor()``.
        plan: How.
        progress: Called with each result as it comes.

    Returns: The report; also after Ctrl-C, with what was done until then.

    Raises:
        TenantsError: No targets, one that is there twice, or an executor of threads: Alembic cannot run in them.
        CommandError: The revision does not exist.

    Example: ``upgrade(schemas(url, "tenant_%"), Config("alembic.ini"))``
    """
    _check(targets, executor)
    started = time.monotonic()
    heads = _heads(config, revision)
    results, interrupted = dict[Target, Result](), False
    try:
        with _pool(executor) as pool:
            _Rollout(config, revision, heads, plan, progress, pool, results).run(targets)
    except KeyboardInterrupt:
        interrupted = True
    of_all = [results.get(target) or _not_run(target) for target in targets]
    return Report(revision=revision, results=of_all, seconds=time.monotonic() - started, interrupted=interrupted)


def _heads(config: Config, revision: str) -> Revisions:
    destination = ScriptDirectory.from_config(config).get_revisions(revision)
    return tuple(sorted(script.revision for script in destination if script is not None))


def _not_run(target: Target) -> Result:
    return Result(name=target.name, group=target.group, status=Status.NOT_RUN)


@dataclass(slots=True)
class _Rollout:
    config: Config
    revision: str
    heads: Revisions
    plan: Plan
    progress: Callable[[Result], None]
    pool: Callable[[], Executor]
    results: dict[Target, Result] = field(default_factory=dict)
    compiled: dict[Revisions, Compiled | None] = field(default_factory=dict)

    def run(self, targets: Sequence[Target]) -> None:
        waiting = self._survey(targets)
        canaries = dict(list(waiting.items())[: self.plan.canary])
        if self._stops():
            return
        self._upgrade(canaries)
        if any(self.results[target].status is Status.FAILED for target in canaries):
            return
        groups: dict[str, dict[Target, Revisions]] = {}
        for target, before in waiting.items():
            if target not in canaries:
                groups.setdefault(target.group, {})[target] = before
        for group in groups.values():
            self._upgrade(group)
            if self._stops():
                return

    def _survey(self, targets: Sequence[Target]) -> dict[Target, Revisions]:
        found = _await(survey(targets, version_table=self.plan.version_table, width=self.plan.width))
        waiting: dict[Target, Revisions] = {}
        for target in targets:
            before = found[target]
            if isinstance(before, str):
                self._note(target, Result(name=target.name, group=target.group, status=Status.FAILED, error=before))
            elif before == self.heads:
                result = Result(name=target.name, group=target.group, status=Status.CURRENT, before=before)
                self._note(target, result)
            else:
                waiting[target] = before
        return waiting

    def _upgrade(self, targets: dict[Target, Revisions]) -> None:
        left = dict(targets)
        for before in dict.fromkeys(targets.values()):
            while some := [target for target, each in left.items() if each == before and self._compile(before)]:
                by_hand = self._apply(before, some)
                for target in some:
                    if target in self.results:
                        del left[target]
                self._run_env({target: left.pop(target) for target in by_hand})
                if self._stops():
                    return
        self._run_env(left)

    def _compile(self, before: Revisions) -> Compiled | None:
        if before not in self.compiled:
            wanted = self.plan.compiled
            self.compiled[before] = compile_upgrade(self.config, before, self.revision) if wanted else None
        return self.compiled[before]

    def _apply(self, before: Revisions, targets: Sequence[Target]) -> list[Target]:
        """Apply compiled SQL; return those for which it did not work. With ``stop``, the others wait for these."""
        compiled = self.compiled[before]
        assert compiled is not None  # noqa: S101 - the caller has asked
        failed: list[Target] = []

        def done(target: Target, result: Result | None) -> bool:
            if result is None:
                failed.append(target)
            else:
                self._note(target, result)
            return not failed or self.plan.on_error == "continue"

        _await(apply(compiled, targets, before, width=self.plan.width, done=done))
        return failed

    def _run_env(self, targets: dict[Target, Revisions]) -> None:
        if not targets:
            return
        x = tuple(getattr(self.config.cmd_opts, "x", None) or ())
        file, section = self.config.config_file_name, self.config.config_ini_section
        file = None if file is None else os.path.abspath(file)  # noqa: PTH100 - Alembic has it as text
        pool = self.pool()
        futures: dict[Future[Result], Target] = {}
        for target, before in targets.items():
            job = Job(config_file=file, section=section, x=x, revision=self.revision, target=target, before=before)
            futures[pool.submit(migrate, job)] = target
        try:
            for future in as_completed(futures):
                if not future.cancelled():
                    self._note(futures[future], _result(future, futures[future], targets))
                if self._stops():
                    for other in futures:
                        other.cancel()
        except BaseException:
            for other in futures:
                other.cancel()
            raise

    def _note(self, target: Target, result: Result) -> None:
        self.results[target] = result
        self.progress(result)

    def _stops(self) -> bool:
        failed = any(result.status is Status.FAILED for result in self.results.values())
        return failed and self.plan.on_error == "stop"


def _result(future: Future[Result], target: Target, before: dict[Target, Revisions]) -> Result:
    error = future.exception()
    if error is None:
        return future.result()
    message = f"its process ended: {first_line(error)}"
    return Result(
        name=target.name, group=target.group, status=Status.FAILED, before=before[target], error=message, how=HOW
    )


def _check(targets: Sequence[Target], executor: Executor | None) -> None:
    if not targets:
        raise TenantsError("no tenants.", hint="Is the pattern right? It is one for LIKE.")
    seen: set[tuple[URL, str | None]] = set()
    for target in targets:
        if (target.url, target.schema) in seen:
            raise TenantsError(f"tenant {target.name!r} is listed twice.")
        seen.add((target.url, target.schema))
    if isinstance(executor, ThreadPoolExecutor):
        raise TenantsError("Alembic cannot run in threads.", hint="Use processes, or leave the executor out.")


@contextmanager
def _pool(executor: Executor | None) -> Iterator[Callable[[], Executor]]:
    """Give the executor; one of our own is made when it is first asked for, and ended at once after Ctrl-C."""
    made: list[ProcessPoolExecutor] = []

    def pool() -> Executor:
        if executor is not None:
            return executor
        if not made:
            spawn = multiprocessing.get_context("spawn")
            made.append(ProcessPoolExecutor(os.cpu_count(), mp_context=spawn, initializer=prepare_process))
        return made[0]

    try:
        yield pool
    finally:
        for each in made:
            each.shutdown(cancel_futures=True)


def _await(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; psycopg cannot use the event loop that is Windows' default."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(coroutine)
