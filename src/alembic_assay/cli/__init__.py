"""The command ``assay``: Alembic's own command line, with the commands of this package added."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import TYPE_CHECKING, Any

from alembic.config import CommandLine, Config
from alembic.util import CommandError

import alembic_assay

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

FAILED = 1
"""Exit code for what the user can mend; a command may have its own in ``ERROR_EXIT``."""


class AssayCommandLine(CommandLine):
    """Alembic's command line plus one command a module of this package.

    A module ``cli/lint.py`` has a function ``lint(config, …)``, whose first docstring line is the help, and a
    function ``arguments(parser)`` that adds its options; the options' names are those of its parameters.
    """

    def __init__(self) -> None:
        super().__init__(prog="assay")
        self.parser.prog = "assay"
        self.parser.description = f"Alembic with alembic-assay {alembic_assay.__version__}."
        for name, module in _command_modules():
            self._add(name, module)

    def _add(self, name: str, module: ModuleType) -> None:
        function = getattr(module, name)
        summary = str(function.__doc__).splitlines()[0]
        description = function.__doc__.split("Args:")[0].strip()
        if name in self.subparsers.choices:  # one of Alembic's, that has learned more
            parser = self.subparsers.choices[name]
            parser.description = description
        else:
            parser = self.subparsers.add_parser(name, help=summary, description=description)
        module.arguments(parser)
        names = [action.dest for action in parser._actions if action.dest != "help"]  # noqa: SLF001 - argparse lists them nowhere else
        parser.set_defaults(cmd=(function, [], names), error_exit=getattr(module, "ERROR_EXIT", FAILED))

    def run_cmd(self, config: Config, options: argparse.Namespace) -> None:
        """Run a command; errors are one line on standard error, with an exit code that says so."""
        function: Callable[..., Any] = options.cmd[0]
        if not function.__module__.startswith("alembic_assay."):
            super().run_cmd(config, options)
            return
        try:
            function(config, **{name: getattr(options, name) for name in options.cmd[2]})
        except CommandError as error:
            if options.raiseerr:
                raise
            print(f"FAILED: {error}", file=sys.stderr)  # noqa: T201 - this is the command line
            raise SystemExit(options.error_exit) from None


def main(argv: Sequence[str] | None = None) -> None:
    """Run ``assay``.

    Args:
        argv: The arguments; left out, those of the process.
    """
    AssayCommandLine().main(argv)


def _command_modules() -> Iterator[tuple[str, ModuleType]]:
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if not module.name.startswith("_"):
            yield module.name, importlib.import_module(f"{__name__}.{module.name}")
