"""Constraints and indexes as source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    TextClause,
    UniqueConstraint,
    quoted_name,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from alembic_assay.emit.python import Code, Group, call, listed, mapping, text
from alembic_assay.emit.types import clause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Constraint, Index, Table

_ORDER = (PrimaryKeyConstraint, UniqueConstraint, ForeignKeyConstraint, CheckConstraint, ExcludeConstraint)


def parts(of: Table) -> Iterator[Code]:
    """Yield constraints and indexes of a table, in a fixed order."""
    named = [each for each in of.constraints if each.name is not None and is_plain(each)]
    for each in sorted(named, key=lambda each: (_ORDER.index(_kind(each)), str(each.name))):
        yield constraint(each)
    for index in sorted(of.indexes, key=lambda index: str(index.name)):
        yield _index(index)


def _kind(each: Constraint) -> Any:
    return next(kind for kind in _ORDER if isinstance(each, kind))


def constraint(each: Constraint) -> Code:
    """Return one constraint."""
    timing: dict[str, Code | None] = {
        "deferrable": "True" if each.deferrable else None,
        "initially": text(each.initially) if each.initially else None,
    }
    name, comment = text(str(each.name)), text(str(each.comment)) if each.comment else None
    match each:
        case PrimaryKeyConstraint():
            return call("sa.PrimaryKeyConstraint", *_names(each), name=name, comment=comment, **timing, **dialect(each))
        case UniqueConstraint():
            return call("sa.UniqueConstraint", *_names(each), name=name, comment=comment, **timing, **dialect(each))
        case ForeignKeyConstraint():
            return _foreign_key(each, name, comment, timing)
        case ExcludeConstraint():
            return _exclude(each, name, timing)
        case CheckConstraint():
            return call("sa.CheckConstraint", clause(_sql(each.sqltext)), name=name, comment=comment)
    raise TypeError(type(each).__name__)


def _sql(value: Any) -> str:
    return str(value.text)


def _names(each: Any) -> list[Code]:
    return [text(column.name) for column in each.columns]


def _foreign_key(each: ForeignKeyConstraint, name: str, comment: Code | None, timing: dict[str, Code | None]) -> Code:
    targets: list[Code] = [text(element.target_fullname) for element in each.elements] if is_plain(each) else []
    return call(
        "sa.ForeignKeyConstraint",
        listed([text(column) for column in each.column_keys]),
        listed(targets),
        name=name,
        onupdate=text(each.onupdate) if each.onupdate else None,
        ondelete=text(each.ondelete) if each.ondelete else None,
        match=text(each.match) if each.match else None,
        use_alter="True" if each.use_alter else None,
        comment=comment,
        **timing,
        **dialect(each),
    )


def is_plain(each: Constraint) -> bool:
    """Whether texts can name what a foreign key points to."""
    if not isinstance(each, ForeignKeyConstraint):
        return True
    columns = [element.column for element in each.elements]
    named = [part for column in columns for part in (column.name, column.table.name, column.table.schema)]
    return all("." not in str(part) for part in named)


def added_later(each: ForeignKeyConstraint) -> Code:
    """Return a foreign key whose ends are columns, not texts."""
    code = constraint(each)
    assert isinstance(code, Group)  # noqa: S101 - it is a call
    ends = [[*each.columns], [element.column for element in each.elements]]
    columns = [listed([f"{table(column.table)}.c[{text(column.name)}]" for column in end]) for end in ends]
    return Group(code.start, (*columns, *code.items[2:]), code.end)


def table(found: Any) -> str:
    """Return how a generated module finds a table."""
    return f"base.metadata.tables[{text(found.key)}]"


def _exclude(each: ExcludeConstraint, name: str, timing: dict[str, Code | None]) -> Code:
    pairs: list[Code] = [
        Group("(", (text(column.name), text(operator)), ")")
        for column, (_, _, operator) in zip(each.columns, each._render_exprs, strict=True)  # noqa: SLF001 - kept nowhere else
    ]
    where = None if each.where is None else clause(_sql(each.where))
    return call("pg.ExcludeConstraint", *pairs, name=name, using=text(each.using), where=where, **timing)


def _index(index: Index) -> Code:
    found: list[Any] = list(index.expressions)
    keys = [clause(key.text) if isinstance(key, TextClause) else text(key.name) for key in found]
    unique = "True" if index.unique else None
    return call("sa.Index", text(str(index.name)), *keys, unique=unique, **dialect(index))


def dialect(item: Any) -> dict[str, Code | None]:
    """Return the options of PostgreSQL that are set."""
    found: dict[str, Code | None] = {}
    for name, value in sorted(item.dialect_kwargs.items()):
        if value is None or value is False or (isinstance(value, list | dict | str) and value in ([], {}, "btree")):
            continue
        found[name] = value_of(value)
    return found


def value_of(value: Any) -> Code:
    """Write a value of an option."""
    if isinstance(value, TextClause):
        return clause(value.text)
    if isinstance(value, quoted_name) and value.quote is False:
        return call("sa.quoted_name", text(str(value)), quote="False")
    if isinstance(value, dict):
        return mapping({key: value_of(each) for key, each in value.items()})
    if isinstance(value, tuple):
        return Group("(", tuple(value_of(each) for each in value), ")")
    if isinstance(value, list):
        return listed([value_of(each) for each in value])
    return text(value) if isinstance(value, str) else repr(value)
