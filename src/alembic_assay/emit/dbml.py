"""DBML, for dbdiagram and ChartDB; and the list of what it cannot say. Checked with ``@dbml/core``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.enums import Enum
from alembic_assay.emit.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alembic_assay.catalog.columns import Column
    from alembic_assay.catalog.indexes import Index
    from alembic_assay.emit.drawing import Box, Edge

_KINDS = frozenset({"table", "column", "constraint", "index", "enum", "schema"})
_CONSTRAINTS = frozenset({"check", "exclude"})
_METHODS = frozenset({"btree", "hash", "gin", "gist", "brin"})


def dbml(schema: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the text, and a line for each thing that DBML cannot say.

    Args:
        schema: A document ``schema/1``.
    """
    drawing = Drawing(schema)
    pieces = [_enum(enum) for enum in drawing.snapshot.of(Enum) if enum.labels]
    pieces += [_box(box) for box in drawing.boxes.values()]
    pieces += [_edge(edge) for edge in drawing.edges]
    return "\n\n".join(pieces) + "\n", sorted(_losses(drawing))


def _enum(enum: Enum) -> str:
    labels = [f"  {_name(label)}" for label in enum.labels]
    return "\n".join([f"Enum {_qualified(enum.schema, enum.name)} {{", *labels, "}"])


def _box(box: Box) -> str:
    lines = [f"Table {_qualified(box.table.schema, box.table.name)} {{"]
    lines += [f"  {_column(column)}" for column in box.columns]
    indexes = [line for index in box.indexes if (line := _index(index))]
    lines += ["", "  indexes {", *(f"    {line}" for line in indexes), "  }"] if indexes else []
    lines += ["", f"  Note: {_text(box.table.comment)}"] if box.table.comment else []
    return "\n".join([*lines, "}"])


def _column(column: Column) -> str:
    settings = ["not null"] if column.not_null else []
    settings += ["increment"] if column.identity else []
    if column.default is not None and column.generated is None:
        settings.append(f"default: `{re.sub('[`]', '', ' '.join(column.default.split()))}`")
    settings += [f"note: {_text(column.comment)}"] if column.comment else []
    return f"{_name(column.name)} {_type(column.type)}" + (f" [{', '.join(settings)}]" if settings else "")


def _type(name: str) -> str:
    return name if re.fullmatch(r"\w+(\.\w+)?(\(\d+(,\d+)?\))?", name) else _name(name)


def _index(index: Index) -> str:
    """Return an index, empty where it has expressions, orders or conditions."""
    if index.partial or not all(index.columns) or " DESC" in index.definition:
        return ""
    settings = [f"name: {_text(index.name)}"]
    settings += ["unique"] if index.unique else []
    settings += [f"type: {index.method}"] if index.method in _METHODS - {"btree"} else []
    return f"({', '.join(map(_name, index.columns))}) [{', '.join(settings)}]"


def _edge(edge: Edge) -> str:
    sign = "-" if edge.one else ">"
    ends = [
        f"{_qualified(box.table.schema, box.table.name)}.({', '.join(map(_name, columns))})"
        for box, columns in ((edge.source, edge.constraint.columns), (edge.target, edge.pointed))
    ]
    action = f" [delete: {edge.action.lower()}]" if edge.action else ""
    return f"Ref {_name(edge.constraint.name)}: {ends[0]} {sign} {ends[1]}{action}"


def _losses(drawing: Drawing) -> Iterator[str]:
    for record in drawing.snapshot:
        if record.kind not in _KINDS:
            yield f"{record.title}: DBML has no {record.kind}"
    for box in drawing.boxes.values():
        yield from _losses_of(box)


def _losses_of(box: Box) -> Iterator[str]:
    yield from (f"{each.title}: {each.definition}" for each in box.constraints if each.type in _CONSTRAINTS)
    yield from (f"{index.title}: {index.definition}" for index in box.indexes if not _index(index))
    yield from (f"{c.title}: generated or collated" for c in box.columns if c.generated or c.collation)
    if box.table.row_security or box.table.partition_key or box.table.parents:
        yield f"{box.table.title}: row-level security, partitions or inheritance"


def _qualified(schema: str, name: str) -> str:
    return _name(name) if schema == "public" else f"{_name(schema)}.{_name(name)}"


def _name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _text(text: str) -> str:
    return "'" + " ".join(text.split()).replace("\\", "\\\\").replace("'", "\\'") + "'"
