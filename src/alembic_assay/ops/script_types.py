"""Types as scripts write them where Alembic's own text would not run: domains, and types of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from alembic.autogenerate.render import _repr_type
from sqlalchemy.dialects import postgresql

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy.types import TypeEngine


def render_other(type_: TypeEngine[Any], autogen_context: AutogenContext) -> str | Literal[False]:
    """Write a type, or ``False`` for Alembic's own text; a module that this names is imported by the script."""
    if isinstance(type_, postgresql.DOMAIN):
        return _render_domain(type_, autogen_context)
    module = type(type_).__module__
    if autogen_context.opts.get("user_module_prefix") is None and not _is_sqlalchemys(module):
        autogen_context.imports.add(f"import {module}")
    return False


def _is_sqlalchemys(module: str) -> bool:
    return module.partition(".")[0] == "sqlalchemy" or module in {"__main__", "builtins"}


def _render_domain(domain: postgresql.DOMAIN, autogen_context: AutogenContext) -> str:
    """A column never makes its domain: the script makes it before, or it is there."""
    autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
    arguments = [repr(str(domain.name)), _repr_type(domain.data_type, autogen_context)]
    if domain.schema:
        arguments.append(f"schema={str(domain.schema)!r}")
    return f"postgresql.DOMAIN({', '.join(arguments)}, create_type=False)"
