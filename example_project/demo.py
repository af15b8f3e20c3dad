"""The main job, end to end: run by ``make demo``.

A copy of this project in a temporary directory is migrated, its models change, and the change goes up and down.
The server is an embedded one, started for the purpose; with ``DATABASE_URL`` set, a database of its own on that
server. Everything shown is done by the real commands; of what they print, lines that say nothing here are left out.
"""

from __future__ import annotations

import difflib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import sqlalchemy as sa
from alembic_assay import AssayError, catalog
from alembic_assay.neon.url import DIRECT_VARIABLES, direct, for_libpq, parse
from alembic_assay.proof.server import Binaries, find_binaries, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from sqlalchemy import URL

PROJECT = Path(__file__).resolve().parent
MODEL = Path("models", "task.py")
MESSAGE = "Elevated priority and comments"

NOISE = re.compile(
    r"INFO  \[alembic\.runtime\.(plugins\] setting up|migration\] (Context impl|Will assume))"
    r"|INFO  \[alembic\.assay\.env\]"
)
PREFIX = re.compile(r"^INFO  \[alembic[\w.]*\] +")
MODEL_LINE = re.compile(r'Index\("idx_comments_task_id", "task_id"\)')


class DemoError(RuntimeError):
    """Something did not hold."""


@dataclass(frozen=True)
class Shell:
    """Runs commands in the copy of the project and shows them as a terminal would.

    Args:
        directory: Where the copy is.
        url: The demo's own database.
    """

    directory: Path
    url: URL

    def run(self, *command: str) -> str:
        """Run a command; return all that it printed.

        Args:
            command: Name of a program beside this Python, then its arguments.

        Raises:
            DemoError: It failed; everything that it printed has been shown.
        """
        say("$ " + " ".join(f'"{part}"' if " " in part else part for part in command))
        program = Path(sys.executable).with_name(command[0])
        done = subprocess.run(  # noqa: S603 - the commands of this file
            [program, *command[1:]],
            cwd=self.directory,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            say(done.stdout)
            raise DemoError(f"{command[0]} {command[1]} failed with exit code {done.returncode}.")
        lines = [line for line in done.stdout.splitlines() if line.strip() and not NOISE.match(line)]
        say(*(PREFIX.sub("", line).replace(f"{self.directory}{os.sep}", "") for line in lines))
        return done.stdout

    def _environment(self) -> dict[str, str]:
        # The variables for direct hosts win over DATABASE_URL: inherited, they would name another database.
        inherited = {name: value for name, value in os.environ.items() if name not in DIRECT_VARIABLES}
        return {
            **inherited,
            "DATABASE_URL": self.url.render_as_string(hide_password=False),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
        }


def main() -> int:
    """Run the demo; exit code 0 if everything held."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    try:
        with server() as url, database(url) as own, copy_of_project() as directory:
            main_job(Shell(directory, own))
    except (AssayError, DemoError, sa.exc.DBAPIError) as error:
        text = str(error.orig).splitlines()[0] if isinstance(error, sa.exc.DBAPIError) else str(error)
        sys.stderr.write(f"demo: {text}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("demo: interrupted; its database and its copy of the project are removed.\n")
        return 130
    except BrokenPipeError:  # such as `make demo | head`; Python would complain about it once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


def main_job(shell: Shell) -> None:
    """Migrate; change the models; generate, lint and prove a revision; go up and down again."""
    say("Of Alembic's INFO lines, those about settings and plugins are left out, and of the others the prefix.")
    say("", "== The committed history, and some rows")
    shell.run("alembic", "upgrade", "head")
    shell.run("python", "seed.py")
    before = read(shell.url)

    say("", f"== {MODEL} changes: an enum value in the middle, an index, a table whose foreign key has no index")
    apply_diff(shell.directory / MODEL, (PROJECT / "demo.diff").read_text("utf-8"))

    say("", "== Autogenerate detects it, lints it and proves it reversible")
    printed = shell.run("alembic", "revision", "--autogenerate", "-m", MESSAGE)
    add_to_model(shell.directory / MODEL, printed)

    say("", "== The script")
    show_script(shell.directory)
    shell.run("assay", "lint")

    say("", "== Up, nothing left to detect, down")
    shell.run("alembic", "upgrade", "head")
    shell.run("alembic", "check")
    shell.run("alembic", "downgrade", "-1")
    compare(before, read(shell.url))


@contextmanager
def server() -> Iterator[URL]:
    """The server of ``DATABASE_URL``, past its pooler, else the embedded one."""
    if given := os.environ.get("DATABASE_URL"):
        url = parse(given)
        yield direct(url) or url
        return
    binaries = find_binaries("embedded", "system")
    say(f"PostgreSQL {binaries.major} of {binaries.directory.parent.parent.name}, for the time of this demo.")
    with running(binaries) as url:
        yield url


@contextmanager
def database(server: URL) -> Iterator[URL]:
    """A database of our own on a server: the one that the URL names is not touched."""
    name = f"assay_demo_{secrets.token_hex(6)}"
    administration = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with administration.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
        yield server.set(database=name)
    finally:
        with administration.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def copy_of_project() -> Iterator[Path]:
    """A copy of this project in a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="assay-demo-") as temporary:
        copied = Path(temporary, PROJECT.name).resolve()
        shutil.copytree(PROJECT, copied, ignore=shutil.ignore_patterns("__pycache__", "tests", "demo*"))
        yield copied


