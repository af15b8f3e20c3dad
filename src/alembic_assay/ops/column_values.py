"""Where the values of a column come from, and how one source becomes another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog import create_columns
from alembic_assay.ops.sequences import settings
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from alembic_assay.catalog.columns import Column
    from alembic_assay.ops.planning import Side

SUFFIX = "_assay_old"


def source(record: Column, side: Side) -> str:
    """Return where values come from: ``identity``, ``serial``, ``generated`` or ``default``."""
    if record.identity is not None:
        return "identity"
    if record.generated is not None:
        return "generated"
    sequence: Any = side.sequence(record)
    return "serial" if sequence is not None and record.default is not None else "default"


def changed(before: Column, after: Column, old: Side, new: Side) -> list[str]:
    """Return the statements that make the source of a column's values another one.

    What was generated may become plain; not the other way, see ``columns.altered``. A sequence that is replaced hands
    on its position.
    """
    was, becomes = source(before, old), source(after, new)
    alter = f"ALTER TABLE {qualified(after.table, after.schema)} ALTER COLUMN {identifier(after.name)}"
    if was == becomes == "identity":
        return _identity(before, after, old, new, alter)
    if was == becomes:
        return [] if was == "generated" or before.default == after.default else [_default(after, alter)]
    if becomes == "identity":
        return _to_identity(before, after, old, new, alter)
    if was == "identity":
        return _from_identity(before, after, old, new, alter)
    if becomes == "serial":
        return [
            *_made(after, new),
            f"{alter} SET DEFAULT {after.default}",
            *_owned(after, new),
            _after_rows(after, new),
        ]
    statements = [f"{alter} DROP EXPRESSION"] if was == "generated" else []
    if was == "serial" or after.default is not None:
        statements.append(_default(after, alter))
    if was == "serial" and (sequence := _sequence(before, old)) is not None and not _kept(sequence, new):
        statements.append(f"DROP SEQUENCE {qualified(sequence.name, sequence.schema)}")
    return statements


def _sequence(record: Column, side: Side) -> Any:
    return side.sequence(record)


def _kept(sequence: Any, side: Side) -> bool:
    return ("sequence", sequence.key) in side.records


def _default(after: Column, alter: str) -> str:
    return f"{alter} DROP DEFAULT" if after.default is None else f"{alter} SET DEFAULT {after.default}"


def _identity(before: Column, after: Column, old: Side, new: Side, alter: str) -> list[str]:
    statements = []
    if before.identity != after.identity:
        statements.append(f"{alter} SET GENERATED {(after.identity or '').upper()}")
    was, becomes = _sequence(before, old), _sequence(after, new)
    if was is not None and becomes is not None and settings(was) != settings(becomes):
        statements.append(f"ALTER SEQUENCE {qualified(was.name, was.schema)} {settings(becomes)}")
    return statements


def _to_identity(before: Column, after: Column, old: Side, new: Side, alter: str) -> list[str]:
    sequence, made = _sequence(before, old), _sequence(after, new)
    words = [alter, f"ADD GENERATED {(after.identity or '').upper()} AS IDENTITY"]
    if made is not None:
        listed = " ".join([f"SEQUENCE NAME {qualified(made.name, made.schema)}", *create_columns._settings(made)])  # noqa: SLF001 - one way to write them
        words.append(f"({listed})")
    add = " ".join(words)
    statements = [f"{alter} DROP DEFAULT"] if before.default is not None else []
    if sequence is None or made is None:
        return [*statements, add, *([_after_rows(after, new)] if made is not None else [])]
    if _kept(sequence, new) and sequence.key != made.key:
        return [*statements, add, _position(sequence, made)]
    aside = replace(sequence, name=_temporary(sequence.name))
    return [
        *statements,
        f"ALTER SEQUENCE {qualified(sequence.name, sequence.schema)} RENAME TO {identifier(aside.name)}",
        add,
        _position(aside, made),
        f"DROP SEQUENCE {qualified(aside.name, aside.schema)}",
    ]


def _from_identity(before: Column, after: Column, old: Side, new: Side, alter: str) -> list[str]:
    sequence, made = _sequence(before, old), _sequence(after, new)
    drop = f"{alter} DROP IDENTITY"
    if made is None or sequence is None:
        return [drop] if after.default is None else [drop, _default(after, alter)]
    aside = replace(made, name=_temporary(made.name), owned_by=None)
    step = next(iter(create_columns.sequence(aside, new.context)))
    return [
        *step.statements,
        _position(sequence, aside),
        drop,
        f"ALTER SEQUENCE {qualified(aside.name, aside.schema)} RENAME TO {identifier(made.name)}",
        _default(after, alter),
        *_owned(after, new),
    ]


def _made(record: Column, side: Side) -> list[str]:
    sequence = _sequence(record, side)
    return list(side.steps["sequence", sequence.key].statements)


def _owned(record: Column, side: Side) -> list[str]:
    sequence = _sequence(record, side)
    return list(side.steps["owned sequence", sequence.key].statements)


def _position(of: Any, to: Any) -> str:
    """Hand the position of a sequence on."""
    name = qualified(to.name, to.schema).replace("'", "''")
    return f"SELECT setval('{name}', s.last_value, s.is_called) FROM {qualified(of.name, of.schema)} AS s"  # noqa: S608 - quoted


def _after_rows(record: Column, side: Side) -> str:
    """Start a new sequence behind the values that are there."""
    sequence, up = _sequence(record, side), _sequence(record, side).increment > 0
    name = qualified(sequence.name, sequence.schema).replace("'", "''")
    last = f"{'max' if up else 'min'}({identifier(record.name)})"
    return (
        f"SELECT setval('{name}', {last}) FROM {qualified(record.table, record.schema)}"  # noqa: S608 - quoted
        f" HAVING {last} BETWEEN {sequence.minimum} AND {sequence.maximum}"
    )


def _temporary(name: str) -> str:
    return name.encode()[: 63 - len(SUFFIX)].decode(errors="ignore") + SUFFIX
