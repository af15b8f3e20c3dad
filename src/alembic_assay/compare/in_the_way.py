"""Views, rules, policies, triggers and generated columns in the way of a column's change: taken aside and put back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import aside
from alembic_assay.catalog.dependencies import Dependants
from alembic_assay.catalog.diff import Action
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.errors import ModelError
from alembic_assay.ops import domain_rebuild
from alembic_assay.ops.columns import rebuilt
from alembic_assay.ops.domain_rebuild import holders
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.planning import Planned, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.diff import Change
    from alembic_assay.catalog.record import Record

_REBUILT_BY_THE_SERVER = frozenset({"constraint", "index", "statistics"})
_LAST = (2**31,)


def around(planned: list[Planned], changes: Sequence[Change], read: Callable[[], Snapshot]) -> list[Planned]:
    """Put what is in the way aside before the changes, and back afterwards.

    Args:
        planned: The operations.
        changes: What they change.
        read: Reads the whole database, as ``aside`` needs it; called only where a column changes.

    Raises:
        AsideError: Something cannot be taken away for a moment; says what, and what to do.
    """
    altered, dropped = _moved(changes)
    domains = {c.record.key for c in changes if c.action is Action.ALTER and _made_anew(c)}
    if not altered and not dropped and not domains:
        return planned
    whole = _without_changed(read(), changes)
    if domains:
        held = holders(domains, whole.dependencies)
        altered += [("domain", key) for key in domains] + [("column", key) for key in held]
        whole = Snapshot(tuple(_without_default(each, held) for each in whole), whole.dependencies)
    found = aside.aside(whole, altered, dropped)
    if all(record.kind in _REBUILT_BY_THE_SERVER for record in found.records):
        return planned
    title = ", ".join(record.title for record in found.records)
    away = Planned(SqlOp(found.drop, found.restore, title=title), Stage.DROP_PART, _LAST)
    back = Planned(SqlOp(found.restore, found.drop, title=title), Stage.PART, _LAST)
    return sorted([*planned, away, back], key=lambda each: (each.stage, each.place))


def _moved(changes: Sequence[Change]) -> tuple[list[Key], list[Key]]:
    """Return the columns that get another type, and those that are dropped and added again."""
    altered, again = [], []
    for change in changes:
        old: Any = change.before
        new: Any = change.after
        if change.record.kind != "column" or old is None or new is None:
            continue
        if rebuilt(old, new) or rebuilt(new, old):
            again.append(("column", old.key))
        elif (old.type, old.collation) != (new.type, new.collation):
            altered.append(("column", old.key))
    return altered, again


def _made_anew(change: Change) -> bool:
    return change.record.kind == "domain" and domain_rebuild.rebuilt(change.before, change.after)


def _without_default(record: Any, columns: set[tuple[str, ...]]) -> Record:
    """Return a column that is changed with its domain, without the default that is changed with it too."""
    plain = record.kind == "column" and record.key in columns and record.generated is None
    changed: Record = replace(record, default=None) if plain else record
    return changed


def _without_changed(snapshot: Snapshot, changes: Sequence[Change]) -> Snapshot:
    """Leave out the constraints and indexes that are dropped, changed or made again anyway."""
    gone = {(change.record.kind, change.record.key) for change in changes if change.record.kind != "column"}
    again = {key for _, key in _moved(changes)[1]}
    for record in snapshot:
        columns: tuple[str, ...] = getattr(record, "columns", ()) if record.kind in _REBUILT_BY_THE_SERVER else ()
        if any((*record.key[:2], column) in again for column in columns):
            gone.add((record.kind, record.key))
    records = tuple(record for record in snapshot if (record.kind, record.key) not in gone or record.kind == "table")
    edges = (e for e in snapshot.dependencies if not gone & {(e.kind, e.key), (e.needs_kind, e.needs_key)})
    return Snapshot(records, tuple(edges))


def refuse_used(
    changes: Sequence[Change], whole: Snapshot, compared: Callable[[Record], bool] = lambda _: False
) -> None:
    """Refuse to drop what a view, a function or the like still uses, and what no model could change.

    Args:
        changes: What changes.
        whole: The whole database.
        compared: Whether another comparator sees to it that a user of something goes or changes.

    Raises:
        ModelError: Names what is dropped, and what uses it.
    """
    drops = [c for c in changes if c.action is Action.DROP and c.record.kind in {"table", "column"}]
    tables = {c.record.key for c in drops if c.record.kind == "table"}
    going = {(c.record.kind, c.record.key) for c in changes if c.action is not Action.ADD}
    hanging = Dependants(whole)
    for drop in drops:
        if drop.record.kind == "column" and drop.record.key[:2] in tables:
            continue
        users = [each for each in hanging.on(drop.record) if (each.kind, each.key) not in going]
        stay = [each.title for each in users if each.kind in _USERS and not _of(each, tables) and not compared(each)]
        if stay:
            raise ModelError(
                f"{drop.record.title} is gone from the models, but {', '.join(stay)} of the database uses it.",
                hint="Drop or change that in a revision before this one.",
            )


_USERS = frozenset({"view", "rule", "policy", "function", "column", "trigger"})


def _of(record: Any, tables: set[tuple[str, ...]]) -> bool:
    return record.kind in {"rule", "policy", "column", "trigger"} and record.key[:2] in tables
