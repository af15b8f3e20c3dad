"""Statements that make what holds queries and expressions: views, rules, triggers, policies, statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.catalog.create_columns import details
from alembic_assay.catalog.create_context import options, quoted
from alembic_assay.catalog.create_steps import Step
from alembic_assay.catalog.names import parts
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.policies import Policy
    from alembic_assay.catalog.rewrite_rules import RewriteRule
    from alembic_assay.catalog.statistics import ExtendedStatistics
    from alembic_assay.catalog.triggers import Trigger
    from alembic_assay.catalog.views import View

_STATES = {"disabled": "DISABLE", "replica": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}


def view(record: View, context: Context) -> Iterator[Step]:
    """Make a view; with empty columns first, if its query leads in a circle. A materialised one is filled later."""
    node = ("view", record.key)
    needs = set(context.needs[node])
    for column in context.columns[record.key]:
        needs |= context.needs["column", column.key]
    if node in context.split:
        types = {need for need in needs if need[0] not in {"function", "view", "table", "column"}}
        yield Step(node, [_create(record, _empty(record, context))], types)
        yield Step(("view query", record.key), [_create(record, _query(record), "OR REPLACE ")], {node, *needs})
        return
    yield Step(node, [_create(record, _query(record)), *_details(record, context)], needs - {node})


def _create(record: View, query: str, replace: str = "") -> str:
    kind = "MATERIALIZED VIEW" if record.materialized else "VIEW"
    words = [f"CREATE {replace}{kind} {qualified(record.name, record.schema)}"]
    if record.access_method not in {None, "heap"}:
        words.append(f"USING {identifier(str(record.access_method))}")
    if record.options:
        words.append(f"WITH ({', '.join(options(record.options))})")
    if record.tablespace is not None:
        words.append(f"TABLESPACE {identifier(record.tablespace)}")
    words.append(f"AS {query}")
    return " ".join([*words, "WITH NO DATA"] if record.materialized else words)


def _query(record: View) -> str:
    return record.definition.strip().removesuffix(";")


def _empty(record: View, context: Context) -> str:
    columns = [
        f"NULL::{column.type}{f' COLLATE {column.collation}' if column.collation else ''} AS {identifier(column.name)}"
        for column in context.columns[record.key]
    ]
    return f"SELECT {', '.join(columns)}"


def _details(record: View, context: Context) -> Iterator[str]:
    for column in context.columns[record.key]:
        if record.materialized:
            yield from details(column)
        elif column.default is not None:
            name = qualified(record.name, record.schema)
            yield f"ALTER VIEW {name} ALTER COLUMN {identifier(column.name)} SET DEFAULT {column.default}"


def rule(record: RewriteRule, context: Context) -> Iterator[Step]:
    """Make a rewrite rule."""
    node = ("rule", record.key)
    yield Step(
        node,
        [record.definition.strip().removesuffix(";"), *_state(record, "RULE")],
        context.needs[node] | _table(record),
    )


def trigger(record: Trigger, context: Context) -> Iterator[Step]:
    """Make a trigger; a partition has its copy with that of the whole table, a foreign key its own with it."""
    node = ("trigger", record.key)
    if not record.definition:
        yield Step(node, [_internal(record)], _table(record))
    elif record.parent is not None:
        yield Step(node, list(_state(record, "TRIGGER")), {("trigger", (*parts(record.parent), record.name))})
    else:
        yield Step(node, [record.definition, *_state(record, "TRIGGER")], context.needs[node] | _table(record))


def _internal(record: Trigger) -> str:
    """Disable a trigger of a foreign key: its name holds an OID, so the server must look it up."""
    constraint, _, function = record.name.removesuffix(")").rpartition(" (")
    table = quoted(qualified(record.table, record.schema))
    alter = f"ALTER TABLE ONLY %s {_STATES[record.enabled]} TRIGGER %I"
    body = f"""BEGIN
  EXECUTE (SELECT format({quoted(alter)}, t.tgrelid::regclass, t.tgname)
    FROM pg_trigger AS t JOIN pg_constraint AS k ON k.oid = t.tgconstraint
    WHERE t.tgrelid = {table}::regclass AND k.conname = {quoted(constraint)} AND t.tgfoid = {quoted(function)}::regproc);
END"""
    return f"DO {quoted(body)}"


def _state(record: Trigger | RewriteRule, kind: str) -> Iterator[str]:
    if record.enabled in _STATES:
        table = qualified(record.table, record.schema)
        only = "ONLY " if kind == "TRIGGER" else ""
        yield f"ALTER TABLE {only}{table} {_STATES[record.enabled]} {kind} {identifier(record.name)}"


def _table(record: Trigger | RewriteRule | Policy) -> set[tuple[str, tuple[str, ...]]]:
    key = (record.schema, record.table)
    return {("table", key), ("view", key), ("view query", key)}


def policy(record: Policy, context: Context) -> Iterator[Step]:
    """Make a policy."""
    node = ("policy", record.key)
    roles = ", ".join("PUBLIC" if role == "public" else identifier(role) for role in record.roles)
    words = [f"CREATE POLICY {identifier(record.name)} ON {qualified(record.table, record.schema)}"]
    if not record.permissive:
        words.append("AS RESTRICTIVE")
    if record.command != "all":
        words.append(f"FOR {record.command.upper()}")
    words.append(f"TO {roles}")
    if record.using is not None:
        words.append(f"USING ({record.using})")
    if record.check is not None:
        words.append(f"WITH CHECK ({record.check})")
    yield Step(node, [" ".join(words)], context.needs[node] | _table(record))


def statistics(record: ExtendedStatistics, context: Context) -> Iterator[Step]:
    """Make extended statistics."""
    node = ("statistics", record.key)
    statements = [record.definition]
    if record.target is not None:
        name = qualified(record.name, record.schema)
        statements.append(f"ALTER STATISTICS {name} SET STATISTICS {record.target}")
    yield Step(node, statements, set(context.needs[node]))
