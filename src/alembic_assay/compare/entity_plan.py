"""Changed and removed entities as operations, in places where they run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_assay.catalog.aside import arranged
from alembic_assay.catalog.aside_closure import Closure
from alembic_assay.catalog.replacing import Replacing, replacing
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.compare import entity_others, entity_security
from alembic_assay.compare.entity_records import fresh, merged, target, without
from alembic_assay.ops.entities import Direction, ReplaceEntitiesOp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from alembic.operations.ops import MigrateOperation
    from sqlalchemy import Connection

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.compare.entity_declared import Declared
    from alembic_assay.compare.entity_grants import Changes
    from alembic_assay.compare.entity_trial import Trial

_EARLY = frozenset({"function", "extension"})
"""What tables may need: its place is before them, and its end after them."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a trial found.

    Args:
        trial: It, when it has run.
        changed: What is not as declared, and its record as the server made it.
        back: Those of it that can be replaced in place on the way back.
        removed: What is there and not declared.
        wanted: The whole database when all was made.
        grants: What happens to privileges.
    """

    trial: Trial
    changed: Mapping[Declared, Record]
    back: Collection[Declared]
    removed: Sequence[Record]
    wanted: Snapshot
    grants: Changes

    def changes(self) -> tuple[str, ...]:
        """Return what happens, for people."""
        trial = self.trial
        made = [
            f"{'changed' if trial.key_before(each) in trial.present else 'added'} {record.title}"
            for each, record in self.changed.items()
        ]
        return (*sorted(made), *sorted(f"removed {record.title}" for record in self.removed), *self.grants.titles)


@dataclass(slots=True)
class Planner:
    """Turns what a trial found into operations.

    Args:
        connection: In the state before the revision.
        present: The whole database.
        found: What the trial found.
        others: The other operations of the revision.
        enabled: Whether a script of the project ran a statement, and none took it back.

    Attributes:
        touched: Tables and columns that the others drop, and columns that they retype.
        role: Who runs this.
        needs: What each object needs now.
        wants: What it will need.
    """

    connection: Connection
    present: Snapshot
    found: Found
    others: Sequence[MigrateOperation]
    enabled: Callable[[str, str], bool]
    touched: frozenset[Key] = field(init=False)
    role: str = field(init=False)
    needs: dict[Key, set[Key]] = field(init=False)
    wants: dict[Key, set[Key]] = field(init=False)

    def __post_init__(self) -> None:
        default_schema = str(self.connection.dialect.default_schema_name)
        self.touched = frozenset(entity_others.touched(self.others, default_schema))
        self.needs, self.wants = entity_others.needs(self.present), entity_others.needs(self.found.wanted)
        self.role = str(self.connection.execute(text("SELECT current_user")).scalar_one())

    def operations(self, lost: frozenset[Key] = frozenset()) -> list[ReplaceEntitiesOp]:
        """Return the operations, in the order in which they run.

        Args:
            lost: What hangs on them and cannot be put back.
        """
        removed = self.found.removed
        first = self._first()
        rest = [each for each in self.found.changed if each not in first]
        late = [each for each in removed if each.kind in _EARLY and not self._hangs(_key(each))]
        early = {_key(each) for each in removed if each not in late}
        between = self._target(self.present, first)
        after = without(self._target(between, rest), early | lost)
        one = self._step(self.present, between, first, ())
        two = self._step(between, after, rest, early)
        placed = self._placed(one, two, self._only([_key(each) for each in late]))
        operations = [each for each in placed if each.upgrade.statements or each.downgrade.statements]
        for operation in operations:
            operation.changes = self.found.changes()
        return operations

    def _first(self) -> list[Declared]:
        """Return the functions and extensions that tables of this revision may need, and what those need."""
        trial, changed = self.found.trial, self.found.changed
        if not self.others:
            return []
        by_key = {each.key: each for each in changed}
        waiting = [each for each in changed if each.type_ in _EARLY and each not in trial.late]
        taken: list[Declared] = []
        while waiting:
            each = waiting.pop(0)
            if each in taken or each.key is None or self._hangs(trial.key_before(each)):
                continue
            taken.append(each)
            waiting += [by_key[need] for need in sorted(self.wants.get(each.key, ())) if need in by_key]
        anew = [
            key for each in taken if (key := trial.key_before(each)) in trial.present and each not in trial.in_place
        ]
        moved = Closure(self.present, taken=anew).taken.keys()
        meets = {trial.key_before(each) for each in changed if each not in taken} | {*map(_key, self.found.removed)}
        return [] if moved & meets else taken

    def _hangs(self, key: Key) -> bool:
        """Whether the other operations drop or retype something that an object needs."""
        return entity_others.hangs(self.needs.get(key, ()), self.touched)

    def _target(self, base: Snapshot, entities: Sequence[Declared]) -> Snapshot:
        trial, records = self.found.trial, dict[tuple[str, tuple[str, ...]], "Record"]()
        keys_before = {}
        for each in entities:
            record, before = self.found.changed[each], trial.present.get(trial.key_before(each))
            with_data = bool(getattr(each.entity, "with_data", True))
            shall_be = fresh(record, with_data=with_data) if before is None else merged(record, before)
            records[_key(record)] = shall_be
            if before is not None:
                keys_before[_key(record)] = _key(before)
        return target(base, self.found.wanted, records, keys_before)

    def _step(
        self, before: Snapshot, after: Snapshot, entities: Sequence[Declared], removed: Collection[Key]
    ) -> tuple[Replacing, Replacing]:
        """Return the way from one snapshot to the next, and the way back."""
        trial = self.found.trial
        keys = {key for each in entities for key in (each.key, trial.key_before(each)) if key is not None} | {*removed}
        same = [each for each in entities if each.key in trial.present and each in trial.in_place]
        up = {each.key for each in same if each.key is not None and not self._hangs(each.key)}
        new = entity_others.needing_new(self.wants, self.present, keys)
        down = {each.key for each in same if each in self.found.back and each.key in up - new}
        there = replacing(before, after, sorted(keys), sorted(up), self.role)
        return there, replacing(after, before, sorted(keys), sorted(key for key in down if key is not None), self.role)

    def _only(self, keys: Sequence[Key]) -> tuple[Direction, Direction]:
        """Drop objects on which nothing hangs any more when they go."""
        records = tuple(record for record in self.present if _key(record) in keys)
        edges = (edge for edge in self.present.dependencies if (edge.kind, edge.key) in keys)
        moved = arranged(Closure(Snapshot(records, tuple(edges)), taken=keys), role=self.role)
        gone = frozenset(keys)
        return Direction(moved.drop, drops=gone), Direction(moved.restore, creates=gone)

    def _placed(
        self,
        one: tuple[Replacing, Replacing],
        two: tuple[Replacing, Replacing],
        three: tuple[Direction, Direction],
    ) -> Iterator[ReplaceEntitiesOp]:
        enable, disable = entity_security.row_security(self.present, self.found, self.enabled)
        (up_1, down_1), (up_2, down_2) = one, two
        grants = self.found.grants
        made_up = Direction((*up_2.create, *enable, *grants.upgrade), creates=up_2.created)
        gone_down = Direction((*grants.downgrade, *disable, *down_2.drop), drops=down_2.dropped)
        gone_up, made_down = Direction(up_2.drop, up_2.dropped), Direction(down_2.create, creates=down_2.created)
        if not self.others:
            yield ReplaceEntitiesOp(_joined(gone_up, made_up, three[0]), _joined(three[1], gone_down, made_down))
            return
        both = [
            Direction((*each.drop, *each.create), each.dropped - each.created, each.created) for each in (up_1, down_1)
        ]
        yield ReplaceEntitiesOp(both[0], both[1], place="first")
        yield ReplaceEntitiesOp(gone_up, made_down, place="drop")
        yield ReplaceEntitiesOp(made_up, gone_down, place="create")
        yield ReplaceEntitiesOp(*three, place="last")


def _joined(*directions: Direction) -> Direction:
    created = frozenset[tuple[str, tuple[str, ...]]]().union(*(each.creates for each in directions))
    dropped = frozenset[tuple[str, tuple[str, ...]]]().union(*(each.drops for each in directions))
    return Direction(tuple(sql for each in directions for sql in each.statements), dropped - created, created)


def _key(record: Record) -> Key:
    return record.kind, record.key
