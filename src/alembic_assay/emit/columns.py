"""Columns as source, in both styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Computed, Identity

from alembic_assay.emit.python import Code, call, listed, mapping, text
from alembic_assay.emit.types import clause

if TYPE_CHECKING:
    from sqlalchemy import Column

    from alembic_assay.emit.types import Types

_IDENTITY = ("start", "increment", "minvalue", "maxvalue", "cycle", "cache")


def declarative(column: Column[Any], attribute: str, types: Types) -> tuple[str, Code]:
    """Return annotation and value of a column of a declarative class."""
    annotation = types.annotation(column.type)
    optional = f"{annotation} | None" if column.nullable and not column.primary_key else annotation
    name = [] if attribute == column.name else [text(column.name)]
    options = {"primary_key": "True" if column.primary_key else None, **_options(column)}
    nullable = None if column.primary_key else str(bool(column.nullable))
    value = call("orm.mapped_column", *name, types.code(column.type), *_extras(column), nullable=nullable, **options)
    return f"orm.Mapped[{optional}]", value


def sqlmodel(column: Column[Any], attribute: str, types: Types) -> tuple[str, Code]:
    """Return annotation and value of a field of a SQLModel class."""
    annotation = types.annotation(column.type)
    made = made_by_server(column)
    optional = annotation if annotation == "Any" or not (column.nullable or made) else f"{annotation} | None"
    given = {key: value for key, value in _options(column).items() if value is not None}
    arguments: dict[str, Code] = {} if attribute == column.name else {"name": text(column.name)}
    extras = _extras(column)
    value = call(
        "Field",
        default="None" if column.nullable or made else None,
        primary_key="True" if column.primary_key else None,
        nullable=None if column.primary_key else str(bool(column.nullable)),
        sa_type=types.code(column.type),
        sa_column_args=listed(extras) if extras else None,
        sa_column_kwargs=mapping({**arguments, **given}) if arguments or given else None,
    )
    return optional, value


def made_by_server(column: Column[Any]) -> bool:
    """Whether the server gives a value where none is given."""
    return column.server_default is not None or column.identity is not None or column.computed is not None


def plain(column: Column[Any], types: Types) -> Code:
    """Return a column of a table without a class."""
    nullable = None if column.primary_key else str(bool(column.nullable))
    key = "True" if column.primary_key else None
    options = {"primary_key": key, "nullable": nullable, **_options(column)}
    return call("sa.Column", text(column.name), types.code(column.type), *_extras(column), **options)


def _extras(column: Column[Any]) -> list[Code]:
    if isinstance(column.computed, Computed):
        sql = clause(column.computed.sqltext.text)
        return [call("sa.Computed", sql, persisted=str(column.computed.persisted))]
    if isinstance(column.identity, Identity):
        given = {name: getattr(column.identity, name) for name in _IDENTITY}
        options = {name: str(value) for name, value in given.items() if value is not None}
        return [call("sa.Identity", always="True" if column.identity.always else None, **options)]
    return []


def _options(column: Column[Any]) -> dict[str, Code | None]:
    default: Any = None if column.computed is not None or column.identity is not None else column.server_default
    generated = column.identity is not None
    return {
        "server_default": None if default is None else clause(default.arg.text),
        "autoincrement": "False" if column.primary_key and not generated else None,
        "system": "True" if column.system else None,
        "comment": text(column.comment) if column.comment else None,
    }
