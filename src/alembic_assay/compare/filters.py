"""The user's ``include_object``, ``compare_type`` and ``compare_server_default``, asked about what differs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, Table

from alembic_assay.catalog.build_columns import column as build_column
from alembic_assay.catalog.build_constraints import constraint as build_constraint
from alembic_assay.catalog.diff import Action, Change
from alembic_assay.ops import constraints, indexes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic.autogenerate.api import AutogenContext

    from alembic_assay.ops.planning import Key, Side

_TYPES = {
    "unique": "unique_constraint",
    "foreign key": "foreign_key_constraint",
    "check": "check_constraint",
    "primary key": "primary_key_constraint",
    "exclude": "exclude_constraint",
}
"""What ``include_object`` calls constraints: the first two are Alembic's."""


class Filters:
    """What of the changes is wanted.

    Args:
        autogen_context: Has the filters.
        before: What there is; its objects are built when a filter asks about them.
        after: What the models want, with their own objects.
    """

    def __init__(self, autogen_context: AutogenContext, before: Side, after: Side) -> None:
        self._context = autogen_context
        self._before, self._after = before, after
        self._objects = bool(autogen_context._object_filters)  # noqa: SLF001 - to build nothing for nobody
        self._table = cache(self._ask_table)
        self._built_table = cache(partial(_table, before))

    def passed(self, changes: Iterable[Change]) -> list[Change]:
        """Return the changes that the filters let through."""
        found = [each for change in changes if (each := self._compared(change)) is not None]
        return [change for change in found if not self._objects or self._wanted(change)]

    def _compared(self, change: Change) -> Change | None:
        """Ask ``compare_type`` and ``compare_server_default`` about a changed column."""
        old: Any = change.before
        new: Any = change.after
        if change.record.kind != "column" or old is None or new is None:
            return change
        opts = self._context.opts
        values: dict[str, Any] = {}
        if {"type", "collation"} & set(change.fields) and self._same(opts.get("compare_type", True), old, new, "type"):
            values |= {"type": old.type, "collation": old.collation}
        compare_default = opts.get("compare_server_default")
        if (
            "default" in change.fields
            and callable(compare_default)
            and self._same(compare_default, old, new, "default")
        ):
            values["default"] = old.default
        changed = replace(new, **values)
        return None if changed == old else Change(Action.ALTER, old, changed)

    def _same(self, answer: Any, old: Any, new: Any, what: str) -> bool:
        if not callable(answer):
            return answer is False
        column, model = self._built(old), self._after.model(new)
        if model is None:
            return False
        arguments: list[Any] = [self._context.migration_context, column, model]
        if what == "type":
            arguments += [column.type, model.type]
        else:
            arguments += [old.default, model.server_default, new.default]
        return answer(*arguments) is False

    def _built(self, record: Any) -> Any:
        table = self._built_table((record.schema, record.table))
        return table.c[record.name]

    def _ask_table(self, key: Key) -> bool:
        model = self._after.models.get(key) if ("table", key) in self._after.records else None
        there = self._built_table(key) if ("table", key) in self._before.records else None
        subject = model if model is not None else there
        if subject is None:
            return True
        compared = there if model is not None else None
        return self._context.run_object_filters(subject, key[1], "table", model is None, compared)

    def _wanted(self, change: Change) -> bool:
        record: Any = change.record
        if record.kind not in {"table", "column", "constraint", "index"}:
            return True
        if not self._table(record.key[:2]):
            return False
        if record.kind == "table":
            return True
        kind = _TYPES[record.type] if record.kind == "constraint" else record.kind
        new = None if change.after is None else self._object(change.after, self._after)
        old = None if change.before is None else self._object(change.before, self._before)
        subject, compared = (new, old) if change.after is not None else (old, None)
        if subject is None:
            return True
        return self._context.run_object_filters(subject, record.name, kind, change.after is None, compared)  # type: ignore[arg-type] # more than Alembic lists

    def _object(self, record: Any, side: Side) -> Any:
        key = (record.schema, record.table)
        table = side.models.get(key)
        if table is None:
            table = self._built_table(key) if side is self._before else None
        if table is None:
            return None
        if record.kind == "column":
            return table.columns.get(record.name)
        listed: Any = table.indexes if record.kind == "index" else table.constraints
        named = next((each for each in listed if each.name == record.name), None)
        return named if named is not None or record.kind == "index" else _unnamed(listed, record)


def _unnamed(constraints_of: Iterable[Any], record: Any) -> Any:
    """Return the constraint without a name that has the columns of a record."""
    for each in constraints_of:
        kind = each.__visit_name__.replace("_", " ").removesuffix(" constraint")
        if kind == record.type and tuple(each.columns.keys()) == record.columns:
            return each
    return None


def _table(side: Side, key: Key) -> Table:
    """Build a table as reflection would show it."""
    table = Table(key[1], MetaData(), *_parts(side, key), schema=side.schema(key[0]))
    table.comment = side.context.tables[key].comment
    return table


def _parts(side: Side, key: Key) -> Iterator[Any]:
    for record in side.context.columns[key]:
        built = build_column(record, side.types, side.context)
        built.system = False
        yield built
    for constraint in side.context.constraints[key]:
        index = side.context.indexes.get((constraint.schema, constraint.table, constraint.name))
        found = constraints.schema_constraint(constraint, side) or build_constraint(constraint, index)
        if found is not None:
            yield _loose(found)
    for index in side.context.indexes.values():
        if (index.schema, index.table) == key and index.constraint is None:
            made = indexes.schema_index(index)
            if made is not None:
                yield made


def _loose(constraint: Any) -> Any:
    """Take a constraint from the table that it was built for."""
    attached = getattr(constraint, "parent", None) is not None
    return constraint._copy() if attached else constraint  # noqa: SLF001 - no public way since SQLAlchemy 1.4
