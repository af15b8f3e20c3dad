"""The operations that make one schema another, without a database."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.aside_closure import Closure, needed_by
from alembic_assay.catalog.change_properties import PROPERTIES
from alembic_assay.catalog.diff import Action, Change, diff
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.emit.migration_properties import property_change, schemas_gone
from alembic_assay.emit.migration_steps import (
    filling,
    in_place,
    is_generated,
    key_of,
    made_again,
    of_dropped_types,
    plain,
    replacement,
    reversed_operations,
    taken_with,
    undone,
)
from alembic_assay.emit.migration_units import Unit, Whole, default_dropped, of_planned
from alembic_assay.ops.columns import rebuilt
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.from_change import KINDS, grouped, plan
from alembic_assay.ops.planning import Planned, Side, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic.operations import MigrateOperation

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.emit.migration_renames import Renamed

_LAST = frozenset({"default privileges", "event trigger"})
_MADE = frozenset({Stage.TYPE, Stage.COLUMN, Stage.TABLE, Stage.PART})
_UNCHECKED = ("SET check_function_bodies = off", "RESET check_function_bodies")
_IGNORED = frozenset({"owner", "position"})


class Planner:
    """Works out what happens between two sides.

    Args:
        found: The old side, under the names of the new one.
        after: The new side.
        gone: Kind and key of columns whose default names a label that is gone.
    """

    def __init__(self, found: Renamed, after: Snapshot, gone: Iterable[Key] = ()) -> None:
        self.found, self.before, self.after = found, found.snapshot, after
        self.old, self.new = Whole(self.before), Whole(after)
        self.first, self._gone = self.old if not found.operations else Whole(found.before), set(gone)
        self.changes = [each for each in diff(self.before, after) if set(each.fields) - _IGNORED or not each.fields]
        self.views = {each.key for side in (self.before, after) for each in side if each.kind == "view"}
        tables = [each for each in self.changes if each.record.kind == "table"]
        self.tables = {action: {each.record.key for each in tables if each.action is action} for action in Action}

    @cached_property
    def others(self) -> list[Change]:
        """What changes of that which Alembic has no operation for."""
        return [each for each in self.changes if not self._of_tables(each.record) and each.record.kind != "enum"]

    def _of_tables(self, record: Record) -> bool:
        of_view = record.kind in {"column", "index"} and record.key[:2] in self.views
        return record.kind in KINDS and not of_view

    @cached_property
    def replaced(self) -> set[Key]:
        """What ``CREATE OR REPLACE`` or the like is enough for."""
        return {key_of(each.record) for each in self.others if in_place(each)}

    @cached_property
    def closure(self) -> Closure:
        """What must be out of the way for a while.

        Raises:
            AsideError: Something cannot be.
        """
        altered, dropped = [], []
        for each in self.changes:
            old, new = each.before, each.after
            if not self._of_tables(each.record) or old is None or new is None:
                continue
            if each.record.kind == "column":
                again = rebuilt(old, new) or rebuilt(new, old)  # type: ignore[arg-type] # columns
                if again:
                    dropped.append(key_of(old))
                elif {"type", "collation"} & set(each.fields):
                    altered.append(key_of(old))
        dropped += [key_of(c.before) for c in self.changes if c.before and made_again(c) and self._of_tables(c.record)]
        dropped += of_dropped_types(self.changes)
        taken = {taken_with(c.before, self.old) for c in self.others if c.before and self._goes(c)}
        return Closure(self.before, altered, dropped, taken=sorted(taken), kept=sorted(self.replaced))

    def _goes(self, change: Change) -> bool:
        properties = change.after is not None and set(change.fields) <= PROPERTIES
        return not properties and key_of(change.record) not in self.replaced

    @cached_property
    def moved(self) -> dict[Key, Record]:
        """What is dropped of the others, whether it comes back or not."""
        found = {key: each for key, each in self.closure.taken.items() if not self._of_tables(each)}
        there = self.old.context.tables.keys() & self.new.context.tables.keys()
        found |= {key: each for key, each in self.closure.taken.items() if is_generated(each) and key[1][:2] in there}
        if any(each.action is not Action.ALTER for each in self.changes):
            found |= {key_of(each): each for each in self.before if each.kind == "default privileges"}
        return {key: each for key, each in found.items() if not self._with_view(each)}

    def _with_view(self, record: Record) -> bool:
        return record.kind == "column" and record.key[:2] in self.views

    @cached_property
    def made(self) -> dict[Key, Record]:
        """What is made of the others, new or again."""
        new = {key_of(c.after): c.after for c in self.others if c.after and c.before is None}
        back = {key: self.new.records[key] for key in self.moved if key in self.new.records}
        return {key: each for key, each in {**new, **back}.items() if not self._with_view(each)}

    @cached_property
    def defaults(self) -> list[Any]:
        """Columns whose default is dropped for a while."""
        keys = {*self.closure.defaults, *self._gone}
        found: list[Any] = [self.old.records[key] for key in sorted(keys) if key[1][:2] not in self.views]
        return [each for each in found if each.default is not None]

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """What is told to ``ops.from_change`` of both sides."""
        defaults = {key_of(each) for each in self.defaults}
        records: list[Any] = [self._inherited(each) for each in self.before]
        middle = [replace(each, default=None) if key_of(each) in defaults else each for each in records]
        before = Snapshot(tuple(middle), self.before.dependencies)
        return Side(plain(before), formal=True), Side(plain(self.after), formal=True)

    def _itself(self, change: Change) -> bool:
        """Whether something is changed by itself, not with that of a parent."""
        for each, side in ((change.before, self.old), (change.after, self.new)):
            record: Any = each
            if record is None:
                continue
            if record.kind == "column" and record.parents and change.action is not Action.ALTER:
                return False
            both = change.action is Action.ALTER
            if record.kind == "constraint" and not record.local and (both or not side.made_by_itself(record)):
                return False
            if both and side.inherited(record):
                return False
        return True

    def _inherited(self, record: Record) -> Record:
        """Give an inherited column what it gets with that of its parent."""
        new: Any = self.new.records.get(key_of(record))
        if record.kind != "column" or new is None or not (getattr(record, "parents", 0) and new.parents):
            return record
        with_parent = {"type": new.type, "collation": new.collation}
        table: Any = self.old.records["table", record.key[:2]]
        for parent in table.parents:
            key = ("column", (*parts(parent), record.key[2]))
            one, other = self.old.records.get(key), self.new.records.get(key)
            for name in ("not_null", "default"):
                values = [getattr(each, name, None) for each in (one, other)]
                if one and other and values == [getattr(record, name), getattr(new, name)]:
                    with_parent[name] = values[1]
        return replace(record, **with_parent)

    @cached_property
    def planned(self) -> list[Planned]:
        """What happens to tables, their parts, sequences, domains and schemas."""
        before, after = self.sides
        moved = {**self.moved, **self.made}
        changes = [c for c in diff(before.snapshot, after.snapshot) if self._of_tables(c.record) and self._itself(c)]
        changes = [c for c in changes if key_of(c.record) not in moved]
        changes = [c for c in changes if not c.fields or set(c.fields) - _IGNORED - {"acl"}]
        known = {key_of(each.record) for each in changes}
        for key, each in sorted(self.closure.taken.items()):
            change = Change(Action.ALTER, each, self.new.records.get(key))
            if change.after and not {key} & (known | moved.keys()) and self._of_tables(each) and self._itself(change):
                changes.append(change)
        return plan(changes, before, after)

    def operations(self, types: tuple[list[MigrateOperation], ...]) -> list[MigrateOperation]:
        """Return all operations, in their order.

        Args:
            types: What happens to enumerated types: what is committed first, then before the changes of tables, and
                after them.
        """
        committed, early, late = types
        before, after = self.sides
        away, back = self._last()
        drops, parts = self._dropped_first()
        head: list[MigrateOperation] = [
            default_dropped(self.found.originals.get(key_of(each), each)) for each in self.defaults
        ]
        head += reversed_operations(self.first.sorted(drops, before))
        head += [*self.found.operations, *reversed_operations(self.old.sorted(parts, before))]
        schemas = [each.op for each in self.planned if each.stage is Stage.SCHEMA]
        between = self.new.sorted(self._made_units(), after)
        gone = reversed_operations(self.old.sorted(self._dropped_last(), before))
        body = [*away, *head, *schemas, *early, *[op for unit in between for op in unit.operations], *gone, *late]
        body += [*schemas_gone(self.changes, self.old), *self._properties(), *back]
        if any(key[0] == "function" for key in (*self.made, *self.moved)):
            there, again = _UNCHECKED
            body = [SqlOp([there], [again]), *body, SqlOp([again], [there])]
        return grouped(Planned(each, Stage.PART, ()) for each in [*committed, *body])

    def _dropped_first(self) -> tuple[list[Unit], list[Unit]]:
        """Return what is dropped before anything is renamed, and parts of tables that are dropped after it."""
        before, _ = self.sides
        records = [each for key, each in sorted(self.moved.items()) if key not in self._late and each.kind not in _LAST]
        originals = [self.found.originals.get(key_of(each), each) for each in records]
        drops = [unit for each in originals for unit in self.first.units(each)]
        planned = [each for each in self.planned if each.stage is Stage.DROP_PART]
        units = [of_planned(undone(each), before, self.old, self.tables[Action.DROP]) for each in reversed(planned)]
        other = {key[1][:2] for key, each in self.found.originals.items() if self.old.records.get(key) != each}
        after = [unit for unit in units if unit.node[1][:2] in other]
        early = [key for unit in after if (key := self._part(unit)) is not None]
        drops += [self.first.part(self.found.originals[key]) for key in dict.fromkeys(early)]
        rest = [unit for unit in after if self._part(unit) is None]
        return [*drops, *(unit for unit in units if unit.node[1][:2] not in other)], rest

    def _part(self, unit: Unit) -> Key | None:
        """Return the constraint or index of a renamed table that can be dropped before that is renamed."""
        key = ("constraint" if unit.node[0] == "foreign key" else unit.node[0], unit.node[1])
        record = self.old.records.get(key)
        if key[0] not in {"constraint", "index"} or record is None or self.old.inherited(record):
            return None
        renamed = self.found.originals[key].key[-1] != key[1][-1]
        stays = key[1][:2] not in self.tables[Action.DROP] and not renamed
        return key if stays and getattr(record, "constraint", None) is None else None

    def _dropped_last(self) -> list[Unit]:
        before, _ = self.sides
        stages = {Stage.DROP_COLUMN, Stage.DROP_TABLE, Stage.DROP_TYPE}
        planned = [each for each in self.planned if each.stage in stages]
        units = [of_planned(undone(each), before, self.old, self.tables[Action.DROP]) for each in reversed(planned)]
        return units + [unit for key in sorted(self._late) for unit in self.old.units(self.moved[key])]

    @cached_property
    def _late(self) -> set[Key]:
        """What goes for good, and is needed by tables, columns and types that go or change."""
        start = {key_of(c.before) for c in self.changes if c.before and self._of_tables(c.record)}
        gone = self.tables[Action.DROP]
        start = {key for key in start if key[0] not in {"constraint", "index", "schema"} or key[1][:2] in gone}
        needs: dict[Key, set[Key]] = {}
        for need, dependants in needed_by(self.before).items():
            for each in dependants:
                needs.setdefault(each, set()).add(need)
        reached, waiting = set(start), list(start)
        while waiting:
            for need in needs.get(waiting.pop(), ()):
                if need not in reached:
                    reached.add(need)
                    waiting.append(need)
        return {key for key in self.moved if key in reached and key not in self.made and key[0] != "column"}

    def _made_units(self) -> Iterator[Unit]:
        _, after = self.sides
        for each in self.planned:
            if each.stage in _MADE:
                yield of_planned(each, after, self.new, self.tables[Action.ADD])
        for _, record in sorted(self.made.items()):
            if record.kind not in _LAST:
                yield from self.new.units(record)
        for key in sorted(self.replaced):
            yield Unit(key, [replacement(self.old.records[key], self.new.records[key], self.old, self.new)])

    def _last(self) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
        """Return what is first taken away and what comes last: privileges by default, event triggers, rows of views."""
        away = [op for each in _of_last(self.moved) for unit in self.old.units(each) for op in unit.operations]
        back = [op for each in _of_last(self.made) for unit in self.new.units(each) for op in unit.operations]
        fill_old, fill_new = filling(self.old, self.moved), filling(self.new, self.made)
        first, last = [SqlOp([], fill_old)] * bool(fill_old), [SqlOp(fill_new, [])] * bool(fill_new)
        return [*[op.reverse() for op in reversed(away)], *first], [*last, *back]

    def _properties(self) -> Iterator[MigrateOperation]:
        """Yield what changes comments and privileges of what stays."""
        for change in self.changes:
            old, new = change.before, change.after
            if new is not None and old is None and new.kind in {"enum", "schema"}:
                statements = list(self.new.properties(new))
                yield from [SqlOp(statements, title=new.title)] if statements else []
            if old is None or new is None or key_of(new) in self.made or not set(change.fields) & PROPERTIES:
                continue
            if new.kind != "column" or ("view", new.key[:2]) not in self.made:
                yield from property_change(old, new, (self.old, self.new), said=self._of_tables(new))


def _of_last(records: dict[Key, Record]) -> list[Record]:
    return [each for _, each in sorted(records.items()) if each.kind in _LAST]
