"""Column types that come down to an enumerated type, and how scripts write types: no column creates its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.dialects import postgresql
from sqlalchemy.types import ARRAY, TypeDecorator, TypeEngine

from alembic_assay.ops.script_types import render_other

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Dialect

    RenderItem = Callable[[str, Any, AutogenContext], str | Literal[False]]

_OURS = "_assay_renders_enums"


def enum_of(type_: TypeEngine[Any], dialect: Dialect) -> postgresql.ENUM | None:
    """Return the PostgreSQL enum that a column type comes down to, or ``None``.

    Looks through arrays, decorators and variants; ``native_enum=False`` is no enum for PostgreSQL.
    """
    implementation = type_.dialect_impl(dialect)
    if isinstance(implementation, TypeDecorator):
        return enum_of(implementation.impl_instance, dialect)
    if isinstance(implementation, ARRAY):
        return enum_of(implementation.item_type, dialect)
    return implementation if isinstance(implementation, postgresql.ENUM) else None


def install_renderer(autogen_context: AutogenContext) -> None:
    """Chain our renderer after the user's ``render_item``, once a run."""
    users: RenderItem | None = autogen_context.opts.get("render_item")
    if not getattr(users, _OURS, False):
        autogen_context.opts["render_item"] = _chain(users)


def _chain(users: RenderItem | None) -> RenderItem:
    def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
        rendered = users(kind, item, autogen_context) if users else False
        if rendered is False and kind == "type" and isinstance(item, TypeEngine):
            return (
                _render_enum(item, autogen_context)
                or _render_sqlmodel_string(item, autogen_context)
                or render_other(item, autogen_context)
            )
        return rendered

    setattr(render_item, _OURS, True)
    return render_item


def _render_enum(type_: TypeEngine[Any], autogen_context: AutogenContext) -> str | Literal[False]:
    dialect = autogen_context.dialect
    enum = enum_of(type_, dialect)
    if enum is None:
        return False
    array = type_.dialect_impl(dialect)
    if isinstance(array, ARRAY):
        return _render_array(array, autogen_context) if any("\\" in label for label in enum.enums) else False
    autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
    arguments = [repr(str(label)) for label in enum.enums] + [f"name={str(enum.name)!r}"]
    if enum.schema:
        arguments.append(f"schema={str(enum.schema)!r}")
    return f"postgresql.ENUM({', '.join(arguments)}, create_type=False)"


def _render_array(array: ARRAY[Any], autogen_context: AutogenContext) -> str | Literal[False]:
    """Alembic renders an array itself and asks again for its items, but trips over backslashes in labels."""
    item = _render_enum(array.item_type, autogen_context)
    prefix = autogen_context.opts["sqlalchemy_module_prefix"] or ""
    dimensions = "" if array.dimensions is None else f", dimensions={array.dimensions}"
    return item and f"{prefix}ARRAY({item}{dimensions})"


def _render_sqlmodel_string(type_: TypeEngine[Any], autogen_context: AutogenContext) -> str | Literal[False]:
    """SQLModel's own string type is ``VARCHAR`` here; as such a script needs no ``import sqlmodel``."""
    if type(type_).__module__ != "sqlmodel.sql.sqltypes" or not isinstance(type_, TypeDecorator):
        return False
    length = getattr(type_.impl_instance, "length", None)
    prefix = autogen_context.opts["sqlalchemy_module_prefix"] or ""
    return f"{prefix}String({'' if length is None else f'length={length}'})"
