"""Tables, columns, constraints, indexes, sequences, domains and schemas: what the catalog says against the models."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any, cast

from alembic.util import PriorityDispatchResult
from sqlalchemy import text
from sqlalchemy.exc import SAWarning

from alembic_assay.catalog.diff import Action
from alembic_assay.catalog.names import parts
from alembic_assay.compare.comparison import comparison, verified
from alembic_assay.compare.entity_filters import compared
from alembic_assay.compare.filters import Filters
from alembic_assay.compare.in_the_way import around, refuse_used
from alembic_assay.compare.rows import Rows, prepare
from alembic_assay.compare.unused import kept
from alembic_assay.compare.whole_database import whole_database
from alembic_assay.ops import types_of_tables as _  # noqa: F401 - how the operations run that are written here
from alembic_assay.ops.domain_rebuild import holders
from alembic_assay.ops.enum_types import install_renderer
from alembic_assay.ops.from_change import grouped, plan
from alembic_assay.ops.planning import Side, restricted
from alembic_assay.options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import UpgradeOps
    from sqlalchemy import Connection

    from alembic_assay.catalog.diff import Change
    from alembic_assay.compare.comparison import Comparison

log = logging.getLogger("alembic.assay.compare.tables")

_OF_TABLES = frozenset({"table", "column", "constraint", "index", "sequence"})


def compare(
    autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Add the operations that make the tables of the database those of the models; Alembic's own comparison stops."""
    install_renderer(autogen_context)
    _sort_tables(autogen_context)
    known = verified(autogen_context, schemas)
    if known.equal:
        return PriorityDispatchResult.STOP
    found = comparison(autogen_context, schemas)
    if found.clear and not found.changes and not found.moved:
        known.keep()
    before, after = sides(autogen_context, found)
    options: Options = autogen_context.opts.get("assay") or Options()
    filters = Filters(autogen_context, before, after)
    upgrade_ops.ops.extend(rename.operation(found.models) for rename in found.renames)
    for rename in found.renames:
        kind = "column" if rename.column else "table"
        log.info("Detected renamed %s '%s': now '%s'", kind, rename.old, rename.new)
    changes = kept(filters.passed(found.changes), found.whole, drop_unused=options.drop_unused)
    if changes:
        connection = cast("Connection", autogen_context.connection)
        refuse_used(changes, found.whole, compared(autogen_context))
        rows = Rows(connection, found.renames, found.models.default_schema)
        planned = prepare(plan(changes, before, after), changes, rows, after)
        planned = around(planned, changes, lambda: whole_database(autogen_context, found.moved))
        upgrade_ops.ops.extend(grouped(planned))
        rows.count(upgrade_ops.ops)
    for change in _separate(changes):
        log.info("Detected %s", _told(change, found.models.default_schema))
    return PriorityDispatchResult.STOP


def sides(autogen_context: AutogenContext, found: Comparison) -> tuple[Side, Side]:
    """Return both sides, of as much as the changes touch."""
    touched = {_table_of(change.record) for change in found.changes if change.record.kind in _OF_TABLES}
    domains = {change.record.key for change in found.changes if change.record.kind == "domain"}
    touched |= {key[:2] for key in holders(domains, found.whole.dependencies)}
    connection = cast("Connection", autogen_context.connection)
    role = str(connection.execute(text("SELECT current_user")).scalar_one()) if touched else ""
    default_schema, models = found.models.default_schema, found.models
    before = Side(restricted(found.whole, touched), role=role, default_schema=default_schema, formal=True)
    wanted = restricted(found.wanted, touched)
    after = Side(wanted, models=models.tables, default_schema=default_schema, formal=models.formal)
    return before, after


def _separate(changes: Sequence[Change]) -> list[Change]:
    """Leave out what comes or goes with its table."""
    whole = {each.record.key for each in changes if each.record.kind == "table" and each.action is not Action.ALTER}
    return [each for each in changes if each.record.kind == "table" or _table_of(each.record) not in whole]


def _table_of(record: Any) -> tuple[str, ...]:
    owner = getattr(record, "owned_by", None)
    return parts(owner)[:2] if owner else tuple(record.key[:2])


_VERBS = {Action.ADD: "added", Action.DROP: "removed", Action.ALTER: "changed"}


def _told(change: Change, default_schema: str) -> str:
    """Say what was found as Alembic does: ``added column 'tasks.title'``."""
    record: Any = change.record
    kind = record.type if record.kind == "constraint" and record.type in {"primary key", "foreign key"} else record.kind
    if record.kind == "constraint" and kind == record.kind:
        kind = f"{record.type} constraint"
    names = record.key[1:] if len(record.key) > 1 and record.key[0] == default_schema else record.key
    words = f"{_VERBS[change.action]} {kind} '{'.'.join(names)}'"
    return f"{words}: {str(change).partition(': ')[2]}" if change.action is Action.ALTER else words


def _sort_tables(autogen_context: AutogenContext) -> None:
    """Let Alembic sort the models once without a warning of circles: ours are told apart."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Cannot correctly sort tables", SAWarning)
        _ = autogen_context.sorted_tables
