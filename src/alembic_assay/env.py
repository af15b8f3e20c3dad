"""What ``env.py`` calls: :func:`run` is a whole one, :func:`configure_options` serves an existing one."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from dataclasses import fields
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from inspect import signature
from logging.config import fileConfig
from typing import TYPE_CHECKING, Any

import alembic.context
from alembic.runtime.environment import EnvironmentContext

from alembic_assay import offline, online
from alembic_assay import options as assay_options
from alembic_assay.errors import AssayError, MetadataError, OptionsError
from alembic_assay.neon.url import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alembic.autogenerate.api import AutogenContext
    from alembic.config import Config
    from sqlalchemy import URL, Engine, MetaData
    from sqlalchemy.ext.asyncio import AsyncEngine

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
    variable: str = VARIABLE,
    engine: Engine | AsyncEngine | None = None,
    **options: Any,
) -> None:
    """Be the whole of an ``env.py``.

    It connects with psycopg, past a pooler, waits for a server that wakes up, lets one migration run at a time, and
    sets ``lock_timeout`` in every transaction. Each revision has its own. With ``--sql`` it needs no database.
    ``config.attributes["connection"]`` is used as it is, for tests and for programs that migrate by themselves.
    ``-x schema=tenant_1`` migrates one schema: it is the ``search_path``, and the version table is in it.

    Args:
        context: ``alembic.context``.
        metadata: The models', or several.
        url: Where to migrate, unless ``-x url=`` says otherwise. Left out, it is looked for.
        variable: Where: ``"BILLING_URL"`` means ``BILLING_URL_UNPOOLED``, then ``BILLING_URL``.
        engine: Unless ``-x url=``, for what a URL cannot say; sync or async, with ``poolclass=NullPool``.
        options: Settings of :class:`~alembic_assay.options.Options`, and any of Alembic's own for
            ``context.configure()``: ``include_schemas=True``, ``process_revision_directives=…``.

    Raises:
        AssayError: What the user can mend. From the command line it is one line, and exit code 1.

    Example: ``run(context, Base.metadata)``
    """
    config: Config = context.config
    with _one_line_errors(config):
        _configure_logging(config)
        configuration = {**_metadata(metadata), **_configuration(options)}
        if context.is_offline_mode():
            offline.run(context, configuration, _search_path(context))
        else:
            source = online.Source(url=url, variable=variable, engine=engine)
            online.run(context, configuration, source, _search_path(context))


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


def _metadata(metadata: MetaData | Sequence[MetaData] | None) -> dict[str, Any]:
    if metadata is None:
        raise MetadataError("no models: the metadata that env.py passes to run() is None.", hint="Pass Base.metadata.")
    return {"target_metadata": metadata, "transaction_per_migration": True}


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


def _search_path(context: Any) -> tuple[str, ...]:
    """The schema of a tenant, ``-x schema=…``, and those behind it, if it is given more than once."""
    pairs = (argument.partition("=") for argument in context.get_x_argument())
    return tuple(value for name, _, value in pairs if name == "schema")


def _configure_logging(config: Config) -> None:
    by_command = config.cmd_opts is not None and config.attributes.get("configure_logger", True)
    if by_command and config.config_file_name and config.file_config.has_section("loggers"):
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
