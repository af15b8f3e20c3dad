"""Calls in scripts, laid out as ``ruff format`` and ``black`` would: they find nothing to change."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from alembic.autogenerate.render import render_op, renderers
from alembic.operations.ops import OpContainer
from alembic.util import to_list

from alembic_assay.ops.execute import literal

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations import MigrateOperation

_LIMIT = 88
"""Columns of a line, as formatters have them by default."""
_INDENT = 4


class _OtherError(Exception):
    """Something that is not in the calls that operations are written as."""


def laid_out(source: str, indent: int = _INDENT) -> str:
    """Lay out a call: in one line if it fits, else each argument in a line of its own, with a comma after it.

    That comma keeps it so where lines may be longer. What else a user's ``render_item`` gives is left as it is.

    Args:
        source: The call.
        indent: Spaces before it in the script.

    >>> print(laid_out("op.drop_column('tasks', 'title')"))
    op.drop_column("tasks", "title")
    """
    if "\n" in source and source.partition("(")[0].endswith("execute"):
        return source  # strings that belong together, laid out already
    try:
        (statement,) = ast.parse(source).body
        call = statement.value if isinstance(statement, ast.Expr) else None
        lines = _lines(call, "", "", indent) if isinstance(call, ast.Call) else [source]
    except (_OtherError, SyntaxError, ValueError):
        return source
    return "\n".join(line[indent:] for line in lines) if isinstance(call, ast.Call) else source


def in_block(source: str) -> str:
    """Lay out a call of ours that stands in a block, of which Alembic indents the first line only."""
    if source != laid_out(source):
        return source
    return laid_out(source, 2 * _INDENT).replace("\n", f"\n{' ' * _INDENT}")


class FormattedOps(OpContainer):
    """Operations of others, laid out like ours."""


def format_others(container: OpContainer) -> None:
    """Have also those operations of a new revision laid out that rules and the user's hooks have put into it."""
    for place, operation in enumerate(container.ops):
        if isinstance(operation, OpContainer):
            format_others(operation)
        elif type(operation).__module__ == OpContainer.__module__:
            container.ops[place] = FormattedOps([operation])


@renderers.dispatch_for(FormattedOps)
def _render(autogen_context: AutogenContext, operation: FormattedOps) -> list[str]:
    return [laid_out(text) for inner in operation.ops for text in render_op(autogen_context, inner)]


def lay_out(*kinds: type[MigrateOperation]) -> None:
    """Register a renderer for operations of ours that Alembic's own writes: the same call, laid out."""
    for kind in kinds:
        own: Any = next(base for base in kind.__mro__[1:] if base.__module__ == "alembic.operations.ops")
        renderers.dispatch_for(kind)(_renderer(own))


def _renderer(own: Any) -> Any:
    def render(autogen_context: AutogenContext, operation: MigrateOperation) -> list[str]:
        return [laid_out(text) for text in to_list(renderers.dispatch(own)(autogen_context, operation))]

    return render


def _lines(node: ast.expr, before: str, after: str, indent: int) -> list[str]:
    flat = f"{' ' * indent}{before}{_flat(node)}{after}"
    opening, items, closing = _parts(node)
    if _width(flat) <= _LIMIT or not items:
        return [flat]
    inner = [line for name, item in items for line in _lines(item, name, ",", indent + _INDENT)]
    return [f"{' ' * indent}{before}{opening}", *inner, f"{' ' * indent}{closing}{after}"]


def _parts(node: ast.expr) -> tuple[str, list[tuple[str, ast.expr]], str]:
    """Return what stands before, in and after the brackets; each item with what stands before it."""
    match node:
        case ast.Call():
            keywords = [(f"{each.arg}=" if each.arg else "**", each.value) for each in node.keywords]
            return f"{_flat(node.func)}(", [*(("", each) for each in node.args), *keywords], ")"
        case ast.List():
            return "[", [("", each) for each in node.elts], "]"
        case ast.Tuple():
            return "(", [("", each) for each in node.elts], ")"
        case ast.Set():
            return "{", [("", each) for each in node.elts], "}"
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            return "{", [("**" if key is None else f"{_flat(key)}: ", value) for key, value in pairs], "}"
    return "", [], ""


def _flat(node: ast.expr) -> str:
    opening, items, closing = _parts(node)
    if opening:
        comma = "," if isinstance(node, ast.Tuple) and len(items) == 1 else ""
        return f"{opening}{', '.join(f'{name}{_flat(item)}' for name, item in items)}{comma}{closing}"
    match node:
        case ast.Constant(value=str() as text):
            return literal(text)
        case ast.Constant(value=bool() | int() | float() | None as value):
            return repr(value).replace("e+", "e")
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_flat(value)}.{name}"
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as value):
            return f"-{_flat(value)}"
    raise _OtherError


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
