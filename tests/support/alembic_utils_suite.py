"""Run the tests of alembic-utils itself, from a checkout of it, with our plugins off or on.

``python tests/support/alembic_utils_suite.py CHECKOUT off|on [arguments of pytest]``
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic_assay.proof.server import find_binaries, running

THEIR_URL = "postgresql://alem_user:password@localhost:5610/alem_db"
THEIR_FILTER = "            include_name=include_name,\n"
ON = """\
            autogenerate_plugins=["alembic.autogenerate.*", "assay.*", "~assay.guard"],
            assay=__import__("alembic_assay.options").options.Options(entities="alembic-utils", prove="off", lint="off"),
"""
"""Their models have no tables, which the guard refuses; their assertions are about alembic-utils' own operations."""


def main() -> int:
    """Return pytest's exit code."""
    checkout, plugins, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory, running(find_binaries()) as url:
        root = Path(directory, "alembic_utils")
        shutil.copytree(checkout, root, ignore=shutil.ignore_patterns(".git", "versions"))
        ours = url.set(drivername="postgresql").render_as_string(hide_password=False)
        replace(root / "src/test/conftest.py", THEIR_URL, ours)
        if plugins == "on":
            replace(root / "src/test/alembic_config/env.py", THEIR_FILTER, THEIR_FILTER + ON)
        environment = {**os.environ, "GITHUB_SHA": "no Docker", "PYTHONPATH": str(root / "src")}
        command = [sys.executable, "-m", "pytest", "--override-ini=addopts=", "src/test", *arguments]
        return subprocess.run(command, cwd=root, env=environment, check=False).returncode


def replace(path: Path, old: str, new: str) -> None:
    source = path.read_text("utf-8")
    assert old in source, f"{path} is not as of alembic-utils 0.8.8"
    path.write_text(source.replace(old, new), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
