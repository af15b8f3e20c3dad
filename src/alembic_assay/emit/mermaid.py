"""Mermaid ``erDiagram``: GitHub and GitLab draw it. Checked with the parser of mermaid 11."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from alembic_assay.emit.drawing import Drawing, short_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_assay.catalog.columns import Column
    from alembic_assay.emit.drawing import Box, Edge


def mermaid(schema: Mapping[str, Any], *, compat: bool = False) -> str:
    """Return a diagram.

    Args:
        schema: A document ``schema/1``.
        compat: Write ``numeric(10-2)``: renderers before 11.17 take no comma in a type.
    """
    drawing = Drawing(schema)
    lines = ["erDiagram"]
    for box in drawing.boxes.values():
        lines += _box(box, compat=compat)
    lines += [_edge(edge) for edge in drawing.edges]
    return "\n".join(lines) + "\n"


def _box(box: Box, *, compat: bool) -> list[str]:
    if not box.columns:
        return [f"    {_name(box.name)}"]
    columns = [f"        {_column(box, column, compat=compat)}" for column in box.columns]
    return [f"    {_name(box.name)} {{", *columns, "    }"]


def _column(box: Box, column: Column, *, compat: bool) -> str:
    kind = re.sub(r"[^\w\[\](),.-]", "_", short_type(column.type))
    kind = f"_{kind}" if not kind[:1].isalpha() else kind
    name = re.sub(r"[^\w.-]", "_", column.name)
    name = name if name[:1].isalpha() else f"_{name}"
    parts = [kind.replace(",", "-") if compat else kind, name]
    parts += [", ".join(marks)] if (marks := box.marks(column.name)) else []
    return " ".join(parts + ([_text(column.comment)] if column.comment else []))


def _edge(edge: Edge) -> str:
    parent = "|o" if edge.optional else "||"
    child = "o|" if edge.one else "o{"
    label = f"{edge.label} {edge.action.lower()}".strip()
    return f"    {_name(edge.target.name)} {parent}--{child} {_name(edge.source.name)} : {_text(label)}"


def _name(name: str) -> str:
    r"""Quote the name of an entity; it can hold neither ``%``, ``"`` nor a backslash, even so."""
    return '"' + re.sub(r'[%"\\\x00-\x1f]', "_", name) + '"'


def _text(text: str) -> str:
    words = " ".join(text.split()).replace('"', "'")
    return f'"{words}"'
