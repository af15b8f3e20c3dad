"""``--sql``: what is written into a script beside the migrations themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.ddl.impl import DefaultImpl

COMPILED = "alembic_assay_compiled"
"""Key of ``config.attributes``: a list that takes the settings with which the script was written. It is there if the
script will run in a transaction of the caller's own, and in any schema."""


def run(context: Any, configuration: dict[str, Any], search_path: Sequence[str]) -> None:
    """Write the script.

    Args:
        context: ``alembic.context``.
        configuration: For ``context.configure()``, with our options.
        search_path: Schemas, the tenant's first; none for the server's own setting.
    """
    offline = {"dialect_name": "postgresql", "dialect_opts": {"paramstyle": "named"}, "literal_binds": True}
    compiled: list[dict[str, Any]] | None = context.config.attributes.get(COMPILED)
    if compiled is not None:
        compiled.append(configuration)
        offline["transactional_ddl"] = False  # neither BEGIN nor COMMIT
    elif search_path:
        offline["version_table_schema"] = search_path[0]
    context.configure(**{**offline, **configuration})
    options = configuration["assay"]
    settings = {"lock_timeout": literal(options.lock_timeout)}
    if options.statement_timeout != "0":  # who runs the script may have a timeout of their own
        settings["statement_timeout"] = literal(options.statement_timeout)
    if search_path:
        settings["search_path"] = ", ".join(map(identifier, search_path))
    _set_in_transactions(context.get_context().impl, settings)
    with context.begin_transaction():
        context.run_migrations()


def _set_in_transactions(impl: DefaultImpl, settings: dict[str, str]) -> None:
    """Follow every BEGIN of the script by the settings, also the one after an autocommit block."""
    emit_begin = impl.emit_begin

    def begin_and_set() -> None:
        emit_begin()
        for name, value in settings.items():
            impl.static_output(f"SET LOCAL {name} = {value};\n")

    impl.emit_begin = begin_and_set  # type: ignore[method-assign] # Alembic has no hook there
