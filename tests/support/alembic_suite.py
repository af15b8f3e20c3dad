"""Run Alembic's own tests, from its sdist, with alembic-assay installed and without it; the results must be the same.

``python tests/support/alembic_suite.py SDIST PYTHON_WITHOUT_US [arguments of pytest]``
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import psycopg

from alembic_assay.proof.server import find_binaries, running

if TYPE_CHECKING:
    from sqlalchemy import URL

FILES = ("postgresql", "suite", "autogen_diffs", "autogen_indexes", "plugin", "command")
PREPARE = ("CREATE SCHEMA test_schema", "CREATE EXTENSION hstore", "CREATE EXTENSION btree_gist")
"""As README.unittests.rst says."""


def main() -> int:
    """Return 0 if every test has the same outcome in both."""
    sdist, without, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory, running(find_binaries()) as url:
        with tarfile.open(sdist) as archive:
            archive.extractall(directory, filter="data")
        (root,) = Path(directory).iterdir()
        shutil.rmtree(root / "alembic.egg-info", ignore_errors=True)
        outcomes = [run(root, python, url, arguments) for python in (without, sys.executable)]
    for name in sorted(set(outcomes[0]) | set(outcomes[1])):
        results = tuple(each.get(name, "not run") for each in outcomes)
        if results[0] != results[1]:
            print(f"{name}: without us {results[0]}, with us {results[1]}")  # noqa: T201 - this is a command
    passed = [sum(outcome == "passed" for outcome in each.values()) for each in outcomes]
    print(f"{len(outcomes[0])} tests without us, {passed[0]} passed; {len(outcomes[1])} with us, {passed[1]} passed")  # noqa: T201 - this is a command
    return 0 if outcomes[0] == outcomes[1] and passed[0] else 1


def run(root: Path, python: str, url: URL, arguments: list[str]) -> dict[str, str]:
    """Run the tests in a database of their own; return the outcome of each."""
    name = "with_us" if python == sys.executable else "without_us"
    server = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    own = url.set(database=name)
    with psycopg.connect(
        own.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as connection:
        for statement in PREPARE:
            connection.execute(statement)
    report = root / f"{name}.xml"
    uri = own.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    files = [f"tests/test_{each}.py" for each in FILES]
    options = ["--override-ini=addopts=", "--tb=no", "-q", "--dburi", uri, f"--junitxml={report}", *arguments]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, "-m", "pytest", "-p", "no:randomly", *options, *files]
    subprocess.run(command, cwd=root, env=environment, check=False)
    return {f"{each.get('classname')}.{each.get('name')}": outcome(each) for each in ET.parse(report).iter("testcase")}  # noqa: S314 - pytest wrote it


def outcome(case: ET.Element) -> str:
    return next((each.tag for each in case if each.tag in {"failure", "error", "skipped"}), "passed")


if __name__ == "__main__":
    sys.exit(main())
