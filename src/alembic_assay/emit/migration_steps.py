"""What the plan of a migration asks of single changes, and how single things are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.aside_closure import TYPE_KINDS, type_of
from alembic_assay.catalog.change_properties import PROPERTIES
from alembic_assay.catalog.create_sql import filled
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic.operations import MigrateOperation

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.diff import Change
    from alembic_assay.catalog.record import Record
    from alembic_assay.emit.migration_units import Unit, Whole

BY_HAND = frozenset({"trigger", "rule", "policy", "publication table"})
"""Parts of tables that are made and dropped by themselves here."""

_UNDONE = {
    Stage.DROP_PART: Stage.PART,
    Stage.DROP_COLUMN: Stage.COLUMN,
    Stage.DROP_TABLE: Stage.TABLE,
    Stage.DROP_TYPE: Stage.TYPE,
}


def key_of(record: Record) -> Key:
    """Return kind and key."""
    return record.kind, record.key


def taken_with(record: Record, old: Whole) -> Key:
    """Return what is dropped where a record changes: of a view's column, the view."""
    if record.kind == "column" and ("view", record.key[:2]) in old.records:
        return "view", record.key[:2]
    return key_of(record)


def made_again(change: Change) -> bool:
    """Whether a constraint or index is dropped, or dropped and made again."""
    if change.record.kind not in {"constraint", "index"}:
        return False
    return change.after is None or bool(set(change.fields) - {"comment"})


def is_generated(record: Record) -> bool:
    """Whether it is a generated column."""
    return record.kind == "column" and getattr(record, "generated", None) is not None


def in_place(change: Change) -> bool:
    """Whether ``CREATE OR REPLACE``, or ``ALTER EXTENSION``, is enough for a change."""
    old: Any = change.before
    new: Any = change.after
    if old is None or new is None or set(change.fields) <= PROPERTIES:
        return False
    if change.record.kind == "extension":
        return True
    if change.record.kind != "function" or "aggregate" in {old.form, new.form} or old.form != new.form:
        return False
    texts = (old.definition, new.definition)
    same = old.depends_on_extensions == new.depends_on_extensions
    return same and _head(old) == _head(new) and not any("\nBEGIN ATOMIC\n" in t or "\nRETURN " in t for t in texts)


def _head(record: Any) -> str:
    return str(record.definition.partition("\n LANGUAGE ")[0])


def replacement(old: Any, new: Any, before: Whole, after: Whole) -> SqlOp:
    """Return the operation for what :func:`in_place` says."""
    if new.kind != "extension":
        statements = [side.steps["function", each.key].statements for each, side in ((new, after), (old, before))]
        return SqlOp(statements[0][:1], statements[1][:1], title=new.title)
    found: list[list[str]] = []
    for one, other in ((old, new), (new, old)):
        alter = f"ALTER EXTENSION {identifier(new.name)}"
        sql = [f"{alter} SET SCHEMA {identifier(other.schema)}"] if one.schema != other.schema else []
        sql += [f"{alter} UPDATE TO '{other.version}'"] if one.version != other.version and other.version else []
        found.append(sql)
    return SqlOp(*found, title=new.title)


def plain(snapshot: Snapshot) -> Snapshot:
    """Leave out the parts of tables that are made by themselves."""
    records = tuple(each for each in snapshot if each.kind not in BY_HAND)
    edges = tuple(e for e in snapshot.dependencies if not {e.kind, e.needs_kind} & BY_HAND)
    return Snapshot(records, edges)


def filling(side: Whole, records: dict[Key, Record]) -> list[str]:
    """Return the statements that fill the materialised views among some records."""
    views = [each for each in side.snapshot if each.kind == "view" and key_of(each) in records]
    edges = tuple(e for e in side.snapshot.dependencies if (e.kind, e.key) in records)
    return list(filled(Snapshot(tuple(views), edges), list(side.steps.values())))


def undone(planned: Planned) -> Planned:
    """Return what makes again what an operation drops, at the place of that."""
    return Planned(planned.op.reverse(), _UNDONE[planned.stage], tuple(-number for number in planned.place))


def reversed_operations(units: list[Unit]) -> list[MigrateOperation]:
    """Return what takes units away, from the last one."""
    return [op.reverse() for unit in reversed(units) for op in reversed(unit.operations)]


def of_dropped_types(changes: Iterable[Change]) -> Iterator[Key]:
    """Yield the types that go, and the columns that go with them."""
    gone = [c.before for c in changes if c.before is not None and c.after is None]
    types = {each.key for each in gone if each.kind in TYPE_KINDS}
    for each in gone:
        of_other = any(getattr(each, name, None) for name in ("of_type", "foreign_server"))
        of_other = of_other or getattr(each, "access_method", None) not in {None, "heap"}
        if each.kind == "domain" or of_other or (each.kind == "column" and type_of(each) in types):  # type: ignore[arg-type] # a column
            yield key_of(each)
