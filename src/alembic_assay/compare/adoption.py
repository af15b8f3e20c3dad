"""What models cannot say is as it is in the database, so that it never differs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.names import parts
from alembic_assay.catalog.snapshot import KIND_ORDER, Snapshot
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alembic_assay.catalog.record import Record
    from alembic_assay.compare.models import Key, Models

ADOPTED = {
    "domain": ("owner", "acl", "comment", "constraint_comments"),
    "sequence": ("owner", "acl", "comment", "unlogged"),
    "table": (
        "owner",
        "acl",
        "row_security",
        "force_row_security",
        "replica_identity",
        "toast_options",
        "of_type",
        "partition_bound",
        "foreign_server",
        "foreign_options",
    ),
    "column": (
        "position",
        "acl",
        "storage",
        "compression",
        "statistics",
        "options",
        "foreign_options",
        "local",
        "parents",
    ),
    "constraint": ("local", "parents"),
    "index": ("clustered", "replica_identity", "statistics", "parent", "comment"),
}
"""Fields that no model declares, by kind."""

_OPTIONS = {"options": "with", "tablespace": "tablespace", "access_method": "using", "parents": "inherits"}
"""Fields of tables, and the option that declares each: without it they are not compared."""


def adopted(wanted: Snapshot, present: Snapshot, models: Models) -> Snapshot:
    """Return what the models want, with all else as it is.

    Names that the models leave to the server are those that the server chose: of constraints, by what they
    constrain; of the sequences of columns, by the column.

    Args:
        wanted: The canonical form of the models.
        present: What is compared of the database.
        models: The same models.
    """
    there = {(record.kind, record.key): record for record in present}
    names = _Names(wanted, present, models)
    records = []
    for record in wanted:
        named = names.given(record)
        found = there.get((named.kind, named.key))
        records.append(named if found is None else _with_adopted(named, found, models))
    ordered = sorted(records, key=lambda each: (KIND_ORDER[each.kind], each.key))
    return Snapshot(tuple(ordered), tuple(sorted(names.edge(each) for each in wanted.dependencies)))


def _with_adopted(record: Record, found: Record, models: Models) -> Record:
    fields = list(ADOPTED.get(record.kind, ()))
    if record.kind == "table":
        fields += _undeclared(record, models)
    if record.kind == "constraint" and getattr(record, "comment", None) is None:
        fields.append("comment")
    if record.kind == "sequence" and getattr(record, "owned_by", None) is None:
        fields.append("owned_by")
    if record.kind == "column" and not getattr(found, "local", True):
        fields += ["default", "not_null"]
    if record.kind == "index" and getattr(record, "tablespace", None) is None:
        fields.append("tablespace")
    values: dict[str, Any] = {name: getattr(found, name) for name in fields}
    return replace(record, **values)


def _undeclared(record: Record, models: Models) -> Iterable[str]:
    table = models.tables.get(record.key)
    declared: Any = table.dialect_options["postgresql"] if table is not None else {}
    return [field for field, option in _OPTIONS.items() if declared.get(option) is None]


class _Names:
    """Which names of the database stand for those that the scratch schema made up."""

    def __init__(self, wanted: Snapshot, present: Snapshot, models: Models) -> None:
        self.constraints = _matched_constraints(wanted, present, models)
        self.sequences = _matched_sequences(wanted, present)
        self._columns = {each.key: each for each in present if each.kind == "column"}
        self._auto = {key for key in self._columns if _leaves_open(models, key)}
        self._drop = self._replaced_sequences(wanted)

    def _replaced_sequences(self, wanted: Snapshot) -> dict[Key, Record]:
        """Map a column that may be SERIAL or identity to the column as it is, if that is the other one."""
        found: dict[Key, Record] = {}
        for record in wanted:
            there: Any = self._columns.get(record.key) if record.kind == "column" else None
            if (
                there is not None
                and record.key in self._auto
                and there.identity
                and "nextval" in str(getattr(record, "default", ""))
            ):
                found[record.key] = there
        return found

    def given(self, record: Record) -> Any:
        """Return a record with the names that the database has for it."""
        each: Any = record
        if record.kind == "constraint" and (name := self.constraints.get(record.key)):
            return replace(each, name=name)
        if record.kind == "index" and each.constraint and (name := self.constraints.get(record.key)):
            definition = each.definition
            return replace(each, name=name, constraint=name, definition=definition)
        if record.kind == "sequence" and (found := self.sequences.get(record.key)):
            identity = replace(each, schema=found[0], name=found[1])
            return self._open(identity)
        if record.kind == "column":
            return self._column(each)
        return record

    def _open(self, sequence: Any) -> Any:
        there = self._drop.get(parts(sequence.owned_by)) if sequence.owned_by else None
        return replace(sequence, identity=True) if there is not None else sequence

    def _column(self, record: Any) -> Any:
        there: Any = self._drop.get(record.key)
        if there is not None:
            return replace(record, default=None, identity=there.identity)
        if record.default is None or not self.sequences:
            return record
        there = self._columns.get(record.key)
        for old, (schema, name) in self.sequences.items():
            if there is not None and record.default in _calls(*old) and there.default in _calls(schema, name):
                return replace(record, default=there.default)
        return record

    def edge(self, dependency: Any) -> Any:
        """Return a dependency between the records under their names."""
        return replace(
            dependency,
            key=self._key(dependency.kind, dependency.key),
            needs_key=self._key(dependency.needs_kind, dependency.needs_key),
        )

    def _key(self, kind: str, key: Key) -> Key:
        if kind in {"constraint", "index"} and (name := self.constraints.get(key)):
            return (*key[:2], name)
        return self.sequences.get(key, key) if kind == "sequence" else key


def _calls(schema: str, name: str) -> set[str]:
    shown = display(name, schema).replace("'", "''")
    return {f"nextval('{shown}'::regclass)"}


def _leaves_open(models: Models, key: Key) -> bool:
    table = models.tables.get(key[:2])
    column = None if table is None else next((c for c in table.columns if c.name == key[2]), None)
    return column is not None and column.autoincrement == "auto" and column.default is None


def _matched_sequences(wanted: Snapshot, present: Snapshot) -> dict[Key, Key]:
    """Map the sequences of columns to those that the same columns have."""
    there = {getattr(each, "owned_by", None): each for each in present if each.kind == "sequence"}
    found = {}
    for record in wanted:
        owner = getattr(record, "owned_by", None) if record.kind == "sequence" else None
        other = there.get(owner) if owner else None
        if other is not None and other.key != record.key:
            found[record.key] = other.key
    return found


def _matched_constraints(wanted: Snapshot, present: Snapshot, models: Models) -> dict[Key, str]:
    """Map constraints without a name of their own to those that constrain the same."""
    there = _by_table(present)
    found: dict[Key, str] = {}
    for key, records in _by_table(wanted).items():
        named = models.named(key)
        free = {each.name: each for each in there.get(key, ())}
        waiting = []
        for record in records:
            if record.name in named:
                free.pop(record.name, None)
            elif record.name in free and _meaning(free[record.name]) == _meaning(record):
                del free[record.name]
            else:
                waiting.append(record)
        for record in waiting:
            same = next((name for name, each in sorted(free.items()) if _meaning(each) == _meaning(record)), None)
            if same is not None:
                found[record.key] = same
                del free[same]
    return found


def _meaning(record: Any) -> tuple[str, str]:
    return record.type, record.definition


def _by_table(snapshot: Snapshot) -> Mapping[Key, list[Any]]:
    found: dict[Key, list[Any]] = {}
    for record in snapshot:
        if record.kind == "constraint":
            found.setdefault(record.key[:2], []).append(record)
    return found
