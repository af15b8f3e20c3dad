"""What ``env.py`` calls: :func:`run` is a whole one, :func:`configure_options` serves an existing one."""

from __future__ import annotations

import logging
import os
import sys
from configparser import InterpolationError
from contextlib import contextmanager, nullcontext
from dataclasses import fields
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from inspect import signature
from logging.config import fileConfig
from typing import TYPE_CHECKING, Any

import alembic.context
from alembic.runtime.environment import EnvironmentContext
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from alembic_assay import offline
from alembic_assay import options as assay_options
from alembic_assay.errors import AssayError, DatabaseURLError, MetadataError, OptionsError
from alembic_assay.failures import CommitWatch, failure
from alembic_assay.neon.engine import connect, create
from alembic_assay.neon.lock import migration_lock
from alembic_assay.neon.recycle import recycle_pooler
from alembic_assay.neon.url import ResolvedURL, masked, resolve
from alembic_assay.proof import restore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from alembic.autogenerate.api import AutogenContext
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL, Connection, Engine, MetaData

    from alembic_assay.options import Options

STOCK_PLUGINS = "alembic.autogenerate.*"
OUR_PLUGINS = "assay.*"
_SET_BY_RUN = {"self", "connection", "dialect_name", "target_metadata", "kw"}
_VERSION_TABLE_OPTIONS = {"version_table", "version_table_schema", "version_table_pk"}

log = logging.getLogger("alembic.assay.env")


def run(
    context: EnvironmentContext | Any,
    metadata: MetaData | Sequence[MetaData],
    *,
    url: str | URL | None = None,
    **options: Any,
) -> None:
    """Be the whole of an ``env.py``.

    Online it connects with psycopg, to the direct host where the URL is a pooler's, waits for a server that wakes
    up, lets one migration run at a time, and sets ``lock_timeout`` in every transaction. Each revision has a
    transaction of its own. With ``--sql`` it needs no database. ``config.attributes["connection"]`` is used as it
    is, for tests and for programs that migrate by themselves. ``-x schema=tenant_1`` migrates one schema: it is the
    ``search_path``, and the version table is in it.

    Args:
        context: ``alembic.context``.
        metadata: The models' metadata, or several.
        url: Where to migrate, unless ``-x url=`` says otherwise. Left out, it is found in the environment
            (``DATABASE_URL_UNPOOLED`` and the like, then ``DATABASE_URL``), then in ``sqlalchemy.url``.
        options: Settings of :class:`~alembic_assay.options.Options`, and any of Alembic's own for
            ``context.configure()``: ``include_schemas=True``, ``process_revision_directives=…``.

    Raises:
        AssayError: What the user can mend: the URL, the server, the models, an option. From the command line
            it is one line on standard error, and exit code 1.

    Example::

        from alembic import context
        from alembic_assay.env import run
        from myapp.models import Base

        run(context, Base.metadata)
    """
    config: Config = context.config
    with _one_line_errors(config):
        if config.cmd_opts is not None and config.attributes.get("configure_logger", True):
            _configure_logging(config)
        if metadata is None:
            raise MetadataError(
                "no models: the metadata that env.py passes to run() is None.", hint="Pass Base.metadata."
            )
        configuration = {"target_metadata": metadata, "transaction_per_migration": True, **_configuration(options)}
        if context.is_offline_mode():
            offline.run(context, configuration, _search_path(context))
        else:
            _run_online(context, configuration, url)


def configure_options(*, autogenerate_plugins: Sequence[str] = (), **options: Any) -> dict[str, Any]:
    """Return what an existing ``env.py`` adds to ``context.configure()``.

    Args:
        autogenerate_plugins: Further plugins; the stock comparators and ours are always in.
        options: Settings of :class:`~alembic_assay.options.Options`, over those of the project's files.

    Raises:
        OptionsError: An unknown option, or a value that it does not take.

    Example::

        import alembic_assay as assay

        context.configure(connection=connection, target_metadata=metadata, **assay.configure_options())
    """
    config: Config = alembic.context.config
    with _one_line_errors(config):
        loaded = assay_options.load(config, options, list(alembic.context.get_x_argument()))
        plugins = _plugins()
    log.info("Plugins on: %s", ", ".join([*plugins, *autogenerate_plugins]))
    return {"autogenerate_plugins": [STOCK_PLUGINS, OUR_PLUGINS, *autogenerate_plugins], "assay": loaded}


