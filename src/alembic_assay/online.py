"""``run()`` with a database: connect, one migration at a time, migrate."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from configparser import InterpolationError
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic.util import CommandError
from sqlalchemy import Engine, NullPool
from sqlalchemy.exc import DBAPIError

from alembic_assay.errors import AssayError, DatabaseURLError, OptionsError
from alembic_assay.failures import CommitWatch, failure
from alembic_assay.neon.engine import connect, create, no_autocommit, set_timeouts
from alembic_assay.neon.lock import migration_lock
from alembic_assay.neon.recycle import recycle_pooler
from alembic_assay.neon.url import VARIABLE, ResolvedURL, is_pooled, masked, parse, resolve
from alembic_assay.proof import restore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from alembic.config import Config
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from alembic_assay.options import Options

    Hook = Callable[[MigrationContext, Any, list[MigrationScript]], None]

log = logging.getLogger("alembic.assay.env")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where ``env.py`` says that the database is.

    Args:
        url: A URL; ``None`` to look for it.
        variable: Where to look.
        engine: The user's own, instead of a URL.
    """

    url: str | URL | None = None
    variable: str = VARIABLE
    engine: Engine | AsyncEngine | None = None


def run(context: Any, configuration: dict[str, Any], source: Source, search_path: Sequence[str]) -> None:
    """Migrate, or do whatever the command is.

    Args:
        context: ``alembic.context``.
        configuration: For ``context.configure()``, with our options.
        source: Where the database is.
        search_path: Schemas, the tenant's first; none for the server's own setting.

    Raises:
        AssayError: What the user can mend.
    """
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is not None:
        _migrate(context, connection, configuration)
        return
    options: Options = configuration["assay"]
    if search_path:
        configuration = {"version_table_schema": search_path[0], **configuration}
    x = context.get_x_argument(as_dictionary=True).get("url")
    if source.engine is not None and x is None:  # a tenant's URL, or that of a branch, is meant as it is
        _run_with(context, configuration, source.engine, search_path)
        return
    found = resolve(
        x=x,
        argument=source.url,
        environ=os.environ,
        ini=_ini_url(context.config),
        variable=source.variable,
    )
    engine = create(
        found.url,
        lock_timeout=options.lock_timeout,
        statement_timeout=options.statement_timeout,
        application_name=_application_name(context),
        search_path=search_path,
        pooled=found.pooled,
    )
    refusal = _refusal(options, search_path) if found.pooled else None
    _run(context, configuration, engine, found, refusal)


def _run(
    context: Any, configuration: dict[str, Any], engine: Engine, found: ResolvedURL, refusal: AssayError | None
) -> None:
    _say_where(found)
    with connect(engine) as connection, _lock(context, engine, found, configuration):
        ran = _migrate(context, connection, configuration, refusal)
        if ran and configuration["assay"].recycle_pooler and not found.pooled:
            recycle_pooler(connection)


def _run_with(
    context: Any, configuration: dict[str, Any], engine: Engine | AsyncEngine, search_path: Sequence[str]
) -> None:
    """Use the user's engine; what we listen to on it, we listen to on a copy."""
    sync = engine if isinstance(engine, Engine) else engine.sync_engine
    if not isinstance(sync.pool, NullPool):
        raise OptionsError(
            f"engine in env.py: expected poolclass=NullPool, got {type(sync.pool).__name__}.",
            hint="A migration's connections must not go back to the application.",
        )
    options: Options = configuration["assay"]
    url = parse(sync.url)
    found = ResolvedURL(url=url, source="engine of env.py", pooled=is_pooled(url), rewritten=False)
    ours = sync.execution_options()
    set_timeouts(
        ours, lock_timeout=options.lock_timeout, statement_timeout=options.statement_timeout, search_path=search_path
    )
    refusal = _refusal(options, search_path) if found.pooled or search_path else None
    if sync is engine:
        _run(context, configuration, ours, found, refusal)
    else:
        _in_an_event_loop(_run, context, configuration, ours, found, refusal)


def _in_an_event_loop(function: Any, *arguments: Any) -> None:
    """Call a function in which the connections of an async engine work, in an event loop of its own."""
    from sqlalchemy.util import greenlet_spawn  # noqa: PLC0415 - the extra `async`

    def run() -> None:
        # psycopg cannot use the event loop that is Windows' default.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(greenlet_spawn(function, *arguments))

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        run()
    else:
        with ThreadPoolExecutor(1) as thread:  # a thread has one event loop, and that of this one is busy with us
            thread.submit(run).result()


