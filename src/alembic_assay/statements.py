"""Raw SQL, read by PostgreSQL's own parser. The only module that knows postgast."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic_assay.errors import UnparsedSQLError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

_ENDS_OR_STARTS_TRANSACTION = frozenset(
    {
        "TRANS_STMT_BEGIN",
        "TRANS_STMT_START",
        "TRANS_STMT_COMMIT",
        "TRANS_STMT_ROLLBACK",
        "TRANS_STMT_PREPARE",
        "TRANS_STMT_COMMIT_PREPARED",
        "TRANS_STMT_ROLLBACK_PREPARED",
    }
)
_REINDEX_OF_MANY = frozenset({"REINDEX_OBJECT_SCHEMA", "REINDEX_OBJECT_SYSTEM", "REINDEX_OBJECT_DATABASE"})
_REFRESHING = frozenset(
    {
        "ALTER_SUBSCRIPTION_SET_PUBLICATION",
        "ALTER_SUBSCRIPTION_ADD_PUBLICATION",
        "ALTER_SUBSCRIPTION_DROP_PUBLICATION",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One SQL statement.

    Args:
        text: As written, without the semicolon.
        kind: PostgreSQL's own name for it: ``IndexStmt``, ``AlterTableStmt`` …
        transactional: Whether it may run inside a transaction block and leave that block as it was. ``DROP
            SUBSCRIPTION`` is taken to have a slot.
        without_concurrently: The same without CONCURRENTLY, where it says that and where the catalogs are
            afterwards the same: to create, drop and rebuild an index. Not ``DETACH PARTITION``: detaching
            concurrently adds a CHECK to the partition.
        node: The parse tree: a protobuf message whose fields are those of PostgreSQL's ``parsenodes.h``.
    """

    text: str
    kind: str
    transactional: bool
    without_concurrently: str | None = None
    node: Any = field(repr=False, compare=False)


def parse(sql: str) -> list[Statement]:
    """Split SQL into statements and read each.

    Args:
        sql: Any number of statements of PostgreSQL 18 or older.

    Raises:
        UnparsedSQLError: PostgreSQL would refuse it; says what at, and in which line of it.

    Example:
        >>> [(s.kind, s.transactional) for s in parse("DROP INDEX CONCURRENTLY i; SELECT 1")]
        [('DropStmt', False), ('SelectStmt', True)]
    """
    entries = _tree(sql).stmts
    return [_statement(sql.encode(), entry) for entry in entries]


def unwrap(node: Any) -> Any:
    """Return what a ``Node`` holds; anything else as it is."""
    chosen = node.WhichOneof("node") if "node" in node.DESCRIPTOR.oneofs_by_name else None
    return node if chosen is None else getattr(node, chosen)


def kind_of(node: Any) -> str:
    """Return PostgreSQL's name of a node.

    >>> kind_of(parse("VACUUM")[0].node)
    'VacuumStmt'
    """
    return str(unwrap(node).DESCRIPTOR.name)


def enum_name(node: Any, name: str) -> str:
    """Return the value of an enumerated field by its name in PostgreSQL's sources.

    >>> enum_name(parse("DROP TABLE t")[0].node, "remove_type")
    'OBJECT_TABLE'
    """
    descriptor = node.DESCRIPTOR.fields_by_name[name]
    return str(descriptor.enum_type.values_by_number[getattr(node, name)].name)


def strings(nodes: Iterable[Any]) -> list[str]:
    """Return the texts of a list of ``String`` nodes: the parts of a qualified name, or column names."""
    return [unwrap(node).sval for node in nodes]


def expression(node: Any) -> str:
    """Write an expression node back as SQL.

    >>> expression(parse("CREATE INDEX ON t (a) WHERE b>1")[0].node.where_clause)
    'b > 1'
    """
    tree = _tree("SELECT 1 WHERE true")
    tree.stmts[0].stmt.select_stmt.where_clause.CopyFrom(node)
    return _deparse(tree).removeprefix("SELECT 1 WHERE ")


