"""The comparison of one run: what is there, what the models want, and what differs."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from alembic_assay import catalog
from alembic_assay.catalog.canonical import canonical, compiled
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.reading import without_collector
from alembic_assay.catalog.schemas import Schema
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.compare.adoption import adopted
from alembic_assay.compare.cached import directory
from alembic_assay.compare.entity_provisional import provisional
from alembic_assay.compare.enum_plans import EnumPlans, declared_enums, enum_plans, schemas_of
from alembic_assay.compare.models import Models
from alembic_assay.compare.rewritten import differing
from alembic_assay.compare.scope import COMPARED, Scope
from alembic_assay.compare.table_renames import TableRenames
from alembic_assay.compare.verified import Verified
from alembic_assay.compare.whole_database import renamed
from alembic_assay.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection

    from alembic_assay.catalog.canonical import Canonical, Compiled
    from alembic_assay.catalog.record import Record
    from alembic_assay.compare.models import Key
    from alembic_assay.compare.table_renames import Rename

log = logging.getLogger("alembic.assay.compare")

_KEPT, _DDL = "_assay_comparison", "_assay_ddl"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides of a run.

    Args:
        models: What the models declare.
        whole: All that is there, in the schemas that are read.
        present: What is compared of it.
        wanted: What the models want, with all that they cannot say as it is.
        changes: What differs.
        renames: Tables and columns with another name in the models; the snapshots have them under that already.
        enums: What happens to enumerated types; the snapshots have those under their new names, too.
        clear: Whether everything could be compared.
    """

    models: Models
    whole: Snapshot
    present: Snapshot
    wanted: Snapshot
    changes: list[catalog.Change]
    renames: tuple[Rename, ...] = ()
    enums: EnumPlans = field(default_factory=EnumPlans)
    clear: bool = True

    @property
    def moved(self) -> tuple[str, ...]:
        """The statements of all renames."""
        return (*self.enums.sql, *(rename.sql for rename in self.renames))


def comparison(autogen_context: AutogenContext, schemas: set[str | None]) -> Comparison:
    """Compare the database with the models, once for all comparators of a run.

    Args:
        autogen_context: Of the run; keeps the result.
        schemas: The schemas that Alembic compares; ``None`` is the default one.
    """
    found: Comparison | None = getattr(autogen_context, _KEPT, None)
    if found is None:
        found = _compare(autogen_context, schemas)
        setattr(autogen_context, _KEPT, found)
    return found


def compared_here(autogen_context: AutogenContext) -> Comparison | None:
    """Return the comparison of this run, or ``None`` where Alembic's own comparator of tables runs."""
    found: Comparison | None = getattr(autogen_context, _KEPT, None)
    return found


def verified(autogen_context: AutogenContext, schemas: set[str | None]) -> Verified:
    """Return whether models and database are known to be equal, for a price far below that of comparing them."""
    models = _models(autogen_context)
    return Verified(autogen_context, schemas, models.metadatas, _ddl(autogen_context, models))


def _models(autogen_context: AutogenContext) -> Models:
    connection = cast("Connection", autogen_context.connection)
    default_schema = connection.dialect.default_schema_name or "public"
    return Models(autogen_context.metadata or [], autogen_context.dialect, default_schema)


def _ddl(autogen_context: AutogenContext, models: Models) -> Compiled:
    """Compile the models, once a run."""
    found: Compiled | None = getattr(autogen_context, _DDL, None)
    if found is None:
        with without_collector():
            found = compiled(cast("Connection", autogen_context.connection), models.metadatas)
        setattr(autogen_context, _DDL, found)
    return found


