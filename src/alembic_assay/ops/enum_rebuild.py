"""Give an enumerated type other labels: build it anew and move over every column, with all that hangs on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from alembic_assay.catalog import create_grants, create_properties
from alembic_assay.catalog.aside import Aside, aside, read
from alembic_assay.catalog.aside_closure import TYPE_KINDS
from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.create_context import Context
from alembic_assay.catalog.create_sql import CREATORS
from alembic_assay.catalog.create_steps import ordered
from alembic_assay.catalog.dependencies import needed_by
from alembic_assay.catalog.domains import Domain
from alembic_assay.catalog.enum_constants import with_labels
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.enums import find as find_enum
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.ranges import Range
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.catalog.tables import Table
from alembic_assay.errors import DirectiveError, IrreversibleError, sqlstate
from alembic_assay.ops import enum_rows
from alembic_assay.ops.enum_conversion import Conversion
from alembic_assay.ops.enum_texts import refuse_mentions, texts_naming
from alembic_assay.sql import MAX_IDENTIFIER_BYTES, Statement, display, identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alembic.operations import Operations
    from sqlalchemy import Connection

    from alembic_assay.catalog.record import Record

_SERVER_REFUSES = ("0A", "22", "23", "2B", "42")
"""Classes of SQLSTATE that come from what is in the database, not from the connection or a lock."""


def replace_enum(
    operations: Operations, name: str, schema: str | None, labels: Sequence[str], mapping: Mapping[str, str]
) -> None:
    """Carry out ``op.replace_enum``; see there."""
    connection = _usable(operations, name, schema)
    title = display(name, schema)
    key = find(connection, "op.replace_enum", name, schema)
    rebuild = plan(read(connection), key, labels, mapping)
    if not rebuild.statements:
        return
    enum_rows.lock(connection, rebuild)
    enum_rows.refuse_rows(connection, title, rebuild)
    refuse_mentions(title, rebuild)
    enum_rows.warn(connection, title, rebuild)
    try:
        for statement in rebuild.statements:
            operations.execute(Statement(statement))
    except DBAPIError as error:
        if (sqlstate(error) or "").startswith(_SERVER_REFUSES):
            raise IrreversibleError(
                f"op.replace_enum: enum {title} cannot be built anew: {_said(error)}",
                hint="Drop what is in the way before it and create it after it.",
            ) from error
        raise


def find(connection: Connection, directive: str, name: str, schema: str | None) -> tuple[str, ...]:
    """Return schema and name of a type.

    Raises:
        DirectiveError: There is none.
    """
    found = find_enum(connection, name, schema)
    if found is None:
        raise DirectiveError(f"{directive}: there is no enum {display(name, schema)} in this database.")
    return found


def _usable(operations: Operations, name: str, schema: str | None) -> Connection:
    context = operations.get_context()
    connection = context.connection
    if context.as_sql or connection is None:
        raise DirectiveError(
            f"op.replace_enum({name!r}) cannot be written with --sql: which columns use {display(name, schema)} is"
            " known to the database only.",
            hint="Run it online.",
        )
    autocommit = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    if autocommit or getattr(context, "in_autocommit_block", False):
        raise DirectiveError(
            f"op.replace_enum({name!r}) needs a transaction.", hint="Move it out of autocommit_block()."
        )
    return connection


@dataclass(frozen=True, slots=True)
class Rebuild:
    """What it takes to build an enumerated type anew.

    Args:
        enum: As it is.
        labels: As they shall be.
        conversion: How values change.
        columns: The columns of tables that get the new type, those inherited from others left out.
        tables: The tables by their key.
        unmapped: The labels that vanish without a replacement.
        kept: What is made again as it was: the types made of it, and all that is taken aside.
        texts: Functions whose text names a vanishing label, and the label.
        last: Generated columns that come last in their tables afterwards, and did not before.
        statements: All of it.
    """

    enum: Enum
    labels: tuple[str, ...]
    conversion: Conversion
    columns: tuple[Column, ...]
    tables: Mapping[tuple[str, ...], Table]
    unmapped: tuple[str, ...]
    kept: tuple[Record, ...]
    texts: tuple[tuple[str, str], ...]
    last: tuple[str, ...]
    statements: tuple[str, ...]


def plan(snapshot: Snapshot, key: tuple[str, ...], labels: Sequence[str], mapping: Mapping[str, str]) -> Rebuild:
    """Work out everything, before anything is done.

    Args:
        snapshot: Of the whole database, by :func:`alembic_assay.catalog.aside.read`.
        key: Schema and name of the type.
        labels: That it shall have, in order.
        mapping: Vanishing label to its replacement.

    Raises:
        IrreversibleError: Something in the database names a label that vanishes.
        AsideError: Something cannot be moved along.
    """
    enum = next(each for each in snapshot.of(Enum) if each.key == key)
    used = {old: new for old, new in mapping.items() if old in enum.labels}
    vanishing = [label for label in enum.labels if label not in labels]
    mapped = _with_mapped_defaults(snapshot, enum, used)
    types = _types(mapped, enum)
    conversion = Conversion(types, used)
    tables = {table.key: table for table in mapped.of(Table)}
    columns = [each for each in mapped.of(Column) if each.key[:2] in tables and conversion.concerns(each.type)]
    altered = [each for each in columns if each.generated is None]
    own = tuple(each for each in altered if each.parents == 0)
    moved = aside(mapped, [(each.kind, each.key) for each in (*types, *altered)])
    new = [replace(enum, labels=tuple(labels)), *types[1:]]
    changed = tuple(labels) != enum.labels or used
    return Rebuild(
        enum=enum,
        labels=tuple(labels),
        conversion=conversion,
        columns=own,
        tables=tables,
        unmapped=tuple(label for label in vanishing if label not in used),
        kept=(*types[1:], *moved.records),
        texts=tuple(texts_naming(mapped, vanishing)),
        last=tuple(_last(mapped, moved.records)),
        statements=_statements(mapped, new, _retype(own, conversion, tables), moved) if changed else (),
    )


def _types(snapshot: Snapshot, enum: Enum) -> list[Record]:
    """Return the type and every type made of it, in the order in which they are made."""
    hanging = needed_by(snapshot)
    wanted = {(enum.kind, enum.key)}
    waiting = list(wanted)
    while waiting:
        for each in hanging.get(waiting.pop(), ()):
            if each[0] in TYPE_KINDS and each not in wanted:
                wanted.add(each)
                waiting.append(each)
    records = {(record.kind, record.key): record for record in snapshot}
    context = Context(snapshot)
    steps = [step for key in sorted(wanted) for step in CREATORS[key[0]](records[key], context)]
    for step in steps:
        step.needs.update(context.needs[step.node])
    return [records[step.node] for step in ordered(steps) if step.node in wanted]


def _last(snapshot: Snapshot, kept: Iterable[Record]) -> Iterator[str]:
    """Yield the generated columns that are dropped and added: PostgreSQL adds columns at the end."""
    generated = {each.key: each for each in kept if isinstance(each, Column) and each.generated and each.parents == 0}
    for key, column in generated.items():
        others = (each for each in snapshot.of(Column) if each.key[:2] == key[:2] and each.key not in generated)
        if any(each.position > column.position for each in others):
            yield column.title


def _with_mapped_defaults(snapshot: Snapshot, enum: Enum, mapping: Mapping[str, str]) -> Snapshot:
    """A default follows its rows: where a label is replaced, it is replaced there too."""
    if not mapping:
        return snapshot
    return Snapshot(tuple(_mapped(each, enum, mapping) for each in snapshot), snapshot.dependencies)


def _mapped(record: Record, enum: Enum, mapping: Mapping[str, str]) -> Record:
    if isinstance(record, Column) and record.default is not None and record.generated is None:
        return replace(record, default=with_labels(record.default, enum.key, mapping))
    if isinstance(record, Domain) and record.default is not None:
        return replace(record, default=with_labels(record.default, enum.key, mapping))
    return record


def _statements(snapshot: Snapshot, new: list[Record], retype: list[str], moved: Aside) -> tuple[str, ...]:
    taken = {name for each in snapshot for name in _type_names(each)}
    context = Context(snapshot)
    asides = [(each, _temporary(each.key[1], each.key[0], taken)) for each in new]
    return (
        *moved.drop,
        *(statement for each, temporary in asides for statement in _rename(each, temporary, taken)),
        *(sql for each in new for step in CREATORS[each.kind](each, context) for sql in step.statements),
        *retype,
        *(f"DROP {_word(each)} {qualified(temporary, each.key[0])}" for each, temporary in reversed(asides)),
        *(sql for each in new for sql in (*create_properties.comment(each), *create_properties.owner(each))),
        *(sql for each in new for sql in create_grants.grants(each, str(getattr(each, "owner", "")), owners=True)),
        *moved.restore,
    )


def _word(record: Any) -> str:
    return "DOMAIN" if record.kind == "domain" else "TYPE"


def _type_names(record: Record) -> Iterator[tuple[str, ...]]:
    if record.kind in TYPE_KINDS or record.kind in {"table", "view"}:
        yield record.key
    if isinstance(record, Range) and record.multirange:
        yield parts(record.multirange)


def _temporary(name: str, schema: str, taken: set[tuple[str, ...]]) -> str:
    """Return a free name for the old type while both exist; names are cut at 63 bytes, so cut before the suffix."""
    for number in range(1, len(taken) + 2):
        suffix = "__assay_old" if number == 1 else f"__assay_old{number}"
        found = name.encode()[: MAX_IDENTIFIER_BYTES - len(suffix)].decode(errors="ignore") + suffix
        if (schema, found) not in taken:
            taken.add((schema, found))
            return found
    raise AssertionError


def _rename(record: Record, temporary: str, taken: set[tuple[str, ...]]) -> Iterator[str]:
    yield f"ALTER {_word(record)} {qualified(record.key[1], record.key[0])} RENAME TO {identifier(temporary)}"
    if isinstance(record, Range) and record.multirange:
        schema, name = parts(record.multirange)
        free = identifier(_temporary(name, schema, taken))
        yield f"ALTER TYPE {qualified(name, schema)} RENAME TO {free}"
        yield f"ALTER FUNCTION {qualified(name, schema)}() RENAME TO {free}"  # its only one without old types in it


def _retype(columns: Iterable[Column], conversion: Conversion, tables: Mapping[tuple[str, ...], Table]) -> list[str]:
    """One ALTER TABLE a table, so that it is rewritten once."""
    actions: dict[tuple[str, ...], list[str]] = {}
    for column in columns:
        name = identifier(column.name)
        using = f" USING {conversion.convert(name, column.type)}"
        kept = "" if tables[column.key[:2]].form == "foreign" else using
        actions.setdefault(column.key[:2], []).append(f"ALTER COLUMN {name} TYPE {column.type}{kept}")
    return [f"ALTER TABLE {qualified(key[1], key[0])} {', '.join(each)}" for key, each in actions.items()]


def _said(error: DBAPIError) -> str:
    diagnosis = getattr(error.orig, "diag", None)
    said = [getattr(diagnosis, "message_primary", None), getattr(diagnosis, "message_detail", None)]
    return " ".join(f"{each.rstrip('.')}." for each in said if each) or str(error.orig)
