"""Raw SQL as the operations that say the same, so that rules see one form only."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy import (
    Column,
    Constraint,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.types import NULLTYPE

from alembic_assay.errors import UnparsedSQLError
from alembic_assay.rules.naming import shorten
from alembic_assay.rules.tables import default_name
from alembic_assay.sql import identifier
from alembic_assay.statements import enum_name, expression, index_element, kind_of, strings, unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from alembic.operations import MigrateOperation
    from sqlalchemy import TextClause
    from sqlalchemy.sql import Executable

    from alembic_assay.statements import Statement

REFERENCED_KEY = "column {} of its primary key"
"""Stands for a referenced column where REFERENCES names none: only the server knows it."""


def sql_text(executable: Executable | str) -> str:
    """Return the SQL that Alembic would send, with ``$1`` for each parameter.

    Args:
        executable: What ``op.execute()`` was given; in a string ``:name`` is a parameter, as for Alembic.

    Raises:
        UnparsedSQLError: SQLAlchemy cannot write it.
    """
    element: Any = text(executable) if isinstance(executable, str) else executable
    options = {} if isinstance(element, ExecutableDDLElement) else {"render_postcompile": True}
    try:
        return str(element.compile(dialect=_dialect(), compile_kwargs=options))
    except (SQLAlchemyError, AttributeError) as error:
        message = str(error).partition("\n")[0]
        raise UnparsedSQLError(f"cannot write {type(executable).__name__} as SQL: {message}.") from None


def translate(statement: Statement) -> list[MigrateOperation]:
    """Return the operations that say what a statement says; none where there are none.

    A translated operation is for rules to look at. It does not hold everything: types of columns, for instance.

    Args:
        statement: One statement.

    Example:
        >>> from alembic_assay.statements import parse
        >>> [vars(op)["index_name"] for op in translate(parse("DROP INDEX a, app.b")[0])]
        ['a', 'b']
    """
    translator = _TRANSLATORS.get(statement.kind)
    return [] if translator is None else list(translator(statement.node))


@cache
def _dialect() -> Any:
    # Of all parameter styles PostgreSQL's parser knows only $1; and this one doubles no percent signs.
    return postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # in 2.0


def _schema(relation: Any) -> str | None:
    return relation.schemaname or None


def _create_index(node: Any) -> Iterator[MigrateOperation]:
    if not node.relation.inh:
        return  # ON ONLY builds nothing on a partitioned table, and no operation can say it
    options: dict[str, Any] = {
        "postgresql_concurrently": node.concurrent or None,
        "postgresql_using": None if node.access_method == "btree" else node.access_method,
        "postgresql_where": _text(expression(node.where_clause)) if node.HasField("where_clause") else None,
        "postgresql_include": [unwrap(parameter).name for parameter in node.index_including_params] or None,
    }
    yield ops.CreateIndexOp(
        node.idxname or _servers_name(node),
        node.relation.relname,
        [_index_element(parameter) for parameter in node.index_params],
        schema=_schema(node.relation),
        unique=node.unique,
        if_not_exists=node.if_not_exists or None,
        **{name: value for name, value in options.items() if value is not None},
    )


def _servers_name(node: Any) -> str:
    """Return the name that PostgreSQL chooses, as long as it is free."""
    columns = [unwrap(parameter).name or "expr" for parameter in node.index_params]
    return shorten(default_name(node.relation.relname, columns, "idx"))


def _index_element(parameter: Any) -> Any:
    """Return a bare column by its name, anything else as text."""
    name, written = unwrap(parameter).name, index_element(parameter)
    return name if name and written in {name, identifier(name)} else _text(written)


def _text(sql: str) -> TextClause:
    return text(sql.replace(":", r"\:"))


def _create_table(node: Any) -> Iterator[MigrateOperation]:
    columns, constraints = list[str](), list[Constraint]()
    for element in map(unwrap, node.table_elts):
        if kind_of(element) == "ColumnDef":
            columns.append(element.colname)
            constraints += _column_constraints(element)
        elif kind_of(element) == "Constraint":
            constraints += _constraint(element, ())
            columns += [*strings(element.keys), *strings(element.fk_attrs)]  # it may inherit them
    options: dict[str, Any] = {"postgresql_partition_by": "?"} if node.HasField("partspec") else {}
    if node.relation.relpersistence == "t":
        options["prefixes"] = ["TEMPORARY"]
    yield ops.CreateTableOp(
        node.relation.relname,
        [*_columns(columns), *constraints],
        schema=_schema(node.relation),
        if_not_exists=node.if_not_exists or None,
        **options,
    )


def _columns(names: Iterable[str]) -> list[Column[Any]]:
    return [Column(name, NULLTYPE) for name in dict.fromkeys(names)]


def _create_table_as(node: Any) -> Iterator[MigrateOperation]:
    yield ops.CreateTableOp(node.into.rel.relname, [], schema=_schema(node.into.rel))


def _select(node: Any) -> Iterator[MigrateOperation]:
    if node.HasField("into_clause"):
        yield ops.CreateTableOp(node.into_clause.rel.relname, [], schema=_schema(node.into_clause.rel))


def _column_constraints(column: Any) -> Iterator[Constraint]:
    for constraint in map(unwrap, column.constraints):
        yield from _constraint(constraint, [column.colname])


def _constraint(node: Any, columns: Sequence[str]) -> Iterator[Constraint]:
    """``columns`` are those that a constraint of a column, which names none, is about."""
    name, kind = node.conname or None, enum_name(node, "contype")
    if kind == "CONSTR_PRIMARY":
        yield PrimaryKeyConstraint(*(strings(node.keys) or columns), name=name)
    elif kind == "CONSTR_UNIQUE":
        yield UniqueConstraint(*(strings(node.keys) or columns), name=name)
    elif kind == "CONSTR_FOREIGN":
        referring = strings(node.fk_attrs) or columns
        names = strings(node.pk_attrs) or [REFERENCED_KEY.format(number) for number in range(len(referring))]
        target = Table(node.pktable.relname, MetaData(), *_columns(names), schema=_schema(node.pktable))
        options: dict[str, Any] = {"postgresql_not_valid": True} if node.skip_validation else {}
        yield ForeignKeyConstraint(referring, [target.c[name] for name in names], name=name, **options)


def _drop(node: Any) -> Iterator[MigrateOperation]:
    names = [strings(unwrap(item).items) for item in node.objects if kind_of(item) == "List"]
    if_exists = node.missing_ok or None
    for *schema, name in names:
        where = schema[-1] if schema else None
        if enum_name(node, "remove_type") == "OBJECT_INDEX":
            options: dict[str, Any] = {"postgresql_concurrently": True} if node.concurrent else {}
            yield ops.DropIndexOp(name, schema=where, if_exists=if_exists, **options)
        elif enum_name(node, "remove_type") == "OBJECT_TABLE":
            yield ops.DropTableOp(name, schema=where, if_exists=if_exists)


def _alter_table(node: Any) -> Iterator[MigrateOperation]:
    if enum_name(node, "objtype") == "OBJECT_TABLE":
        for command in map(unwrap, node.cmds):
            translator = _COMMANDS.get(enum_name(command, "subtype"))
            yield from () if translator is None else translator(command, node.relation)


def _add_column(command: Any, relation: Any) -> Iterator[MigrateOperation]:
    column = unwrap(getattr(command, "def"))
    yield ops.AddColumnOp(relation.relname, Column(column.colname, NULLTYPE), schema=_schema(relation))
    yield from _added(_column_constraints(column), [column.colname], relation)


def _add_constraint(command: Any, relation: Any) -> Iterator[MigrateOperation]:
    node = unwrap(getattr(command, "def"))
    if not node.indexname:  # USING INDEX adds no index
        columns = [*strings(node.keys), *strings(node.fk_attrs)]
        yield from _added(_constraint(node, ()), columns, relation)


def _added(constraints: Iterable[Constraint], columns: Iterable[str], relation: Any) -> Iterator[MigrateOperation]:
    found = list(constraints)
    Table(relation.relname, MetaData(), *_columns(columns), *found, schema=_schema(relation))
    yield from map(ops.AddConstraintOp.from_constraint, found)


def _drop_column(command: Any, relation: Any) -> Iterator[MigrateOperation]:
    yield ops.DropColumnOp(relation.relname, command.name, schema=_schema(relation))


def _drop_constraint(command: Any, relation: Any) -> Iterator[MigrateOperation]:
    yield ops.DropConstraintOp(command.name, relation.relname, schema=_schema(relation))


def _rename(node: Any) -> Iterator[MigrateOperation]:
    table, schema, kind = node.relation.relname, _schema(node.relation), enum_name(node, "rename_type")
    if kind == "OBJECT_TABLE":
        yield ops.RenameTableOp(table, node.newname, schema=schema)
    elif kind == "OBJECT_COLUMN" and enum_name(node, "relation_type") == "OBJECT_TABLE":
        yield ops.AlterColumnOp(table, node.subname, schema=schema, modify_name=node.newname)


_TRANSLATORS: dict[str, Callable[[Any], Iterator[MigrateOperation]]] = {
    "AlterTableStmt": _alter_table,
    "CreateStmt": _create_table,
    "CreateTableAsStmt": _create_table_as,
    "DropStmt": _drop,
    "IndexStmt": _create_index,
    "RenameStmt": _rename,
    "SelectStmt": _select,
}
_COMMANDS: dict[str, Callable[[Any, Any], Iterator[MigrateOperation]]] = {
    "AT_AddColumn": _add_column,
    "AT_AddConstraint": _add_constraint,
    "AT_DropColumn": _drop_column,
    "AT_DropConstraint": _drop_constraint,
}