def _compare(autogen_context: AutogenContext, schemas: set[str | None]) -> Comparison:
    connection = cast("Connection", autogen_context.connection)
    models = _models(autogen_context)
    default_schema = models.default_schema
    names = {schema or default_schema for schema in schemas}
    declared = declared_enums(autogen_context, default_schema)
    read = sorted(names | models.schemas | schemas_of(declared))
    whole = catalog.read(connection, schemas=read)
    schemas_there = {record.name for record in whole.of(Schema)}
    enums = enum_plans(autogen_context, declared, whole, names, default_schema)
    if enums.sql:
        whole = renamed(connection, enums.sql, read)
    cache = directory(autogen_context)
    wanted = canonical(connection, _ddl(autogen_context, models), cache=cache)
    if wanted.refused:
        with provisional(autogen_context) as more:
            wanted = canonical(connection, models.metadatas) if more else wanted
    unclear = _warn(wanted)
    options: Options = autogen_context.opts.get("assay") or Options()
    scope = Scope(autogen_context, models, names, options.ignore_tables)
    present = scope.of(whole)
    comparable = _comparable(wanted, scope)
    renames = TableRenames(autogen_context, models, present, comparable).found()
    if renames:
        whole = renamed(connection, [*enums.sql, *(rename.sql for rename in renames)], read)
        present = scope.of(whole)
    known = adopted(comparable, present, models)
    new = tuple(Schema(name=name) for name in sorted(_used(known) - schemas_there))
    known = Snapshot((*new, *known.records), known.dependencies)
    elsewhere = models.by_events | _inherited(whole)
    mine, theirs = (Snapshot(tuple(_compared(each, elsewhere))) for each in (present, known))
    found = differing(connection, catalog.diff(mine, theirs), whole, known)
    changes = [each for each in found if not _doubtful(each, unclear)]
    return Comparison(models, whole, present, known, changes, tuple(renames), enums, clear=not unclear)


def _used(wanted: Snapshot) -> set[str]:
    return {record.key[0] for record in wanted if record.kind in {"table", "domain", "sequence", "enum"}}


def _warn(wanted: Canonical) -> set[str]:
    """Say what cannot be compared; return the tables whose parts are not known for sure."""
    for refused in wanted.refused:
        log.warning("cannot compare %s, because %s", refused.title, refused.message)
    return {refused.title for refused in wanted.refused}


def _doubtful(change: catalog.Change, refused: set[str]) -> bool:
    """Whether a drop may be of what the models want and the server refused."""
    if change.after is not None or not refused:
        return False
    record = change.record
    if record.title in refused:
        return True
    table = ".".join(record.title.partition(" ")[2].split(".")[:2])
    return any(f" {table}" in title for title in refused)


def _comparable(wanted: Canonical, scope: Scope) -> Snapshot:
    """Leave out what the user's filters leave out, and what is not compared here."""
    tables = {record.key for record in wanted if record.kind == "table" and scope.includes(record.key)}
    records = tuple(record for record in wanted if _wanted(record, tables))
    known = {(record.kind, record.key) for record in records}
    edges = (e for e in wanted.dependencies if (e.kind, e.key) in known and (e.needs_kind, e.needs_key) in known)
    return Snapshot(records, tuple(edges))


def _wanted(record: Record, tables: set[Key]) -> bool:
    each: Any = record
    if record.kind == "table":
        return record.key in tables
    if record.kind in {"column", "constraint", "index"}:
        return record.key[:2] in tables
    if record.kind == "sequence" and each.owned_by is not None:
        return parts(each.owned_by)[:2] in tables
    return True


def _inherited(whole: Snapshot) -> set[tuple[str, Key]]:
    """Return the constraints and indexes that a table has from its parent: only that can change them."""
    found = set()
    for record in whole:
        each: Any = record
        if (record.kind == "constraint" and not each.local) or (record.kind == "index" and each.parent):
            found.add((record.kind, record.key))
    return found


def _compared(snapshot: Snapshot, elsewhere: set[tuple[str, Key]]) -> Iterator[Record]:
    for record in snapshot:
        if _itself(record) and (record.kind, record.key) not in elsewhere:
            yield record


def _itself(record: Record) -> bool:
    """Whether a record is compared by itself: an index of a constraint is compared with that."""
    each: Any = record
    if record.kind == "schema":
        return True
    if record.kind == "constraint" and (each.type == "not null" or not each.local):
        return False
    return record.kind in COMPARED and not (record.kind == "index" and (each.constraint or each.parent))
