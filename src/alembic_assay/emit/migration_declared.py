"""What the new document says of the way to it: names before, labels that are gone, values for rows without one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.document_layout import placed
from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.names import parts
from alembic_assay.catalog.renaming import Renames
from alembic_assay.catalog.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot

Problem = dict[str, str]
TypeKey = tuple[str, ...]


@dataclass(slots=True)
class Declared(Renames):
    """What is declared: other names, and more.

    Args:
        removed: Schema and name of a type now, to the labels that are gone and their replacements.
        backfill: Key of a column to the SQL for rows without a value.
        pointers: Kind and key of an object to its place in the new document.
        problems: Codes MIG301 to MIG303.
    """

    removed: dict[TypeKey, dict[str, str | None]] = field(default_factory=dict)
    backfill: dict[TypeKey, str] = field(default_factory=dict)
    pointers: dict[tuple[str, TypeKey], str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def declared(document: Mapping[str, Any], before: Snapshot) -> Declared:
    """Read what the new document says.

    A name before that is there no more, where the name now is there already, was said of an earlier version.

    Args:
        document: The new one; its form is valid.
        before: The old side.
    """
    found = Declared()
    there = {(each.kind, each.key): each for each in before}
    places = list(placed(document))
    for record_type, item, path in places:
        key = tuple(str(item.get(name, "")) for name in record_type.key_fields)
        found.pointers[record_type.kind, key] = path
        if record_type in {Table, Enum} and item.get("renamed_from"):
            names = found.tables if record_type is Table else found.enums
            _note(found, names, there, (record_type.kind, key), str(item["renamed_from"]))
        if record_type is Enum:
            _of_labels(found, item, key, there)
    back: dict[TypeKey, str] = {(schema, new): old for (schema, old), new in found.tables.items()}
    for record_type, item, _ in places:
        if record_type is Column:
            _of_column(found, item, back, there)
    _to_children(found, before)
    return found


def _note(
    found: Declared,
    names: dict[TypeKey, str],
    there: Mapping[tuple[str, TypeKey], Record],
    new: tuple[str, TypeKey],
    old: str,
) -> None:
    kind, key = new
    before = (key[0], old)
    path = f"{found.pointers[new]}/renamed_from"
    if (kind, before) not in there:
        if (kind, key) not in there:
            found.problems.append(_problem("MIG301", path, f"there was no {kind} {old!r} in schema {key[0]!r}."))
    elif (kind, key) in there:
        found.problems.append(_problem("MIG302", path, f"there was {kind} {key[1]!r} before, beside {old!r}."))
    elif before in names:
        found.problems.append(_problem("MIG303", path, f"{kind} {old!r} became {names[before]!r} already."))
    else:
        names[before] = key[1]


def _of_labels(
    found: Declared, item: Mapping[str, Any], key: TypeKey, there: Mapping[tuple[str, TypeKey], Record]
) -> None:
    before = next((old for old, new in found.enums.items() if (old[0], new) == key), key)
    labels: tuple[str, ...] = getattr(there.get(("enum", before)), "labels", ())
    path = found.pointers["enum", key]
    for old, new in (item.get("renamed_values") or {}).items():
        if new not in item["values"]:
            problem = _problem("MIG301", f"{path}/renamed_values", f"{new!r} is none of the labels.")
            found.problems.append(problem)
        elif old in labels and new not in labels and old not in item["values"]:
            found.labels.setdefault(key, {})[old] = new
        elif labels and new not in labels:
            found.problems.append(_problem("MIG301", f"{path}/renamed_values", f"there was no label {old!r}."))
    found.removed[key] = {old: new for old, new in (item.get("removed_values") or {}).items() if old in labels}


def _of_column(
    found: Declared, item: Mapping[str, Any], back: Mapping[TypeKey, str], there: Mapping[tuple[str, TypeKey], Record]
) -> None:
    table = (str(item["schema"]), str(item["table"]))
    name, key = str(item["name"]), (*table, str(item["name"]))
    if item.get("backfill"):
        found.backfill[key] = str(item["backfill"])
    old = item.get("renamed_from")
    if not old:
        return
    before = (table[0], back.get(table, table[1]))
    path = f"{found.pointers['column', key]}/renamed_from"
    if ("column", (*before, old)) not in there:
        if ("column", (*before, name)) not in there:
            found.problems.append(_problem("MIG301", path, f"there was no column {old!r}."))
    elif ("column", (*before, name)) in there:
        found.problems.append(_problem("MIG302", path, f"there was a column {name!r} before, beside {old!r}."))
    elif old in found.columns.get(table, {}):
        found.problems.append(_problem("MIG303", path, f"column {old!r} became another one already."))
    else:
        found.columns.setdefault(table, {})[str(old)] = name


def _to_children(found: Declared, before: Snapshot) -> None:
    """What is renamed in a table is renamed in its partitions and other children."""
    for table in before.of(Table):
        key = (table.schema, found.tables.get(table.key, table.name))
        for parent in map(parts, table.parents):
            for old, new in found.columns.get((parent[0], found.tables.get(parent, parent[1])), {}).items():
                found.columns.setdefault(key, {}).setdefault(old, new)


def _problem(code: str, path: str, message: str) -> Problem:
    hints = {
        "MIG301": "Name what it was in the old document, or leave it out.",
        "MIG302": "A rename in a circle takes two migrations.",
        "MIG303": "One thing can become one other.",
    }
    return {"code": code, "path": f"/new{path}", "message": message, "hint": hints[code]}
