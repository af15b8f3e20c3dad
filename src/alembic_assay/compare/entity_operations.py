"""What is found, written with the operations of alembic-utils: for who has scripts of them already."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.aside import arranged
from alembic_assay.catalog.aside_closure import Closure
from alembic_assay.compare.entity_filters import entity_of, entity_of_grant
from alembic_assay.compare.entity_grants import grant_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alembic.operations.ops import MigrateOperation

    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.compare.entity_grants import Grant, Held
    from alembic_assay.compare.entity_plan import Found


def operations(present: Snapshot, found: Found, granted: Mapping[Grant, Held]) -> Iterator[MigrateOperation]:
    """Yield ``create_entity``, ``replace_entity`` and ``drop_entity``; what they lose on the way is theirs.

    Args:
        present: The whole database.
        found: What the trial found.
        granted: The privileges that there are.
    """
    utils: Any = import_module("alembic_utils.reversible_op")
    trial, changes = found.trial, found.grants
    for each in trial.made():
        if each.type_ == "grant_table":
            grant = grant_of(each.entity)
            held = granted.get(grant)
            if grant in changes.changed:
                yield _made(utils, each.entity, held and entity_of_grant(grant, held))
        elif each in found.changed:
            record = trial.present.get(trial.key_before(each))
            before = record and entity_of(record)
            if before and each.type_ == "extension":  # alembic-utils cannot replace one
                yield utils.DropOp(before)
                before = None
            yield _made(utils, each.entity, before)
    for record in _dependants_first(present, found):
        yield utils.DropOp(entity_of(record))
    for grant in changes.removed:
        yield utils.DropOp(entity_of_grant(grant, granted[grant]))


def _made(utils: Any, entity: Any, before: Any) -> Any:
    if before is None:
        return utils.CreateOp(entity)
    entity._version_to_replace = before  # noqa: SLF001 - what alembic-utils renders the downgrade from
    return utils.ReplaceOp(entity)


def _dependants_first(present: Snapshot, found: Found) -> list[Record]:
    keys = [(record.kind, record.key) for record in found.removed]
    records = arranged(Closure(present, taken=keys)).records
    return [record for record in reversed(records) if (record.kind, record.key) in keys]
