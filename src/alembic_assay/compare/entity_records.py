"""Records as they shall be: definitions of what is declared, all else of what is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.dependencies import Dependency
from alembic_assay.catalog.extensions import Extension
from alembic_assay.catalog.functions import Function
from alembic_assay.catalog.policies import Policy
from alembic_assay.catalog.snapshot import KIND_ORDER, Snapshot
from alembic_assay.catalog.triggers import Trigger
from alembic_assay.catalog.views import View
from alembic_assay.compare.entity_copies import checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alembic_assay.catalog.dependencies import Key
    from alembic_assay.catalog.record import Record


def merged(record: Record, before: Record) -> Record:
    """Return a record with what its declaration does not say taken from what is there."""
    if isinstance(record, View) and isinstance(before, View):
        return _merged_view(record, before)
    if isinstance(record, Function) and isinstance(before, Function):
        return replace(
            record,
            depends_on_extensions=before.depends_on_extensions,
            owner=before.owner,
            acl=before.acl,
            comment=before.comment,
        )
    if isinstance(record, Trigger) and isinstance(before, Trigger):
        return replace(record, enabled=before.enabled, comment=before.comment)
    if isinstance(record, Policy) and isinstance(before, Policy):
        return replace(record, comment=before.comment)
    return record


def _merged_view(record: View, before: View) -> View:
    options = {option for option in before.options if option not in checks(before.options)} | {*checks(record.options)}
    both = record.materialized and before.materialized
    return replace(
        record,
        options=before.options if options == {*before.options} else tuple(sorted(options)),
        populated=before.populated if both else record.populated,
        access_method=before.access_method if both else record.access_method,
        tablespace=before.tablespace if both else record.tablespace,
        owner=before.owner,
        acl=before.acl,
        comment=before.comment,
    )


def fresh(record: Record, *, with_data: bool) -> Record:
    """Return the record of a new object: it belongs to who makes it, with the privileges that it gets by itself."""
    if isinstance(record, View):
        return replace(record, owner="", acl=None, comment=None, populated=with_data if record.materialized else None)
    if isinstance(record, Function):
        return replace(record, owner="", acl=None, comment=None)
    if isinstance(record, Trigger | Policy | Extension):
        return replace(record, comment=None)
    return record


def target(
    present: Snapshot, wanted: Snapshot, changed: Mapping[Key, Record], keys_before: Mapping[Key, Key]
) -> Snapshot:
    """Return a snapshot with some objects as they shall be.

    Args:
        present: What there is.
        wanted: What was there when all was made; of it come columns of views and dependencies.
        changed: What changes, by the key that it will have.
        keys_before: The keys that these have now.
    """
    gone = {*keys_before.values(), *changed}
    views = {key[1] for key in gone if key[0] == "view"}
    old_columns = {each.key: each for each in present.of(Column)}
    records = [each for each in present if (each.kind, each.key) not in gone and not _of(each, views)]
    records += changed.values()
    records += [_column(each, old_columns.get(each.key)) for each in wanted.of(Column) if _of(each, views)]
    known = {(each.kind, each.key) for each in records}
    edges = {*_renamed(present, gone, views, keys_before), *_new(wanted, set(changed), views)}
    records.sort(key=lambda record: (KIND_ORDER.get(record.kind, len(KIND_ORDER)), record.key))
    dependencies = (edge for edge in edges if (edge.kind, edge.key) in known)
    return Snapshot(tuple(records), tuple(sorted(dependencies)))


def without(snapshot: Snapshot, gone: Iterable[Key]) -> Snapshot:
    """Return a snapshot without some objects."""
    left = set(gone)
    views = {key[1] for key in left if key[0] == "view"}
    records = tuple(each for each in snapshot if (each.kind, each.key) not in left and not _of(each, views))
    known = {(each.kind, each.key) for each in records}
    return Snapshot(
        records,
        tuple(
            edge
            for edge in snapshot.dependencies
            if known >= {(edge.kind, edge.key), (edge.needs_kind, edge.needs_key)}
        ),
    )


def _of(record: Record, views: set[tuple[str, ...]]) -> bool:
    return record.kind == "column" and record.key[:2] in views


def _column(record: Column, before: Column | None) -> Column:
    if before is None:
        return replace(record, acl=None, comment=None)
    if before.type != record.type:
        return replace(record, acl=before.acl, comment=before.comment)
    return replace(
        record,
        acl=before.acl,
        comment=before.comment,
        default=before.default,
        statistics=before.statistics,
        storage=before.storage,
        compression=before.compression,
        options=before.options,
    )


def _renamed(
    present: Snapshot, gone: set[Key], views: set[tuple[str, ...]], keys_before: Mapping[Key, Key]
) -> Iterable[Dependency]:
    """Yield the dependencies of what stays, by the keys that they will have."""
    after = {before: key for key, before in keys_before.items()}
    for edge in present.dependencies:
        if (edge.kind, edge.key) in gone or (edge.kind == "column" and edge.key[:2] in views):
            continue
        needs = after.get((edge.needs_kind, edge.needs_key), (edge.needs_kind, edge.needs_key))
        yield Dependency(edge.kind, edge.key, *needs)


def _new(wanted: Snapshot, changed: set[Key], views: set[tuple[str, ...]]) -> Iterable[Dependency]:
    for edge in wanted.dependencies:
        if (edge.kind, edge.key) in changed or (edge.kind == "column" and edge.key[:2] in views):
            yield edge
