"""The module ``models``: a class for each table with a primary key, a ``Table`` for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from alembic_assay.emit import columns, constraints, relationships
from alembic_assay.emit.constraints import added_later, is_plain, parts, value_of
from alembic_assay.emit.python import Code, Group, Named, call, class_head, docstring, mapping, render, statement, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from alembic_assay.emit.source import Source

Style = Literal["sqlmodel", "declarative"]


def models(source: Source, style: Style) -> str:
    """Return the module's source, without its imports."""
    found = relationships.Relationships(source.classes, source.attributes, source.labels)
    pieces = [
        _class(source, table, style, found) if table in source.classes else _variable(source, table)
        for table in source.tables
    ]
    pieces += list(_later(source))
    return "\n\n\n".join(pieces)


def _class(source: Source, table: Table, style: Style, found: relationships.Relationships) -> str:
    base = "base.Base" if style == "declarative" else "base.Model, table=True"
    lines = [class_head(source.classes[table], base)]
    lines += [docstring(table.comment or f"Rows of {table.name}", 4), ""]
    lines += [f"    __tablename__ = {text(table.name)}", _arguments(table), ""]
    write = columns.declarative if style == "declarative" else columns.sqlmodel
    for column in table.columns:
        attribute = source.attributes[table][column.name]
        annotation, code = write(column, attribute, source.types)
        lines.append(_assigned(attribute, annotation, code))
    ends = relationships.declarative if style == "declarative" else relationships.sqlmodel
    related = [_assigned(*each) for each in ends(found.ends[table])]
    return "\n".join([*lines, *([""] if related else []), *related])


def _assigned(name: str, annotation: str, code: Code) -> str:
    return statement(f"{name}: {annotation}", code, 4)


def _arguments(table: Table) -> str:
    items = (*parts(table), mapping(_options(table)))
    return statement("__table_args__", Group("(", items, ")"), 4)


def _options(table: Table) -> dict[str, Code]:
    found: dict[str, Code] = {"schema": text(str(table.schema))}
    if table.comment:
        found["comment"] = text(table.comment)
    if table._prefixes:  # noqa: SLF001 - UNLOGGED is kept nowhere else
        found["prefixes"] = value_of(list(table._prefixes))  # noqa: SLF001 - as above
    return {**found, **{key: value for key, value in constraints.dialect(table).items() if value is not None}}


def _variable(source: Source, table: Table) -> str:
    items = [columns.plain(column, source.types) for column in table.columns]
    options = tuple(Named(f"{key}=", value) for key, value in _options(table).items())
    made = call("sa.Table", text(table.name), "base.metadata", *items, *parts(table))
    code = Group(made.start, (*made.items, *options), made.end)
    return statement(source.variables[table], code)


def _later(source: Source) -> Iterator[str]:
    """Yield what is said of tables when all are there."""
    for table in source.tables:
        for each in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            if not is_plain(each):
                name = constraints.table(table)
                yield render(call(f"{name}.append_constraint", added_later(each)))
        for other in sorted(table._extra_dependencies, key=lambda other: other.key):  # noqa: SLF001 - kept nowhere else
            yield render(call(f"{constraints.table(table)}.add_is_dependent_on", constraints.table(other)))
