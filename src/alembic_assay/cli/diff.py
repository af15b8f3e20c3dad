"""``assay diff``: what is not the same in two schemas."""

from __future__ import annotations

import difflib
import sys
import textwrap
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_assay.catalog import Action, Change, Snapshot, document, read
from alembic_assay.catalog import diff as compare
from alembic_assay.catalog.document_definitions import qualified_parts
from alembic_assay.catalog.document_layout import section_name
from alembic_assay.catalog.document_shapes import encode
from alembic_assay.catalog.fingerprint import COMMENTS, without
from alembic_assay.catalog.tables import Table
from alembic_assay.catalog.views import View
from alembic_assay.cli import _environment
from alembic_assay.cli import snapshot as reading
from alembic_assay.errors import AssayError, MetadataError
from alembic_assay.neon.url import masked, parse
from alembic_assay.proof import history
from alembic_assay.proof.rehearsal import rehearse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

    from alembic_assay.catalog import Record

DIFFERENT_EXIT = 1
"""The two sides are not equal."""
ERROR_EXIT = 2
"""Nothing was compared, or not all."""

SIDES = "a database URL, a document's file, 'database' (the one of env.py), 'models' or 'rev:<revision>'"
MODEL_KINDS = frozenset({"enum", "domain", "sequence", "table", "column", "constraint", "index"})
"""What models say something of; the rest is not compared with them."""