def read(url: URL) -> tuple[str, list[str]]:
    """Read what a database holds, without Alembic: what it was, read by what, and the lines.

    ``pg_dump`` tells catalogs and rows, these sorted; where there is none for this server, our own reader tells
    the catalogs.
    """
    binaries = binaries_for(url)
    if binaries is not None:
        lines = [*pg_dump(binaries, url, "--schema-only"), *sorted(pg_dump(binaries, url, "--data-only"))]
        return f"catalogs and rows, by pg_dump {binaries.major}", lines
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return "catalogs, by alembic_assay.catalog", [repr(record) for record in catalog.read(connection)]


def binaries_for(url: URL) -> Binaries | None:
    """Find a ``pg_dump`` that is not older than the server, as it must be."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        major = int(str(connection.exec_driver_sql("SHOW server_version_num").scalar())) // 10_000
    for source in ("embedded", "system"):
        try:
            binaries = find_binaries(source)
            binaries.program("pg_dump")
        except AssayError:
            continue
        if binaries.major >= major:
            return binaries
    return None


def pg_dump(binaries: Binaries, url: URL, option: str) -> list[str]:
    """Dump a database: the lines without comments, settings and the random key of psql's restricted mode."""
    public = for_libpq(url)._replace(drivername="postgresql", password=None).render_as_string()
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [binaries.program("pg_dump"), option, "--dbname", public],
        env={**os.environ, "PGPASSWORD": str(url.password or "")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise DemoError(f"pg_dump failed: {done.stderr.strip()}")
    return [line for line in done.stdout.splitlines() if line and not line.startswith(("--", "\\", "SET "))]


def compare(before: tuple[str, list[str]], after: tuple[str, list[str]]) -> None:
    """Say that the database is what it was before the revision.

    Raises:
        DemoError: It is not; the difference has been shown.
    """
    if before != after:
        say(*difflib.unified_diff(before[1], after[1], "before", "after", lineterm="", n=0))
        raise DemoError("the database is not what it was before the revision.")
    say(f"The database is what it was before the revision ({after[0]}: {len(after[1]):,} lines are equal).")


def apply_diff(path: Path, diff: str) -> None:
    """Apply a unified diff without line numbers to a file, and show what it changes.

    Raises:
        DemoError: The file is not the one that it was made for.
    """
    text = path.read_text("utf-8")
    for hunk in re.split(r"^@@.*\n", diff, flags=re.MULTILINE)[1:]:
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if not line.startswith("+"))
        new = "".join(line[1:] for line in lines if not line.startswith("-"))
        if text.count(old) != 1:
            raise DemoError(f"demo.diff does not fit {path.name}.")
        text = text.replace(old, new)
        say(
            *(line.rstrip() for line in lines if line.strip() not in {"", "+"} and line[0] != " " and '"""' not in line)
        )
    path.write_text(text, "utf-8")


def add_to_model(path: Path, printed: str) -> None:
    """Add the line that the finding asks for to the model.

    Raises:
        DemoError: The finding does not say it.
    """
    found = MODEL_LINE.search(printed)
    if found is None:
        raise DemoError("the finding does not say which index the model needs.")
    options = '({"comment": "What somebody said'
    path.write_text(path.read_text("utf-8").replace(options, f"({found[0]}, {options[1:]}"), "utf-8")
    say(f"The model gets the line, too: {found[0]}")


def show_script(directory: Path) -> None:
    """Show the newest script from ``upgrade()`` on, without docstrings, comments and blank lines."""
    versions = directory / "db" / "migrations" / "versions"
    script = max(versions.glob("*.py"), key=lambda path: path.stat().st_mtime_ns)
    lines = script.read_text("utf-8").splitlines()
    body = lines[lines.index("def upgrade() -> None:") :]
    say(*(line for line in body if line.strip() and not line.strip().startswith(("#", '"""'))))


def say(*lines: str) -> None:
    """Print lines at once, also into a pipe."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _interrupted(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    for ignored in (signal.SIGINT, signal.SIGTERM):  # a second Ctrl-C must not stop the clearing away
        signal.signal(ignored, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
