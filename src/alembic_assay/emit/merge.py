"""Hand edits of generated modules, kept: what was generated before, what was made of it, what is generated now."""

from __future__ import annotations

import difflib
import shutil
import subprocess
import tempfile
from pathlib import Path

_LABELS = ("edited", "generated before", "generated now")
_MOST_CONFLICTS = 127
"""``git merge-file`` exits with the number of conflicts, up to this; above, it failed."""


def merged(edited: str, before: str, now: str) -> tuple[str, int]:
    r"""Merge three versions of a module.

    ``git merge-file`` does it where there is Git; else every difference between the first and the last is a conflict.

    Args:
        edited: The module as it is.
        before: As it was generated.
        now: As it is generated now.

    Returns:
        The module, and how many conflicts are marked in it.

    Example:
        >>> merged("a\nmine\nb\nc\nd\n", "a\nb\nc\nd\n", "a\nb\nc\nd\nnew\n")
        ('a\nmine\nb\nc\nd\nnew\n', 0)
    """
    if now in (before, edited):
        return edited, 0
    if edited == before:
        return now, 0
    git = shutil.which("git")
    return _by_git(git, edited, before, now) if git else _marked(edited, now)


def _by_git(git: str, *versions: str) -> tuple[str, int]:
    with tempfile.TemporaryDirectory(prefix="assay-") as directory:
        paths = [Path(directory, str(number)) for number in range(len(versions))]
        for path, text in zip(paths, versions, strict=True):
            path.write_text(text, "utf-8", newline="\n")
        labels = [argument for label in _LABELS for argument in ("-L", label)]
        command = [git, "merge-file", "-p", "--quiet", *labels, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - a program by its path
    if not 0 <= done.returncode <= _MOST_CONFLICTS:
        return _marked(versions[0], versions[2])
    return done.stdout, done.returncode


def _marked(edited: str, now: str) -> tuple[str, int]:
    r"""Mark every difference as a conflict.

    >>> _marked("a\nmine\n", "a\nb\n")[0].splitlines()[2:4]
    ['mine', '=======']
    """
    one, other = edited.splitlines(keepends=True), now.splitlines(keepends=True)
    found: list[str] = []
    conflicts = 0
    for tag, start, end, from_, to in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            found += one[start:end]
            continue
        conflicts += 1
        found += ["<<<<<<< edited\n", *one[start:end], "=======\n", *other[from_:to], ">>>>>>> generated now\n"]
    return "".join(found), conflicts