def index_element(node: Any) -> str:
    """Write one element of an index back as SQL.

    >>> index_element(parse("CREATE INDEX ON t (lower(a) text_pattern_ops DESC)")[0].node.index_params[0])
    'lower(a) text_pattern_ops DESC'
    """
    tree = _tree("CREATE INDEX ON t (a)")
    tree.stmts[0].stmt.index_stmt.index_params[0].CopyFrom(node)
    return _deparse(tree).partition("(")[2].removesuffix(")")


def index_column(element: str) -> str | None:
    """Return the column that an element of an index is about, ``None`` for an expression.

    Args:
        element: As between the parentheses of CREATE INDEX.

    >>> index_column("a DESC"), index_column("lower(a)")
    ('a', None)
    """
    try:
        (entry,) = _tree(f"CREATE INDEX ON t ({element})").stmts
        (parameter,) = unwrap(entry.stmt).index_params
    except (UnparsedSQLError, ValueError):
        return None
    return unwrap(parameter).name or None


def not_null_columns(predicate: str) -> tuple[str, ...]:
    """Return the columns of a predicate that says of columns that they are not NULL, and nothing else.

    Nothing is returned where it says anything else, or cannot be parsed.

    >>> not_null_columns("(a IS NOT NULL) AND b IS NOT NULL"), not_null_columns("a IS NOT NULL OR b > 1")
    (('a', 'b'), ())
    """
    try:
        (entry,) = _tree(f"SELECT WHERE {predicate}").stmts
    except (UnparsedSQLError, ValueError):
        return ()
    clause = unwrap(unwrap(entry.stmt).where_clause)
    is_and = kind_of(clause) == "BoolExpr" and enum_name(clause, "boolop") == "AND_EXPR"
    tests = [unwrap(node) for node in clause.args] if is_and else [clause]
    columns = [_tested_column(test) for test in tests]
    return tuple(column for column in columns if column) if all(columns) else ()


def _tested_column(test: Any) -> str | None:
    if kind_of(test) != "NullTest" or enum_name(test, "nulltesttype") != "IS_NOT_NULL":
        return None
    tested = unwrap(test.arg)
    return strings(tested.fields)[-1] if kind_of(tested) == "ColumnRef" else None


def _tree(sql: str) -> Any:
    postgast = _lazily("postgast")
    if "\0" in sql:
        raise UnparsedSQLError("cannot parse SQL: it holds a NUL character.")
    try:
        return postgast.parse(sql)
    except postgast.PgQueryError as error:
        raise UnparsedSQLError(f"cannot parse SQL: {error.message}{_where(sql, error.cursorpos)}.") from None
    except _lazily("google.protobuf.message").DecodeError:
        raise UnparsedSQLError("cannot parse SQL: an expression is nested too deeply.") from None
    except UnicodeEncodeError:
        raise UnparsedSQLError("cannot parse SQL: it is not valid Unicode.") from None


def _lazily(module: str) -> ModuleType:
    """Import on first use: it costs 75 ms, and most commands parse nothing. mypy cannot read its stubs."""
    return importlib.import_module(module)


def _deparse(tree: Any) -> str:
    return str(_lazily("postgast").deparse(tree))


def _where(sql: str, position: int) -> str:
    """Tell the line, where there is more than one. ``position`` counts bytes from 1; 0 is unknown."""
    if position < 1 or "\n" not in sql:
        return ""
    line = sql.encode()[: position - 1].count(b"\n") + 1
    return f" in line {line}"


def _statement(raw: bytes, entry: Any) -> Statement:
    end = entry.stmt_location + entry.stmt_len if entry.stmt_len else len(raw)
    text = raw[entry.stmt_location : end].decode().strip().rstrip(";").rstrip()
    node = unwrap(entry.stmt)
    return Statement(
        text=text,
        kind=kind_of(node),
        transactional=not _refused_in_transaction(node),
        without_concurrently=_without_concurrently(text, node),
        node=node,
    )