_MARKS = {Action.ADD: "+", Action.DROP: "-", Action.ALTER: "~"}
_WIDTH = 100
_PRIVATE = ("owner", "acl")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two schemas.

    Args:
        label: What to call it; holds no password.
        snapshot: Of it.
        refused: Objects of models that the server does not take, and why.
        of_models: Whether it comes from models.
    """

    label: str
    snapshot: Snapshot
    refused: tuple[str, ...] = ()
    of_models: bool = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("before", metavar="A", help=SIDES)
    parser.add_argument("after", metavar="B", help="the same")
    parser.add_argument("--format", dest="output_format", choices=["text", "json"], default="text")
    add_leave_out(parser)


def add_leave_out(parser: argparse.ArgumentParser) -> None:
    """Add the options for what does not count."""
    for name, fields, what in (
        ("--no-owner", ("owner",), "owners"),
        ("--no-privileges", ("acl",), "privileges"),
        ("--no-comments", COMMENTS, "comments"),
    ):
        parser.add_argument(
            name, dest="leave_out", action="append_const", const=fields, default=[], help=f"{what} do not count"
        )


def diff(config: Config, before: str, after: str, output_format: str, leave_out: list[tuple[str, ...]]) -> None:
    """Say what is not the same in two schemas: + is only in B, - is only in A, ~ is in both.

    Exits with 0 if they are equal, with 1 if they are not, and with 2 if they could not be compared.

    Args:
        config: Alembic's.
        before: The one side.
        after: The other side.
        output_format: ``text`` or ``json``.
        leave_out: Fields that do not count.

    Raises:
        SystemExit: With :data:`DIFFERENT_EXIT`, or :data:`ERROR_EXIT` if models could not all be compared.
        AssayError: For :data:`ERROR_EXIT`.
    """
    sides = [side(config, text) for text in (before, after)]
    one, other = (without(each, chain(*leave_out)) for each in comparable(*sides))
    changes = compare(one, other)
    refused = [line for each in sides for line in each.refused]
    if output_format == "json":
        reading.print_utf8(config, document.dumps(_as_json(sides, changes, refused)))
    else:
        lines = [*_text(sides, changes, len(one)), *(f"Not compared: {line}" for line in refused)]
        reading.print_utf8(config, "".join(f"{line}\n" for line in lines))
    if changes or refused:
        sys.exit(DIFFERENT_EXIT if changes else ERROR_EXIT)


def side(config: Config, text: str) -> Side:
    """Find one side.

    Args:
        config: Alembic's.
        text: See :data:`SIDES`.

    Raises:
        AssayError: It does not exist or cannot be read. The message holds no password.
    """
    if text == "database":
        return Side("database", reading.of_project(config))
    if text == "models":
        return _of_models(config)
    if text.startswith("rev:"):
        return Side(text, _of_revision(config, text.removeprefix("rev:")))
    if "://" in text:
        return Side(masked(parse(text)), reading.of_url(config, text))
    if not Path(text).exists():
        shown = "something with '@' or '=', not shown because of passwords" if {"@", "="} & {*text} else repr(text)
        raise AssayError(f"expected {SIDES}, got {shown}.", hint="There is no such file.")
    return Side(text, document.load(Path(text)))


def _of_models(config: Config) -> Side:
    from alembic_assay.catalog.canonical import canonical  # noqa: PLC0415 - only this side needs it

    found: list[Side] = []

    def look(_heads: tuple[str, ...], context: MigrationContext) -> None:
        metadata = context.opts.get("target_metadata")
        if metadata is None or metadata == []:
            raise MetadataError("no models: env.py passes no target_metadata.", hint="Pass Base.metadata.")
        connection = cast("Connection", context.connection)
        with reading.one_line_errors(reading.lock_timeout(context), connection.engine):
            snapshot = canonical(connection, metadata)
        refused = tuple(f"{each.title}: {each.message}" for each in snapshot.refused)
        plain = Snapshot(snapshot.records, snapshot.dependencies)
        found.append(Side("models", plain, refused, of_models=True))

    _environment.look(config, ScriptDirectory.from_config(config), look)
    return reading.only(found)


def _of_revision(config: Config, revision: str) -> Snapshot:
    """Take the database to a revision in a rehearsal, read it, and roll back."""
    script = ScriptDirectory.from_config(config)
    found: list[Snapshot] = []

    def look(heads: tuple[str, ...], context: MigrationContext) -> None:
        target = _revisions(script, revision)
        connection, timeout = cast("Connection", context.connection), reading.lock_timeout(context)
        with (
            reading.one_line_errors(timeout, connection.engine),
            rehearse(connection, context.opts, timeout) as rehearsal,
        ):
            history.go_to(script, rehearsal, heads, target or None)
            snapshot = read(connection)
        found.append(reading.without_version_table(snapshot, context.version_table, context.version_table_schema))

    _environment.look(config, script, look)
    return reading.only(found)


def _revisions(script: ScriptDirectory, revision: str) -> tuple[str, ...]:
    try:
        found = script.get_revisions(revision)
    except CommandError as error:
        raise AssayError(f"rev:{revision}: {str(error).rstrip('.')}.") from None
    return tuple(each.revision for each in found if each is not None)


def comparable(one: Side, other: Side) -> tuple[Snapshot, Snapshot]:
    """Leave out what models say nothing of, if one side is models."""
    if not (one.of_models or other.of_models):
        return one.snapshot, other.snapshot
    return _of_model_kinds(one.snapshot), _of_model_kinds(other.snapshot)


def _of_model_kinds(snapshot: Snapshot) -> Snapshot:
    views = {view.key for view in snapshot.of(View)}
    records = [each for each in snapshot if each.kind in MODEL_KINDS and each.key[:2] not in views]
    return without(replace(snapshot, records=tuple(records)), _PRIVATE)


def _text(sides: Sequence[Side], changes: list[Change], objects: int) -> Iterator[str]:
    if not changes:
        yield f"Equal: {objects} objects."
        return
    yield f"--- {sides[0].label}"
    yield f"+++ {sides[1].label}"
    parts = _parts_of_whole_tables(changes)
    inside = {id(part) for group in parts.values() for part in group}
    shown = [change for change in changes if id(change) not in inside]
    for change in shown:
        yield from _lines(change)
        yield from _summary(parts.get((change.action, change.record.key), []) if _is_relation(change.record) else [])
    yield f"{len(shown)} difference{'' if len(shown) == 1 else 's'}."


def _parts_of_whole_tables(changes: list[Change]) -> dict[tuple[Action, tuple[str, ...]], list[Change]]:
    """Group what comes or goes with its table under that table."""
    groups: dict[tuple[Action, tuple[str, ...]], list[Change]] = {
        (change.action, change.record.key): []
        for change in changes
        if change.action is not Action.ALTER and _is_relation(change.record)
    }
    for change in changes:
        group = groups.get((change.action, _table_of(change.record)))
        if group is not None:
            group.append(change)
    return groups


def _is_relation(record: Record) -> bool:
    return isinstance(record, Table | View)


def _table_of(record: Record) -> tuple[str, ...]:
    if record.key_fields[:2] == ("schema", "table"):
        return record.key[:2]
    return tuple(qualified_parts(getattr(record, "owned_by", None) or "")[:2])


def _lines(change: Change) -> Iterator[str]:
    """One line, and below it the changed lines of texts such as the body of a function."""
    if not any("\n" in str(getattr(change.record, name)) for name in change.fields):
        name = str(change) if change.action is Action.ALTER else change.record.title
        yield f"{_MARKS[change.action]} {name}"
        return
    yield f"{_MARKS[change.action]} {change.record.title}: {', '.join(change.fields)}"
    for name in change.fields:
        old, new = (str(getattr(record, name)).splitlines() for record in (change.before, change.after))
        yield from (f"    {line}" for line in [*difflib.unified_diff(old, new, lineterm="", n=1)][2:])


def _summary(parts: list[Change]) -> Iterator[str]:
    """Name the parts of a table, one paragraph a kind."""
    names: dict[str, list[str]] = {}
    for part in sorted(parts, key=lambda part: getattr(part.record, "position", 0)):
        names.setdefault(part.record.kind, []).append(part.record.key[-1])
    types = {part.record.kind: type(part.record) for part in parts}
    for kind, record_type in types.items():
        what = kind if len(names[kind]) == 1 else section_name(record_type).replace("_", " ")
        label = f"{len(names[kind])} {what}: "
        yield from textwrap.wrap(
            label + ", ".join(names[kind]),
            _WIDTH,
            initial_indent="    ",
            subsequent_indent="      ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _as_json(sides: Sequence[Side], changes: list[Change], refused: list[str]) -> dict[str, Any]:
    return {
        "version": 1,
        "before": sides[0].label,
        "after": sides[1].label,
        "equal": not changes and not refused,
        "changes": [
            {
                "action": str(change.action),
                "kind": change.record.kind,
                "object": change.record.title,
                "fields": list(change.fields),
                "before": None if change.before is None else encode(change.before),
                "after": None if change.after is None else encode(change.after),
            }
            for change in changes
        ],
        "not_compared": refused,
    }
