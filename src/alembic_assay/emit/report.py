"""The report of a schema: in boxes for a terminal, as Markdown, as SQL files. Everything in it is counted."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.create_sql import create_sql
from alembic_assay.emit.drawing import Drawing, short_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alembic_assay.emit.drawing import Box, Edge

WIDTH = 59
_METHODS = {"btree": "B-tree", "gin": "GIN", "gist": "GiST", "hash": "Hash", "brin": "BRIN", "spgist": "SP-GiST"}
_GAP = 7


def box_report(schema: Mapping[str, Any], *, migration: str = "") -> str:
    """Return the report of a schema for a terminal.

    Args:
        schema: A document ``schema/1``.
        migration: The file of the migration that makes it.
    """
    drawing = Drawing(schema)
    sections = {
        "Tables Created": [f"• {_counts(box)}" for box in drawing.boxes.values()],
        "Relationships": [line for edge in drawing.edges for line in _arrow(edge)],
        "Indexes": [f"• {line}" for line in _indexes(drawing)],
        "Constraints": [f"• {line}" for line in _constraints(drawing)],
        "Migration Script": [migration] if migration else [],
        "Performance Notes": [f"• {note}" for note in _notes(drawing)],
    }
    body = [
        line for title, lines in sections.items() if lines for line in (f"{title}:", *(f"  {x}" for x in lines), "")
    ]
    width = max([WIDTH, *map(cells, body)])
    rule = "═" * width
    title = "SCHEMA DESIGN"
    heading = " " * ((width - len(title)) // 2) + title
    return "\n".join([rule, heading, rule, "", *body, rule]) + "\n"


def markdown(schema: Mapping[str, Any]) -> str:
    """Return ``SCHEMA.md``: a section for each table, a row for each column.

    Args:
        schema: A document ``schema/1``.
    """
    drawing = Drawing(schema)
    lines = [f"# Schema {schema.get('name') or ''}".rstrip(), ""]
    lines += [f"Version {schema['version']}", ""] if schema.get("version") else []
    for box in drawing.boxes.values():
        lines += [f"## {_cell(box.name)}", "", *([_cell(box.table.comment), ""] if box.table.comment else [])]
        lines += ["| column | type | null | default | keys | |", "|---|---|---|---|---|---|"]
        for column in box.columns:
            null, default = "" if column.not_null else "yes", _code(column.default)
            marks = " ".join(box.marks(column.name))
            cells_ = [column.name, short_type(column.type), null, default, marks, column.comment or ""]
            lines.append(f"| {' | '.join(_cell(each) for each in cells_)} |")
        listed = [f"- `{_inline(each.name)}`: `{_inline(each.definition)}`" for each in box.constraints]
        listed += [f"- `{_inline(index.name)}`: `{_inline(index.definition)}`" for index in box.own_indexes]
        lines += ["", *listed, *([""] if listed else [])]
    return "\n".join(lines).rstrip() + "\n"


def sql_files(schema: Mapping[str, Any]) -> dict[str, str]:
    """Return the statements that make a schema, by file: ``tables.sql``, ``indexes.sql``, ``constraints.sql``.

    They are run in this order of the files: tables, constraints, indexes.
    """
    found: dict[str, list[str]] = {"tables.sql": [], "constraints.sql": [], "indexes.sql": []}
    for statement in create_sql(Drawing(schema).snapshot):
        words = statement.split(None, 3)
        if (
            words[:2] == ["CREATE", "INDEX"]
            or words[:3] == ["CREATE", "UNIQUE", "INDEX"]
            or "ON INDEX" in statement[:20]
        ):
            found["indexes.sql"].append(statement)
        elif (words[:2] == ["ALTER", "TABLE"] and " ADD CONSTRAINT " in statement) or " ON CONSTRAINT " in statement[
            :24
        ]:
            found["constraints.sql"].append(statement)
        else:
            found["tables.sql"].append(statement)
    return {name: "".join(f"{each};\n" for each in statements) for name, statements in found.items()}


def cells(text: str) -> int:
    """Return how wide a text is in a terminal.

    >>> cells("日本"), cells("abc")
    (4, 3)
    """
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _counts(box: Box) -> str:
    keys, indexes = len(box.of("foreign key")), len(box.own_indexes)
    columns = len(box.columns)
    return (
        f"{box.name} ({columns} column{'' if columns == 1 else 's'}, {keys} FK,"
        f" {indexes} index{'' if indexes == 1 else 'es'})"
    )


def _arrow(edge: Edge) -> Iterator[str]:
    names = [edge.target.name, edge.source.name]
    kind = "1:1" if edge.one else "1:N"
    edges = [f"{{}}{'─' * (cells(name) + 2)}{{}}" for name in names]
    middle = "─" * (_GAP - 1) + ("─" if edge.one else "<")
    yield f"{edges[0].format('┌', '┐')}{' ' * _GAP}{edges[1].format('┌', '┐')}"
    yield f"│ {names[0]} │{middle}│ {names[1]} │"
    yield f"{edges[0].format('└', '┘')}{kind:^{_GAP}}{edges[1].format('└', '┘')}"


def _indexes(drawing: Drawing) -> Iterator[str]:
    for box in drawing.boxes.values():
        for index in box.own_indexes:
            kind = _METHODS.get(index.method, index.method)
            said = ", unique" if index.unique else ""
            why = f" - {index.comment}" if index.comment else ""
            yield f"{index.name} ({kind}{said}{', partial' if index.partial else ''}){why}"


def _constraints(drawing: Drawing) -> Iterator[str]:
    for edge in drawing.edges:
        own, other = ", ".join(edge.constraint.columns), ", ".join(edge.pointed)
        action = f", ON DELETE {edge.action}" if edge.action else ""
        yield f"{edge.source.name}.{own} → {edge.target.name}.{other} (FK{action})"
    for box in drawing.boxes.values():
        yield from (f"{box.name}.{', '.join(each.columns)} UNIQUE" for each in box.of("unique"))
        yield from (f"{box.name} {each.definition}" for kind in ("check", "exclude") for each in box.of(kind))


def _notes(drawing: Drawing) -> Iterator[str]:
    for each in drawing.schema.get("decisions") or ():
        if str(each.get("decision", "")).startswith(("index ", "no index")):
            yield f"{each['decision']}: {each.get('why', '')}"
    for each in drawing.schema.get("lints") or ():
        yield f"{each['object']}: {each['message']}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _inline(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")


def _code(text: str | None) -> str:
    return "" if text is None else f"`{_inline(text)}`"
