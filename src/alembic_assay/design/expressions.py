"""SQL that requirements hold: read by PostgreSQL's own parser, and written back by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic_assay import statements
from alembic_assay.errors import UnparsedSQLError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic_assay.design.problems import Problems

_REFUSED = {"SubLink": "a subquery", "ParamRef": "a parameter", "WindowDef": "a window function"}


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read.

    Args:
        sql: As the parser writes it back: one expression, without comments.
        columns: The columns in it, sorted.
    """

    sql: str
    columns: tuple[str, ...]


def read(sql: str, columns: Iterable[str], path: str, problems: Problems) -> Expression | None:
    """Read one expression over some columns.

    Args:
        sql: As in the requirements.
        columns: Those that it may name.
        path: Where it stands.
        problems: Gets REQ104 for what is wrong; the result is ``None`` then.
    """
    try:
        (statement,) = statements.parse(f"SELECT {sql}")
        (target,) = statement.node.target_list
        value = statements.unwrap(target).val
        written = _without(statement, value)
    except UnparsedSQLError as error:
        problems.add("REQ104", path, f"{error.message.rstrip('.')}: {sql!r}.")
        return None
    except ValueError:
        problems.add("REQ104", path, f"expected one expression, got {sql!r}.")
        return None
    nodes = list(_walk(value))
    for kind, what in _REFUSED.items():
        if any(statements.kind_of(node) == kind for node in nodes):
            problems.add("REQ104", path, f"{what} cannot be used here: {sql!r}.")
            return None
    known = set(columns)
    used = [_name(node) for node in nodes if statements.kind_of(node) == "ColumnRef"]
    for name in used:
        if name not in known:
            problems.unknown("REQ104", path, "column", name, known)
    return None if any(name not in known for name in used) else Expression(written, tuple(sorted({*used})))


def _without(statement: statements.Statement, value: Any) -> str:
    """Write the expression back; refuse a SELECT that is more than it."""
    written = statements.expression(value)
    (again,) = statements.parse(f"SELECT {written}")
    if {field.name for field, _ in statement.node.ListFields()} != {field.name for field, _ in again.node.ListFields()}:
        raise ValueError
    if statements.unwrap(statement.node.target_list[0]).name:
        raise ValueError
    return written


def _name(node: Any) -> str:
    """Return a column as it is written; one with its table is not known by that."""
    return ".".join(getattr(statements.unwrap(field), "sval", "*") for field in statements.unwrap(node).fields)


def _walk(message: Any) -> Iterator[Any]:
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for each in value if field.is_repeated else [value]:
            yield from _walk(each)
