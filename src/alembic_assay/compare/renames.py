"""What the user says of renames: ``-x rename=mood.sad:blue``, ``-x remove=mood.sad``, or an answer at the terminal.

A rename is never guessed. A comparator that meets what looks like one asks here, and stops where nobody answers.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from alembic.util import PriorityDispatchResult

from alembic_assay.errors import RenameError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic.autogenerate.api import AutogenContext

__all__ = ["RenameError", "Renames", "of", "parse", "refuse_unused", "written"]

_PART = re.compile(r'"((?:[^"]|"")*)"|([^".:]+)')
_KEY = "_assay_renames"
_SYNTAX = "-x rename=table.column:new, -x rename=type.label:new or -x rename=table:new; quote a part that holds . or :"

Path = tuple[str, ...]
"""The parts of a name: ``("mood", "sad")``."""


class Renames:
    """What is said of one run; each entry is asked for by a comparator, or refused at the end.

    Args:
        arguments: ``rename=path:new``, ``remove=path`` and ``remove=path:replacement``; others are not ours.
        interactive: Whether somebody can answer a question.

    Raises:
        RenameError: An entry that cannot be read.

    Example:
        >>> renames = Renames(["rename=mood.sad:blue", 'remove="My App"."a.b"'])
        >>> renames.renamed(("mood", "sad")), renames.removed(("My App", "a.b")), renames.unused()
        ('blue', True, [])
    """

    def __init__(self, arguments: Iterable[str], *, interactive: bool = False) -> None:
        self.interactive = interactive
        self._said: dict[tuple[str, Path], tuple[str, str | None]] = {}
        self._used: set[tuple[str, Path]] = set()
        for argument in arguments:
            verb, _, rest = argument.partition("=")
            if verb in {"rename", "remove"}:
                path, new = parse(rest, f"-x {argument}")
                if verb == "rename" and new is None:
                    raise RenameError(f"-x {argument}: expected what it is called now after a colon.", hint=_SYNTAX)
                self._said[verb, path] = (argument, new)

    def renamed(self, *paths: Path) -> str | None:
        """Return the new name that the user gave for any of these paths, which all mean the same object."""
        found = self._take("rename", paths)
        return None if found is None else found[1]

    def removed(self, *paths: Path) -> bool:
        """Whether the user said that it is gone, not renamed."""
        return self._take("remove", paths) is not None

    def replacement(self, *paths: Path) -> str | None:
        """Return what stands in for something that is gone."""
        found = self._take("remove", paths)
        return None if found is None else found[1]

    def ask(self, question: str) -> bool | None:
        """Return the answer to a question, or ``None`` where nobody can answer, or does."""
        if not self.interactive:
            return None
        from rich.console import Console  # noqa: PLC0415 - only who asks needs it
        from rich.markup import escape  # noqa: PLC0415 - only who asks needs it
        from rich.prompt import Confirm  # noqa: PLC0415 - only who asks needs it

        console = Console(stderr=True)
        try:
            return Confirm.ask(escape(question), console=console)
        except (EOFError, KeyboardInterrupt):
            console.print()
            return None

    def unused(self) -> list[str]:
        """Return the entries that no comparator has asked for, as they were given."""
        return [f"-x {argument}" for key, (argument, _) in self._said.items() if key not in self._used]

    def refuse_unused(self) -> None:
        """Refuse what names nothing that has changed: it may be misspelt.

        Raises:
            RenameError: Names every such entry.
        """
        if unused := self.unused():
            raise RenameError(
                f"{', '.join(unused)}: nothing of that name is gone from the models.",
                hint=f"Expected {_SYNTAX}.",
            )

    def _take(self, verb: str, paths: Iterable[Path]) -> tuple[str, str | None] | None:
        for path in paths:
            if (verb, path) in self._said:
                self._used.add((verb, path))
                return self._said[verb, path]
        return None


def of(autogen_context: AutogenContext) -> Renames:
    """Return what is said of this run; all comparators share it."""
    opts = autogen_context.opts
    if _KEY not in opts:
        environment = autogen_context.migration_context.environment_context
        arguments = [] if environment is None else list(environment.get_x_argument())
        terminal = environment is not None and environment.config.cmd_opts is not None
        interactive = terminal and sys.stdin.isatty() and sys.stderr.isatty()
        opts[_KEY] = Renames([*arguments, *opts.get("assay_x", ())], interactive=interactive)
    found: Renames = opts[_KEY]
    return found


def refuse_unused(autogen_context: AutogenContext, *_: object) -> PriorityDispatchResult:
    """Refuse, at the end of a run, what names nothing that has changed.

    Raises:
        RenameError: See :meth:`Renames.refuse_unused`.
    """
    of(autogen_context).refuse_unused()
    return PriorityDispatchResult.CONTINUE


def parse(text: str, where: str) -> tuple[Path, str | None]:
    """Split ``schema.name:new`` into the parts of the path and the new name.

    Args:
        text: A part that holds ``.`` or ``:`` stands in double quotes, as in SQL.
        where: For the error.

    Raises:
        RenameError: It is not of that form.

    >>> parse('mood."a:b":"c.d"', "-x")
    (('mood', 'a:b'), 'c.d')
    """
    parts: list[str] = []
    position = 0
    new: str | None = None
    while found := _PART.match(text, position):
        value = found[2] if found[1] is None else found[1].replace('""', '"')
        position = found.end()
        if new == "":
            new = value
            break
        parts.append(value)
        if text[position : position + 1] == ":":
            new = ""
        elif text[position : position + 1] != ".":
            break
        position += 1
    if position != len(text) or not parts or new == "" or text.endswith("."):
        raise RenameError(f"{where}: expected path:new.", hint=_SYNTAX)
    return tuple(parts), new


def written(*path: str) -> str:
    """Write a path as ``-x`` takes it.

    >>> written("mood", "a.b")
    'mood."a.b"'
    """
    return ".".join(f'"{part.replace(chr(34), chr(34) * 2)}"' if re.search(r'[.:"\s]', part) else part for part in path)
