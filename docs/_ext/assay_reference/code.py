"""Reference pages from docstrings, signatures and the command line's own help."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from alembic.operations import MigrateOperation, Operations

from alembic_assay import cli, env, errors, ops
from alembic_assay.options import Options
from assay_reference.docstrings import parse

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterator

_WIDTH = "90"


def pages() -> dict[str, str]:
    """Return the text of each page by its name."""
    return {
        "options": options(),
        "commands": commands(),
        "directives": directives(),
        "errors": error_codes(),
        "env": functions(env.run, env.configure_options),
    }


def options() -> str:
    """Every setting, from the docstring and the fields of ``Options``."""
    explained = parse(Options).entries("Args")
    hints = get_type_hints(Options)
    values = {each.name: f"{_values(hints[each.name])} Default: `{_toml(each.default)}`." for each in fields(Options)}
    return _page(f"## {name}\n\n{values[name]}\n\n{explained[name]}" for name in values)


def commands() -> str:
    """Our commands with their whole help, Alembic's by name."""
    os.environ["COLUMNS"] = _WIDTH
    line = cli.AssayCommandLine()
    parsers: dict[str, ArgumentParser] = line.subparsers.choices
    ours = {name for name, parser in parsers.items() if _is_ours(parser)}
    parts = [f"## assay {name}\n\n```text\n{parsers[name].format_help().strip()}\n```" for name in sorted(ours)]
    summaries = {action.dest: action.help for action in line.subparsers._choices_actions}  # noqa: SLF001 - argparse lists the help nowhere else
    alembics = [f"`{name}`\n: {summaries[name]}" for name in sorted(parsers.keys() - ours)]
    return _page([*parts, "## Alembic's own commands", *alembics])


def directives() -> str:
    """Every ``op.…`` of ours, from the docstrings of the operations."""
    return _page(_function(f"op.{name}", function) for name, function in _directives())


def error_codes() -> str:
    """Every error by its code."""
    found = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__]
    ordered = sorted(found, key=lambda cls: cls.code)
    return _page(f"## {cls.code}\n\n`{cls.__name__}`: {parse(cls).summary}" for cls in ordered)


def functions(*functions: Callable[..., Any]) -> str:
    """Functions that an ``env.py`` calls."""
    return _page(_function(function.__name__, function) for function in functions)


def _page(parts: Any) -> str:
    return "\n\n".join(parts) + "\n"


def _values(hint: Any) -> str:
    if hint is bool:
        return "`true` or `false`."
    if hint == tuple[str, ...]:
        return "A list of rule names."
    if choices := get_args(hint):
        return f"{' or '.join(f'`{_toml(choice)}`' for choice in choices)}."
    return 'A duration: `"500ms"`, `"2s"`, `"10min"`, `"1h"`.'


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"'


def _is_ours(parser: ArgumentParser) -> bool:
    command = parser.get_default("cmd")
    return str(command[0].__module__).startswith("alembic_assay.")


def _directives() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in pkgutil.iter_modules(ops.__path__, f"{ops.__name__}."):
        for _, cls in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(cls, MigrateOperation) and cls.__module__ == module.name:
                names = [name for name, value in vars(cls).items() if isinstance(value, classmethod)]
                # Alembic has moved the docstring from the class's method to the one of Operations.
                # Not those of an operation that is registered only where another package is not installed.
                registered = [name for name in names if hasattr(Operations, name) and name != "sync_enum_values"]
                yield from ((name, getattr(Operations, name)) for name in registered)


def _function(title: str, function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    parameters = [each for each in signature.parameters.values() if each.name not in {"self", "operations"}]
    call = str(signature.replace(parameters=parameters, return_annotation=signature.empty)).replace("'", "")
    doc = parse(function)
    example = doc.sections.get("Example", "")
    return "\n\n".join(
        [
            f"## {title}",
            f"```python\n{title}{call}\n```",
            doc.summary,
            *([doc.body] if doc.body else []),
            "\n\n".join(f"`{name}`\n: {text}" for name, text in doc.entries("Args").items()),
            *(f"Raises `{name}`: {text}" for name, text in doc.entries("Raises").items()),
            *([f"```python\n{example}\n```"] if example else []),
        ]
    )
