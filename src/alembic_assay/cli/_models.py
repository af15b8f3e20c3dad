"""Where a project's models are, and what its ``env.py`` needs to say."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from pathlib import Path

_NAMED = re.compile(r"(?P<module>[A-Za-z_][\w.]*):(?P<name>[A-Za-z_]\w*)(?P<rest>[\w.]*)")
_PLACES = ("models.py", "models/__init__.py", "*/models.py", "*/models/__init__.py", "src/*/models.py")
_BASE = re.compile(r"^class (\w+)\([^)]*\bDeclarativeBase\b", re.MULTILINE)
_SQLMODEL = re.compile(r"^class \w+\([^)]*\bSQLModel\b", re.MULTILINE)
_LEFT_OUT = {"migrations", "tests", "test", "node_modules"}
_IMPORT = "import alembic_assay as assay\n"
_OPTIONS = "**assay.configure_options()"


@dataclass(frozen=True, slots=True)
class Metadata:
    """How an ``env.py`` gets the models' metadata.

    Args:
        statement: The import.
        expression: What is passed to ``run()``.
    """

    statement: str
    expression: str


def named(text: str) -> Metadata:
    r"""Read ``app.models:Base.metadata``.

    Raises:
        AssayError: It is not like that.

    Example:
        >>> named("app.models:Base.metadata")
        Metadata(statement='from app.models import Base\n', expression='Base.metadata')
    """
    found = _NAMED.fullmatch(text)
    if found is None:
        raise AssayError(f"--metadata: expected MODULE:NAME such as app.models:Base.metadata, got {text!r}.")
    return Metadata(f"from {found['module']} import {found['name']}\n", found["name"] + found["rest"])


def find(directory: Path) -> Metadata | None:
    """Look for models in the usual places.

    Args:
        directory: The project's.

    Returns:
        ``None`` if there are none.
    """
    for pattern in _PLACES:
        for path in sorted(directory.glob(pattern)):
            parts = path.relative_to(directory).parts
            if _LEFT_OUT & set(parts) or any(part.startswith(".") for part in parts):
                continue
            found = _metadata(path, parts)
            if found is not None:
                return found
    return None


def _metadata(path: Path, parts: tuple[str, ...]) -> Metadata | None:
    names = [part.removesuffix(".py") for part in parts if part not in {"__init__.py", "src"}]
    module, text = ".".join(names), path.read_text("utf-8")
    texts = [text, *(each.read_text("utf-8") for each in path.parent.glob("*.py") if path.name == "__init__.py")]
    for each in texts:
        base = _BASE.search(each)
        if base and re.search(rf"\b{base[1]}\b", text):
            return Metadata(f"from {module} import {base[1]}\n", f"{base[1]}.metadata")
    if any(_SQLMODEL.search(each) for each in texts):
        return Metadata(f"import {module}  # noqa: F401\nfrom sqlmodel import SQLModel\n", "SQLModel.metadata")
    return None


def with_options(source: str, where: str) -> str:
    """Return an ``env.py`` that passes our options to each ``context.configure()``.

    Args:
        source: Its text.
        where: Its name, for errors.

    Raises:
        AssayError: It is no Python, or does not call ``context.configure()``.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise AssayError(f"{where}, line {error.lineno}: {error.msg}.") from None
    if "alembic_assay" in source:
        return source
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "context.configure"
    ]
    if not calls:
        raise AssayError(
            f"{where} does not call context.configure().", hint="See the documentation, how to use an existing env.py."
        )
    lines = source.splitlines(keepends=True)
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in {tokenize.NL, tokenize.COMMENT}
    ]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset), reverse=True):
        _extend(lines, tokens, call)
    last = max(node.end_lineno or 0 for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    lines.insert(last, _IMPORT)
    return "".join(lines)


def _extend(lines: list[str], tokens: list[tokenize.TokenInfo], call: ast.Call) -> None:
    """Add the argument behind the last one, in its style: on a line of its own where they are."""
    row, column = (
        call.end_lineno or 0,
        len(lines[(call.end_lineno or 1) - 1].encode()[: call.end_col_offset].decode()) - 1,
    )
    index = next(number for number, token in enumerate(tokens) if token.start == (row, column))
    last = tokens[index - 1]
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    own_line = bool(arguments) and not lines[row - 1][:column].strip()
    if own_line:
        indent = re.match(
            r"\s*", lines[last.start[0] - 1] if last.string != "," else lines[tokens[index - 2].start[0] - 1]
        )
        lines.insert(row - 1, f"{indent[0] if indent else ''}{_OPTIONS},\n")
    else:
        comma = "" if last.string in {",", "("} else ", "
        space = " " if last.string == "," else ""
        lines[row - 1] = f"{lines[row - 1][:column]}{comma}{space}{_OPTIONS}{lines[row - 1][column:]}"
    if own_line and last.string != ",":
        line, end = last.end[0] - 1, last.end[1]
        lines[line] = f"{lines[line][:end]},{lines[line][end:]}"
