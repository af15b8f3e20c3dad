"""Results that cost the server something, kept in files: safe to delete, safe with two processes."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

DIRECTORY = ".assay_cache"
"""Where results are kept by default, relative to the project."""

_IGNORE = "# Made by alembic-assay; safe to delete.\n*\n"


class Cache:
    """A file of results by key.

    A file that is missing, unreadable or damaged is an empty one; a file that cannot be written is left alone: a
    cache never makes anything fail.

    Args:
        directory: Made when something is kept; Git ignores what is in it.
        name: The name of the file, without its suffix.

    Example:
        >>> cache = Cache(Path(".assay_cache"), "canonical")  # doctest: +SKIP
        >>> cache.load().get("some key")  # doctest: +SKIP
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._path = directory / f"{name}.json"

    def load(self) -> dict[str, Any]:
        """Return all results, by key."""
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def save(self, results: dict[str, Any]) -> None:
        """Keep these results and no others.

        The file is replaced in one step, so that another process sees the old one or the new one, whole.
        """
        with suppress(OSError):
            self._directory.mkdir(parents=True, exist_ok=True)
            ignore = self._directory / ".gitignore"
            if not ignore.exists():
                ignore.write_text(_IGNORE, "utf-8")
            self._replace(json.dumps(results, ensure_ascii=False, separators=(",", ":")).encode())

    def _replace(self, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._directory, prefix=self._path.stem, suffix=".new")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            temporary.replace(self._path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
