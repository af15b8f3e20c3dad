"""A real Alembic project in a directory of its own, and the real commands run in it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import alembic
from sqlalchemy import NullPool, create_engine, text

if TYPE_CHECKING:
    from sqlalchemy import URL

Environment = Mapping[str, str | None]

ENV = """\
from alembic import context

from alembic_assay.env import run
from models import Base

run(context, Base.metadata)
"""
"""The env.py that the README shows: all of it."""

STOCK_ENV = """\
import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import NullPool, create_engine

from models import Base

fileConfig(context.config.config_file_name)

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(os.environ["DATABASE_URL"], poolclass=NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
"""
"""An env.py that does not name alembic-assay: plain Alembic."""

MODELS = """\
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""
"""Models without a table."""

_INI = """\
[alembic]
script_location = %(here)s/migrations
prepend_sys_path = .
path_separator = os

[loggers]
keys = root,alembic

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console

[logger_alembic]
level = INFO
handlers =
qualname = alembic

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = generic

[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
"""

_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "TMPDIR")
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Result:
    """What a command printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(slots=True)
class Project:
    """An Alembic project: ``alembic.ini``, ``models.py``, ``migrations/env.py``, ``migrations/versions/``.

    Commands run in subprocesses, in English, with nothing of the tester's environment but what Python needs;
    ``DATABASE_URL`` is the test's own database, warnings are errors, and no bytecode is cached (models that
    change twice in a second would be read from it).
    """

    root: Path
    url: URL
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.versions.mkdir(parents=True)
        template = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
        self.write("migrations/script.py.mako", template.read_text("utf-8"))
        self.write("alembic.ini", _INI)
        self.write_env(ENV)
        self.write_models(MODELS)

    @property
    def versions(self) -> Path:
        """Where the revisions are."""
        return self.root / "migrations" / "versions"

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project; the text may be indented as a whole."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), "utf-8")
        return file

    def write_models(self, text: str) -> None:
        """Replace ``models.py``; it must hold ``Base``."""
        self.write("models.py", text)

    def write_env(self, text: str) -> None:
        """Replace ``migrations/env.py``, which is ``ENV`` at first."""
        self.write("migrations/env.py", text)

    def start(self, module: str, *arguments: str, env: Environment | None = None) -> subprocess.Popen[str]:
        """Start ``python -m module`` and do not wait; use it in a ``with``."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=self.root,
            env=self._environment(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, module: str, *arguments: str, expect: int = 0, env: Environment | None = None) -> Result:
        """Run ``python -m module``; an exit code other than ``expect`` fails the test and shows all output."""
        with self.start(module, *arguments, env=env) as process:
            try:
                stdout, stderr = process.communicate(timeout=_SECONDS)
            finally:
                process.kill()
        command = shlex.join(["python", "-m", module, *arguments])
        code = process.returncode
        assert code == expect, f"{command}: exit {code}, not {expect}\n{stdout}\n{stderr}"
        return Result(code, stdout, stderr)

    def alembic(self, *arguments: str, expect: int = 0, env: Environment | None = None) -> Result:
        """Run ``alembic …``; a variable of ``env`` that is ``None`` is unset."""
        return self.run("alembic", *arguments, expect=expect, env=env)

    def assay(self, *arguments: str, expect: int = 0, env: Environment | None = None) -> Result:
        """Run ``assay …``."""
        return self.run("alembic_assay.cli", *arguments, expect=expect, env=env)

    def revise(self, message: str = "change", *arguments: str, env: Environment | None = None) -> Path:
        """Run ``alembic revision --autogenerate`` and return the new script."""
        before = set(self.versions.glob("*.py"))
        result = self.alembic("revision", "--autogenerate", "-m", message, *arguments, env=env)
        new = set(self.versions.glob("*.py")) - before
        assert len(new) == 1, f"{len(new)} new scripts\n{result.stdout}\n{result.stderr}"
        return new.pop()

    def add_revision(self, upgrade: str, downgrade: str = "pass") -> Path:
        """Write a revision by hand, after the last one written so: 0001, 0002, …; ``op`` and ``sa`` are there."""
        number = len(list(self.versions.glob("0*_by_hand.py"))) + 1
        script = (
            f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = '{number:04}'\n"
            f"down_revision = {f'{number - 1:04}' if number > 1 else None!r}\n"
        )
        for name, body in (("upgrade", upgrade), ("downgrade", downgrade)):
            script += f"\n\ndef {name}() -> None:\n{indent(dedent(body).strip(), '    ')}\n"
        return self.write(f"migrations/versions/{number:04}_by_hand.py", script)

    def sql(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own, commit, return the rows; no lock stays behind."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            result = connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    def _environment(self, changes: Environment) -> dict[str, str]:
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        kept |= {key: value for key, value in os.environ.items() if key.startswith("COVERAGE_")}
        if "PYTHONPATH" in kept:  # we run elsewhere
            paths = kept["PYTHONPATH"].split(os.pathsep)
            kept["PYTHONPATH"] = os.pathsep.join(str(Path(path).absolute()) for path in paths)
        fixed: dict[str, str | None] = {
            "DATABASE_URL": self.url.render_as_string(hide_password=False),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONIOENCODING": "utf-8",
            "PYTHONWARNINGS": "error",
        }
        merged = {**kept, **fixed, **self.env, **changes}
        return {key: value for key, value in merged.items() if value is not None}
