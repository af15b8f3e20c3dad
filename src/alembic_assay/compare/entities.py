"""Entities of alembic-utils: functions, views, triggers, policies, extensions and grants, compared by the catalog."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from alembic.operations import Operations, ops
from alembic.util import CommandError, DispatchPriority, PriorityDispatchResult
from sqlalchemy.exc import SQLAlchemyError

from alembic_assay.catalog import aside
from alembic_assay.compare import entity_filters, entity_grants, entity_operations, entity_others
from alembic_assay.compare.comparison import compared_here
from alembic_assay.compare.entity_declared import KINDS, declared
from alembic_assay.compare.entity_plan import Found, Planner
from alembic_assay.compare.entity_provisional import REGISTRY
from alembic_assay.compare.entity_rehearsal import rehearse
from alembic_assay.compare.entity_trial import Trial, read, rolled_back
from alembic_assay.compare.whole_database import made
from alembic_assay.errors import EntityError
from alembic_assay.options import Options
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.compare.entity_declared import Declared

log = logging.getLogger("alembic.assay.compare.entities")

_MODULE = "alembic_utils.replaceable_entity"


def take_over(autogen_context: AutogenContext, _upgrade_ops: ops.UpgradeOps) -> PriorityDispatchResult:
    """Take alembic-utils' own comparator out of this run; nothing else, and no other run, is touched.

    It is registered for the whole process, in one group with every other comparator of the old style, so it cannot
    be stopped by a result. The dispatcher of a run is a copy that belongs to it.
    """
    module = _alembic_utils()
    if module is not None:
        registered = autogen_context.comparators._registry  # noqa: SLF001 - there is no public way to take one out
        for key in (("schema", "default", priority) for priority in DispatchPriority):
            own = module.compare_registered_entities
            registered[key] = [entry for entry in registered.get(key, ()) if entry[0] is not own]
        setattr(autogen_context, REGISTRY, module.registry)
    return PriorityDispatchResult.CONTINUE


def compare(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> PriorityDispatchResult:
    """Add the operations that make the entities of the database those that are registered."""
    module = _alembic_utils()
    if module is None or not (module.registry.entities() or module.registry.schemas):
        return PriorityDispatchResult.CONTINUE  # imported, but nothing was ever registered
    compared = compared_here(autogen_context)
    with made(cast("Connection", autogen_context.connection), () if compared is None else compared.moved):
        _compare(autogen_context, upgrade_ops, module)
    return PriorityDispatchResult.CONTINUE


def _compare(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, module: Any) -> None:
    """Compare what is registered with what is there after this revision's renames."""
    connection = cast("Connection", autogen_context.connection)
    scope = entity_filters.Scope(autogen_context, module.registry, _options(autogen_context).ignore_tables)
    registered = [each for each in module.registry.entities() if scope.declares(each)]
    present = read(connection)
    tables = {(table.schema or scope.default_schema, table.name) for table in autogen_context.sorted_tables}
    tables |= entity_filters.tables(connection)
    entities = [declared(each, present, tables) for each in registered if each.type_ in KINDS]
    others = list(upgrade_ops.ops)
    with _drivers_error(autogen_context):
        upgrade_ops.ops.extend(_plan(autogen_context, entities, present, others, scope))


@contextmanager
def _drivers_error(autogen_context: AutogenContext) -> Iterator[None]:
    """Let a Python program that uses alembic-utils' operations meet the error that it has met so far."""
    config = autogen_context.migration_context.config
    program = config is None or config.cmd_opts is None
    try:
        yield
    except EntityError as error:
        if program and _options(autogen_context).entities == "alembic-utils" and error.__cause__ is not None:
            raise error.__cause__ from None
        raise


def _options(autogen_context: AutogenContext) -> Options:
    return autogen_context.opts.get("assay") or Options()


def _plan(
    autogen_context: AutogenContext,
    entities: list[Declared],
    present: dict[Key, Record],
    others: list[ops.MigrateOperation],
    scope: entity_filters.Scope,
) -> list[ops.MigrateOperation]:
    connection = cast("Connection", autogen_context.connection)

    def apply() -> None:
        _apply(autogen_context, others)

    granted = entity_grants.read(connection)
    with rolled_back(connection):
        trial = Trial(connection, entities, present, apply)
        trial.run()
        changed = trial.changed()
        removed = scope.removed(present, {each.key for each in entities} | {*trial.existing.values()})
        grants = _grants(granted, entity_grants.read(connection), entities, scope)
        if not changed and not removed and not grants.titles:
            return []
        back = trial.back_in_place(list(changed))
        wanted = aside.read(connection)
    whole = aside.read(connection)
    removed = [record for record in removed if not _needed(whole, record, removed)]
    found = Found(trial, changed, back, removed, wanted, grants)
    for change in found.changes():
        log.info("Detected %s", change)
    if _options(autogen_context).entities == "alembic-utils":
        return list(entity_operations.operations(whole, found, granted))
    planner = Planner(connection, whole, found, others, scope.enabled)
    return _rehearsed(planner, apply if others else None)


def _rehearsed(planner: Planner, apply: Callable[[], None] | None) -> list[ops.MigrateOperation]:
    """Return the operations, without indexes that they leave no column for."""
    operations, lost = planner.operations(), frozenset[tuple[str, tuple[str, ...]]]()
    while operations and (index := rehearse(planner.connection, operations, planner.present, apply)):
        log.warning("index %s is not put back: it has lost a column", display(index[1][2], index[1][0]))
        lost |= {index}
        operations = planner.operations(lost)
    return [*operations]


def _grants(
    before: dict[entity_grants.Grant, entity_grants.Held],
    after: dict[entity_grants.Grant, entity_grants.Held],
    entities: list[Declared],
    scope: entity_filters.Scope,
) -> entity_grants.Changes:
    declared_ = [entity_grants.grant_of(each.entity) for each in entities if each.type_ == "grant_table"]
    return entity_grants.changes(before, after, declared_, scope.removed_grants(before, declared_))


def _needed(snapshot: Snapshot, record: Record, removed: list[Record]) -> bool:
    """Whether something that stays needs an extension: such a one is not dropped."""
    if record.kind != "extension":
        return False
    gone = {(each.kind, each.key) for each in removed}
    return any(
        (edge.needs_kind, edge.needs_key) == (record.kind, record.key) and (edge.kind, edge.key) not in gone
        for edge in snapshot.dependencies
    )


def _apply(autogen_context: AutogenContext, operations: Iterable[ops.MigrateOperation]) -> None:
    """Run the other operations of the revision as far as they work; what builds indexes is not needed."""
    connection = cast("Connection", autogen_context.connection)
    directives = Operations(autogen_context.migration_context)
    for operation in entity_others.single(operations):
        if isinstance(operation, ops.CreateIndexOp | ops.DropIndexOp):
            continue
        savepoint = connection.begin_nested()
        with suppress(SQLAlchemyError, CommandError):
            directives.invoke(operation)
            savepoint.commit()
            continue
        if savepoint.is_active:
            savepoint.rollback()


def _alembic_utils() -> Any:
    """Return its registry's module where the project uses it: importing it switches its comparator on."""
    return sys.modules.get(_MODULE)
