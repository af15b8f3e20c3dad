"""A whole database, or a part of it, at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from alembic_assay.catalog import (
    access_methods,
    base_types,
    casts,
    collations,
    columns,
    composites,
    constraints,
    conversions,
    database_settings,
    default_privileges,
    dependencies,
    domains,
    enums,
    event_triggers,
    extension_privileges,
    extensions,
    foreign_data_wrappers,
    foreign_servers,
    functions,
    indexes,
    languages,
    operator_classes,
    operator_families,
    operators,
    policies,
    publication_tables,
    publications,
    ranges,
    rewrite_rules,
    schemas,
    security_labels,
    sequences,
    statistics,
    subscriptions,
    tables,
    text_search_configurations,
    text_search_dictionaries,
    text_search_parsers,
    text_search_templates,
    transforms,
    triggers,
    user_mappings,
    views,
)
from alembic_assay.catalog.kinds_there import absent
from alembic_assay.catalog.reading import Scope, fixed_settings, without_collector
from alembic_assay.catalog.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

R = TypeVar("R", bound=Record)

READERS: Mapping[type[Record], Callable[[Connection, Scope], tuple[Record, ...]]] = {
    schemas.Schema: schemas.read,
    extensions.Extension: extensions.read,
    access_methods.AccessMethod: access_methods.read,
    languages.Language: languages.read,
    collations.Collation: collations.read,
    enums.Enum: enums.read,
    domains.Domain: domains.read,
    composites.Composite: composites.read,
    ranges.Range: ranges.read,
    base_types.BaseType: base_types.read,
    conversions.Conversion: conversions.read,
    operators.Operator: operators.read,
    operator_families.OperatorFamily: operator_families.read,
    operator_classes.OperatorClass: operator_classes.read,
    casts.Cast: casts.read,
    transforms.Transform: transforms.read,
    text_search_parsers.TextSearchParser: text_search_parsers.read,
    text_search_templates.TextSearchTemplate: text_search_templates.read,
    text_search_dictionaries.TextSearchDictionary: text_search_dictionaries.read,
    text_search_configurations.TextSearchConfiguration: text_search_configurations.read,
    foreign_data_wrappers.ForeignDataWrapper: foreign_data_wrappers.read,
    foreign_servers.ForeignServer: foreign_servers.read,
    user_mappings.UserMapping: user_mappings.read,
    sequences.Sequence: sequences.read,
    tables.Table: tables.read,
    columns.Column: columns.read,
    constraints.Constraint: constraints.read,
    indexes.Index: indexes.read,
    views.View: views.read,
    functions.Function: functions.read,
    triggers.Trigger: triggers.read,
    rewrite_rules.RewriteRule: rewrite_rules.read,
    policies.Policy: policies.read,
    statistics.ExtendedStatistics: statistics.read,
    publications.Publication: publications.read,
    publication_tables.PublicationTable: publication_tables.read,
    subscriptions.Subscription: subscriptions.read,
    event_triggers.EventTrigger: event_triggers.read,
    default_privileges.DefaultPrivileges: default_privileges.read,
    database_settings.DatabaseSetting: database_settings.read,
    security_labels.SecurityLabel: security_labels.read,
    extension_privileges.ExtensionPrivileges: extension_privileges.read,
}
"""How each kind is read, in the order in which objects can be created."""

KIND_ORDER = {record_type.kind: position for position, record_type in enumerate(READERS)}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Records of every kind, by kind in the order of :data:`READERS`, then by key.

    Args:
        records: The objects.
        dependencies: What the records do not say themselves about each other, sorted.
    """

    records: tuple[Record, ...]
    dependencies: tuple[dependencies.Dependency, ...] = ()

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def of(self, record_type: type[R]) -> tuple[R, ...]:
        """Return the records of one kind."""
        return tuple(record for record in self.records if isinstance(record, record_type))


def read(
    connection: Connection,
    schemas: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
    *,
    depends: bool = True,
) -> Snapshot:
    """Read what the catalogs hold, with one query for each kind that there is.

    Objects that an extension owns and PostgreSQL's own are left out. The transaction and the settings of the
    connection are afterwards as they were. While others change the schema, use
    :func:`~alembic_assay.catalog.moment.read_moment`.

    Args:
        connection: To PostgreSQL 14 or newer.
        schemas: Only these schemas, and nothing that is in none but extensions.
        tables: Only these tables, in any of the schemas; other kinds of objects are not filtered by it.
        depends: Whether to read what objects depend on, too: a third of the time. Who only compares records needs it
            not; ``dependants`` and ``create_sql`` do.

    Example:
        >>> snapshot = read(connection)  # doctest: +SKIP
        >>> [enum.labels for enum in snapshot.of(Enum)]  # doctest: +SKIP
        [('low', 'medium', 'high')]
    """
    scope = Scope(schemas=None if schemas is None else tuple(schemas), tables=None if tables is None else tuple(tables))
    with without_collector(), fixed_settings(connection):
        missing = absent(connection)
        readers = [reader for record_type, reader in READERS.items() if record_type.kind not in missing]
        records = tuple(record for reader in readers for record in reader(connection, scope))
        return Snapshot(records, dependencies.read(connection, records) if depends else ())