def _ini_url(config: Config) -> str | None:
    try:
        return config.get_main_option("sqlalchemy.url")
    except InterpolationError:
        raise DatabaseURLError(
            f"sqlalchemy.url in {config.config_file_name} holds a single %.", hint="In this file, write % as %%."
        ) from None


def _refusal(options: Options, search_path: Sequence[str]) -> AssayError | None:
    """Why nothing can be done outside of a transaction, if it cannot."""
    if search_path:
        return no_autocommit(search_path[0])
    if options.allow_pooled:
        return None
    return AssayError(
        "an autocommit_block() over a pooler: what it sets for its session would be others', or lost.",
        hint="Set DATABASE_URL_UNPOOLED to migrate over the direct host, or allow_pooled = true.",
    )


def _migrate(
    context: Any, connection: Connection, configuration: dict[str, Any], refusal: AssayError | None = None
) -> int:
    """Run the migrations; return how many revisions were run."""
    if getattr(context.config.cmd_opts, "autogenerate", False):
        users = configuration.get("process_revision_directives")
        configuration = {**configuration, "process_revision_directives": _unless_empty(users)}
    context.configure(connection=connection, **configuration)
    migrating: MigrationContext = context.get_context()
    options: Options = configuration["assay"]
    if refusal is not None:
        _refuse_autocommit(migrating, refusal)
    if "restore-point" in context.get_x_argument():
        restore.make(migrating, context.script, _application_name(context))
    with _spans(migrating, options):
        return _run_migrations(context)


def _unless_empty(users: Hook | None) -> Hook:
    """Write no revision that does nothing."""

    def process(migrating: MigrationContext, revision: Any, directives: list[MigrationScript]) -> None:
        if users is not None:
            users(migrating, revision, directives)
        if directives and all(ops.is_empty() for script in directives for ops in script.upgrade_ops_list):
            directives.clear()
            log.info("No changes: no revision is written")

    return process


def _refuse_autocommit(migrating: MigrationContext, refusal: AssayError) -> None:
    """Refuse before the block commits what the revision has done so far: nothing is half done."""

    def refused() -> Any:
        raise refusal

    migrating.autocommit_block = refused  # type: ignore[method-assign] # Alembic has no hook there


def _spans(migrating: MigrationContext, options: Options) -> AbstractContextManager[None]:
    if not options.trace or migrating.connection is None:
        return nullcontext()
    from alembic_assay.session import telemetry  # noqa: PLC0415 - the extra `otel`

    telemetry.instrument(migrating.connection.engine)
    return telemetry.migration_spans(migrating)


def _run_migrations(context: Any) -> int:
    watch = CommitWatch(context.get_context())
    try:
        with context.begin_transaction():
            context.run_migrations()
    except DBAPIError as error:
        if context.config.cmd_opts is None:
            raise
        paths = {script.path for script in context.script.walk_revisions()}
        raise failure(error, paths, watch) from error
    return watch.revisions


def _say_where(found: ResolvedURL) -> None:
    if found.rewritten:
        log.info("%s is a pooler's; migrating over the direct host %s", found.source, found.url.host)
    elif found.pooled:
        log.warning(
            "%s is a pooler's and its direct host is not known: set DATABASE_URL_UNPOOLED to migrate over it",
            found.source,
        )
    else:
        log.info("Database %s (from %s)", masked(found.url), found.source)


def _lock(
    context: Any, migrating: Engine, found: ResolvedURL, configuration: Mapping[str, Any]
) -> AbstractContextManager[None]:
    """One migration at a time; what only looks needs no lock, and ``-x no-lock`` goes without."""
    if not _writes(context) or "no-lock" in context.get_x_argument():
        return nullcontext()
    return migration_lock(
        migrating,
        wait=configuration["assay"].lock_wait_seconds,
        pooled=found.pooled,
        database=found.url.database or "",
        version_table_schema=configuration.get("version_table_schema"),
        version_table=configuration.get("version_table", "alembic_version"),
    )


def _writes(context: Any) -> bool:
    """Whether this is ``upgrade``, ``downgrade`` or ``stamp``: those have a destination."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    except CommandError:
        return True  # a revision that does not exist: Alembic says so when it gets there
    return True


def _application_name(context: Any) -> str:
    command = getattr(context.config.cmd_opts, "cmd", None)
    return f"alembic:{command[0].__name__}" if command else "alembic"