def _refused_in_transaction(node: Any) -> bool:
    refused = _REFUSED_IN_TRANSACTION.get(kind_of(node))
    return refused is not None and refused(node)


def _detaches_concurrently(command: Any) -> bool:
    return enum_name(command, "subtype") == "AT_DetachPartition" and unwrap(getattr(command, "def")).concurrent


def _refreshes(node: Any) -> bool:
    kind = enum_name(node, "kind")
    return kind == "ALTER_SUBSCRIPTION_REFRESH" or (
        kind in _REFRESHING and _is_on(node.options, "refresh", default=True)
    )


def _is_on(options: Iterable[Any], name: str, *, default: bool = False) -> bool:
    """Read a boolean option as PostgreSQL's ``defGetBoolean`` does: the last one counts, no value means on."""
    for option in _options(options, name):
        default = not option.HasField("arg") or _word(unwrap(option.arg)) in {"true", "on", "1"}
    return default


def _word(value: Any) -> str:
    """Return a value of an option as text; a bare word is a type's name to the grammar."""
    match kind_of(value):
        case "Integer":
            return str(value.ival)
        case "Boolean":
            return str(value.boolval).lower()
        case "TypeName":
            return strings(value.names)[-1].lower()
    return str(getattr(value, "sval", "")).lower()


def _options(options: Iterable[Any], name: str) -> Iterator[Any]:
    return (unwrap(option) for option in options if unwrap(option).defname == name)


def _without_concurrently(text: str, node: Any) -> str | None:
    kind = kind_of(node)
    if kind in {"IndexStmt", "DropStmt"} and node.concurrent:
        return _without_first_keyword(text)
    if kind == "ReindexStmt" and _is_on(node.params, "concurrently"):
        tree = _tree("SELECT 1")
        statement = tree.stmts[0].stmt.reindex_stmt
        statement.CopyFrom(node)
        kept = [option for option in node.params if unwrap(option).defname != "concurrently"]
        del statement.params[:]
        statement.params.extend(kept)
        return _deparse(tree)
    return None


def _without_first_keyword(text: str) -> str:
    """Cut the first CONCURRENTLY; it comes before every name in CREATE INDEX and DROP INDEX."""
    raw = text.encode()
    tokens = _lazily("postgast").scan(text).tokens
    token = next(token for token in tokens if raw[token.start : token.end].lower() == b"concurrently")
    return (raw[: token.start] + raw[token.end :].lstrip()).decode()


_REFUSED_IN_TRANSACTION: dict[str, Callable[[Any], bool]] = {
    "AlterDatabaseStmt": lambda node: any(_options(node.options, "tablespace")),
    "AlterSubscriptionStmt": _refreshes,
    "AlterSystemStmt": lambda _: True,
    "AlterTableStmt": lambda node: any(_detaches_concurrently(unwrap(command)) for command in node.cmds),
    "ClusterStmt": lambda node: not node.HasField("relation"),
    "CreateSubscriptionStmt": lambda node: _is_on(
        node.options, "create_slot", default=_is_on(node.options, "connect", default=True)
    ),
    "CreateTableSpaceStmt": lambda _: True,
    "CreatedbStmt": lambda _: True,
    "DiscardStmt": lambda node: enum_name(node, "target") == "DISCARD_ALL",
    "DropStmt": lambda node: node.concurrent,
    "DropSubscriptionStmt": lambda _: True,
    "DropTableSpaceStmt": lambda _: True,
    "DropdbStmt": lambda _: True,
    "IndexStmt": lambda node: node.concurrent,
    "ReindexStmt": lambda node: _is_on(node.params, "concurrently") or enum_name(node, "kind") in _REINDEX_OF_MANY,
    "TransactionStmt": lambda node: enum_name(node, "kind") in _ENDS_OR_STARTS_TRANSACTION,
    "VacuumStmt": lambda node: node.is_vacuumcmd,
}
"""The calls of ``PreventInTransactionBlock`` in PostgreSQL's sources, and what begins or ends the block."""
