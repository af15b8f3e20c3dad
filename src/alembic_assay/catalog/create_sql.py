"""A snapshot as the SQL that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import (
    create_columns,
    create_constraints,
    create_database,
    create_foreign,
    create_grants,
    create_languages,
    create_operators,
    create_programs,
    create_properties,
    create_routines,
    create_tables,
    create_text_search,
    create_types,
)
from alembic_assay.catalog.create_context import Context, CreateError
from alembic_assay.catalog.create_steps import CycleError, Step, ordered
from alembic_assay.catalog.views import View
from alembic_assay.sql import qualified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from alembic_assay.catalog.create_steps import Node
    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot

CREATORS: Mapping[str, Callable[[Any, Context], Iterator[Step]]] = {
    "schema": create_types.schema,
    "extension": create_types.extension,
    "enum": create_types.enum,
    "domain": create_types.domain,
    "composite type": create_types.composite,
    "range type": create_types.range_,
    "base type": create_types.base_type,
    "collation": create_languages.collation,
    "function": create_routines.function,
    "language": create_languages.language,
    "access method": create_operators.access_method,
    "operator": create_operators.operator,
    "operator family": create_operators.operator_family,
    "operator class": create_operators.operator_class,
    "cast": create_operators.cast,
    "transform": create_languages.transform,
    "conversion": create_languages.conversion,
    "text search parser": create_text_search.parser,
    "text search template": create_text_search.template,
    "text search dictionary": create_text_search.dictionary,
    "text search configuration": create_text_search.configuration,
    "foreign data wrapper": create_foreign.wrapper,
    "foreign server": create_foreign.server,
    "user mapping": create_foreign.user_mapping,
    "sequence": create_columns.sequence,
    "table": create_tables.table,
    "constraint": create_constraints.constraint,
    "index": create_constraints.index,
    "view": create_programs.view,
    "rule": create_programs.rule,
    "trigger": create_programs.trigger,
    "policy": create_programs.policy,
    "statistics": create_programs.statistics,
    "publication": create_database.publication,
    "publication table": create_database.publication_table,
    "subscription": create_database.subscription,
    "setting": create_database.setting,
    "security label": create_database.security_label,
    "extension privileges": create_grants.on_extension,
    "default privileges": create_database.default_privileges,
    "event trigger": create_database.event_trigger,
}
"""How each kind is made; a column is made with its table."""

LAST = ("default privileges", "event trigger")
"""The first would be given to all that is made after them, the other would fire."""

_SPLITTABLE = ("table", "domain", "view")
_UNCHECKED = "SET check_function_bodies = off"
_CHECKED = "RESET check_function_bodies"


def create_sql(snapshot: Snapshot, *, owners: bool = False) -> list[str]:
    """Return the statements that make a snapshot in an empty database, in an order in which each one works.

    They may run in one transaction or outside of any, as a superuser or as the owner of all. An empty database is
    one that ``CREATE DATABASE … TEMPLATE template0`` makes: it has the schema ``public`` and PL/pgSQL. Roles and
    tablespaces that the snapshot names must exist. What PostgreSQL cannot be told is not there afterwards: an
    invalid index, the version of an extension, the order of columns that a child took over late. A schema ``public``
    that the snapshot does not have stays.

    Args:
        snapshot: Of a whole database; of a part only if nothing in it needs the rest.
        owners: Whether objects are given to the owners in the snapshot; else they belong to who runs the statements.

    Returns:
        Statements without semicolons. Send them as they are, by :class:`alembic_assay.sql.Statement`: ``%`` and
        ``:x`` in them mean themselves.

    Raises:
        CreateError: The snapshot holds something that cannot be made; says what, and why.

    Example:
        >>> for sql in create_sql(snapshot):  # doctest: +SKIP
        ...     connection.execute(Statement(sql))
    """
    steps = ordered_steps(snapshot)
    statements = [statement for step in steps if step.node[0] not in LAST for statement in step.statements]
    early = [record for record in snapshot if record.kind not in LAST]
    for record in early:
        statements += create_properties.comment(record)
    if owners:
        statements += [statement for record in early for statement in create_properties.owner(record)]
    tables = {record.key: getattr(record, "owner", "") for record in early if record.kind in {"table", "view"}}
    for record in early:
        statements += create_grants.grants(record, _owner(record, tables), owners=owners)
    statements += filled(snapshot, steps)
    statements += last(snapshot, steps, owners=owners)
    unchecked = any(record.kind == "function" for record in snapshot)
    return [_UNCHECKED, *statements, _CHECKED] if unchecked else statements


def _owner(record: Record, tables: Mapping[tuple[str, ...], str]) -> str:
    return tables.get(record.key[:2], "") if record.kind == "column" else getattr(record, "owner", "")


def ordered_steps(snapshot: Snapshot) -> list[Step]:
    """Return the steps that make a snapshot, without comments, owners and grants, in an order that works.

    Raises:
        CreateError: There is no such order, or no SQL for a record.
    """
    split: frozenset[Node] = frozenset()
    while True:
        try:
            return ordered(_steps(Context(snapshot, split)))
        except CycleError as error:
            more = _to_split(snapshot, error.nodes - split)
            if not more:
                titles = sorted(record.title for record in snapshot if (record.kind, record.key) in error.nodes)
                raise CreateError(f"these need each other, so none can be made first: {', '.join(titles)}.") from None
            split |= more


def _steps(context: Context) -> Iterator[Step]:
    for record in context.snapshot:
        if record.kind in CREATORS:
            yield from CREATORS[record.kind](record, context)
        elif record.kind != "column":
            raise CreateError(f"{record.title}: expected a kind that SQL can be written for, got {record.kind!r}.")


def _to_split(snapshot: Snapshot, nodes: set[Node]) -> frozenset[Node]:
    fixed = {("view", view.key) for view in snapshot.of(View) if view.materialized}
    for kind in _SPLITTABLE:
        if found := {node for node in nodes if node[0] == kind} - fixed:
            return frozenset(found)
    return frozenset()


def last(snapshot: Snapshot, steps: list[Step], *, owners: bool = False) -> Iterator[str]:
    """Yield what would change the making of the others if it were there before them: :data:`LAST`.

    Args:
        snapshot: What is made.
        steps: Of :func:`ordered_steps`.
        owners: As of :func:`create_sql`.
    """
    for step in steps:
        if step.node[0] in LAST:
            yield from step.statements
    for record in snapshot:
        if record.kind in LAST:
            yield from create_properties.comment(record)
            yield from create_properties.owner(record) if owners else ()


def filled(snapshot: Snapshot, steps: list[Step]) -> Iterator[str]:
    """Fill materialised views, at the end: their queries may run functions that need anything.

    Args:
        snapshot: What is made.
        steps: Of :func:`ordered_steps`.
    """
    views = {("view", view.key): view for view in snapshot.of(View)}
    wanted = {node for node, view in views.items() if view.populated}
    needed = _read_by(wanted, Context(snapshot))
    names = {node: qualified(view.name, view.schema) for node, view in views.items() if view.materialized}
    order = [step.node for step in steps if step.node in names and step.node in wanted | needed]
    for node in order:
        yield f"REFRESH MATERIALIZED VIEW {names[node]}"
    for node in order:
        if node not in wanted:
            yield f"REFRESH MATERIALIZED VIEW {names[node]} WITH NO DATA"


def _read_by(nodes: set[Node], context: Context) -> set[Node]:
    """Return the views that others read, directly or not: even one that is empty must be filled for a while."""
    found: set[Node] = set()
    unseen = nodes
    while unseen:
        found |= unseen
        unseen = {need for node in unseen for need in context.needs[node] if need[0] == "view"} - found
    return found
