"""Graphviz DOT: tables with a port a column, a cluster a schema."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from alembic_assay.emit.drawing import Drawing, short_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_assay.emit.drawing import Box, Edge


def dot(schema: Mapping[str, Any]) -> str:
    """Return a diagram for ``dot -Tsvg``.

    Args:
        schema: A document ``schema/1``.
    """
    drawing = Drawing(schema)
    lines = ["digraph schema {", "    rankdir=LR;", "    node [shape=plain, fontname=Helvetica];"]
    by_schema = groupby(drawing.boxes.values(), key=lambda box: box.table.schema)
    for number, (name, boxes) in enumerate(by_schema):
        lines += [f"    subgraph cluster_{number} {{", f"        label={_quoted(name)};"]
        lines += [f"        {_quoted(box.name)} [label=<{_table(box)}>];" for box in boxes]
        lines += ["    }"]
    lines += [f"    {_edge(edge)}" for edge in drawing.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _table(box: Box) -> str:
    head = f'<tr><td colspan="3" bgcolor="lightgrey"><b>{_html(box.table.name)}</b></td></tr>'
    rows = [
        f'<tr><td align="left" port="c{column.position}">{_html(column.name)}</td>'
        f'<td align="left">{_html(short_type(column.type))}</td><td>{" ".join(box.marks(column.name))}</td></tr>'
        for column in box.columns
    ]
    return f'<table border="0" cellborder="1" cellspacing="0">{head}{"".join(rows)}</table>'


def _edge(edge: Edge) -> str:
    own = next(c.position for c in edge.source.columns if c.name == edge.constraint.columns[0])
    other = next((c.position for c in edge.target.columns if c.name in edge.pointed[:1]), 1)
    head = "teeodot" if edge.optional else "teetee"
    tail = "teeodot" if edge.one else "crowodot"
    ends = f"{_quoted(edge.source.name)}:c{own}:e -> {_quoted(edge.target.name)}:c{other}:w"
    return f"{ends} [dir=both, arrowhead={head}, arrowtail={tail}, label={_quoted(edge.label)}];"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _html(text: str) -> str:
    return escape(text)