def call_comparator(module: str, function: str, autogen_context: AutogenContext, *arguments: Any) -> Any:
    """Call what a plugin registered, loaded only now; for any ``env.py``, its errors are one line.

    Args:
        module: Where the function is.
        function: Its name.
        autogen_context: Alembic's, handed on with the other arguments.
        arguments: What Alembic passes to a comparator.
    """
    with _one_line_errors(autogen_context.migration_context.config):
        return getattr(import_module(module), function)(autogen_context, *arguments)


def _plugins() -> list[str]:
    names = sorted(point.name for point in entry_points(group="alembic.plugins") if point.name.startswith("assay."))
    if not names:
        raise AssayError("alembic-assay can be imported but is not installed.", hint="Run pip install alembic-assay.")
    return names


def _configuration(options: Mapping[str, Any]) -> dict[str, Any]:
    """Sort the keywords of ``run()``: ours become one value, Alembic's stay as they are."""
    known = signature(EnvironmentContext.configure).parameters.keys() | _VERSION_TABLE_OPTIONS
    ours = {field.name for field in fields(assay_options.Options)}
    for name in options:
        if name in _SET_BY_RUN:
            raise OptionsError(f"run() sets {name!r} itself.", hint="To set it yourself, use configure_options().")
        if name not in known | ours:
            near = get_close_matches(name, sorted(known | ours), n=1)
            hint = (
                f"Did you mean {near[0]!r}?"
                if near
                else "See context.configure() of Alembic and Options of alembic-assay."
            )
            raise OptionsError(f"unknown option {name!r} in env.py.", hint=hint)
    alembics = {key: value for key, value in options.items() if key not in ours}
    plugins = alembics.pop("autogenerate_plugins", None) or ()
    settings = {key: value for key, value in options.items() if key in ours}
    return {**alembics, **configure_options(autogenerate_plugins=plugins, **settings)}


def _run_online(context: Any, configuration: dict[str, Any], url: str | URL | None) -> None:
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is not None:
        _migrate(context, connection, configuration)
        return
    found = resolve(
        x=context.get_x_argument(as_dictionary=True).get("url"),
        argument=url,
        environ=os.environ,
        ini=_ini_url(context.config),
    )
    _say_where(found)
    options: Options = configuration["assay"]
    search_path = _search_path(context)
    if search_path:
        configuration = {"version_table_schema": search_path[0], **configuration}
    migrating = create(
        found.url,
        lock_timeout=options.lock_timeout,
        application_name=_application_name(context),
        search_path=search_path,
        pooled=found.pooled,
    )
    with connect(migrating) as connection, _lock(context, migrating, found, configuration):
        if _migrate(context, connection, configuration) and options.recycle_pooler and not found.pooled:
            recycle_pooler(connection)


def _search_path(context: Any) -> tuple[str, ...]:
    """The schema of a tenant, ``-x schema=…``, and those behind it, if it is given more than once."""
    pairs = (argument.partition("=") for argument in context.get_x_argument())
    return tuple(value for name, _, value in pairs if name == "schema")


def _ini_url(config: Config) -> str | None:
    try:
        return config.get_main_option("sqlalchemy.url")
    except InterpolationError:
        raise DatabaseURLError(
            f"sqlalchemy.url in {config.config_file_name} holds a single %.", hint="In this file, write % as %%."
        ) from None


def _migrate(context: Any, connection: Connection, configuration: dict[str, Any]) -> int:
    """Run the migrations; return how many revisions were run."""
    context.configure(connection=connection, **configuration)
    if "restore-point" in context.get_x_argument():
        restore.make(context.get_context(), context.script, _application_name(context))
    with _spans(context.get_context(), configuration["assay"]):
        return _run_migrations(context)


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


def _configure_logging(config: Config) -> None:
    if config.config_file_name and config.file_config.has_section("loggers"):
        fileConfig(config.config_file_name, disable_existing_loggers=False)


@contextmanager
def _one_line_errors(config: Config | None) -> Iterator[None]:
    """From the command line: one line on standard error and exit code 1, where Alembic's own is 255."""
    try:
        yield
    except AssayError as error:
        if config is None or config.cmd_opts is None or getattr(config.cmd_opts, "raiseerr", False):
            raise
        print(f"FAILED: {error}", file=sys.stderr)  # noqa: T201 - this is the command line
        raise SystemExit(getattr(config.cmd_opts, "error_exit", 1)) from None
