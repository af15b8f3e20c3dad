"""Small projects whose scripts are read without a database."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.script import ScriptDirectory

from alembic_assay.lint import check_revisions, text
from alembic_assay.lint.collect import Revision, from_script
from alembic_assay.lint.record import recorder
from alembic_assay.options import Options

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_assay.findings import Finding

IMPORTS = "import sqlalchemy as sa\nfrom alembic import context, op\n\n"


def script(number: int, upgrade: str, downgrade: str = "pass") -> str:
    """The text of a revision: 0001, 0002, …; the body of ``upgrade()`` begins in line 8."""
    before = f"{number - 1:04}" if number > 1 else None
    head = f"{IMPORTS}revision = '{number:04}'\ndown_revision = {before!r}\n\n"
    bodies = (indent(dedent(body).strip("\n"), "    ") for body in (upgrade, downgrade))
    return head + "def upgrade():\n{}\n\ndef downgrade():\n{}\n".format(*bodies)


def write(root: Path, *upgrades: str) -> Config:
    """Write a project of revisions, in order."""
    return write_scripts(root, *(script(number, body) for number, body in enumerate(upgrades, 1)))


def write_scripts(root: Path, *scripts: str) -> Config:
    """Write a project of whole scripts; ``env.py`` is there to be found out if it is run."""
    versions = root / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (root / "env.py").write_text("raise SystemExit('env.py was run')\n")
    for number, source in enumerate(scripts, 1):
        (versions / f"{number:04}.py").write_text(source, "utf-8")
    config = Config()
    config.set_main_option("script_location", str(root))
    config.set_main_option("path_separator", "os")
    return config


def read(config: Config) -> list[Revision]:
    """What the scripts do, oldest first."""
    scripts = ScriptDirectory.from_config(config)
    with recorder(config, scripts) as recording:
        return [from_script(one, recording) for one in reversed(list(scripts.walk_revisions()))]


def findings(config: Config, rev_range: str | None = None, options: Options | None = None) -> list[Finding]:
    """What is wrong with the scripts."""
    return check_revisions(config, rev_range, options or Options())


def report(config: Config, rev_range: str | None = None, options: Options | None = None) -> str:
    """The same as text, with paths from the project on."""
    return text(findings(config, rev_range, options)).replace(f"{config.get_main_option('script_location')}/", "")
