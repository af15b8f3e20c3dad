"""``assay init``: a working environment in an empty project, a proposal in one that has one."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.util import CommandError

import alembic_assay
from alembic_assay.cli import _models
from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config

TEMPLATES = Path(alembic_assay.__file__).parent / "templates"
NAMES = sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir())

_STOCK_IMPORT = "from models import Base\n"
_STOCK_METADATA = "Base.metadata"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Change what Alembic's own command takes, and add to it."""
    for action in parser._actions:  # noqa: SLF001 - argparse lists them nowhere else
        if action.dest == "directory":
            action.nargs, action.default, action.required = "?", "migrations", False
            action.help = "where the scripts will be (default: migrations)"
        if action.dest == "template":
            action.choices, action.help = NAMES, "which environment (default: generic)"
    parser.add_argument(
        "--metadata", metavar="MODULE:NAME", help="the models' metadata, such as app.models:Base.metadata"
    )
    parser.add_argument("--write", action="store_true", help="change an environment that is there already")
    parser.add_argument("--show-path", action="store_true", help="print the template's path, for alembic init -t")


def init(
    config: Config, directory: str, template: str, *, package: bool, metadata: str | None, **options: bool
) -> None:
    """Make a working environment, or show how to use alembic-assay in the one that is there.

    In a project without one it writes alembic.ini, the environment, and, if there are no models, an example of them.
    With one, it shows as a diff what env.py needs, and changes nothing without --write.

    Args:
        config: Alembic's.
        directory: Where the scripts will be.
        template: ``generic``, ``async`` or ``multitenant``.
        package: Write ``__init__.py`` files too.
        metadata: ``module:name`` of the models' metadata; ``None`` to look for it.
        options: ``write`` and ``show_path``.
    """
    if options["show_path"]:
        config.print_stdout("%s", TEMPLATES / template)
        return
    env = _existing(config)
    if env is not None:
        _propose(config, env, write=options["write"])
        return
    files = _files(config, Path(directory), template, metadata)
    if package:
        files |= {Path(directory) / "__init__.py": "", Path(directory) / "versions" / "__init__.py": ""}
    taken = [path for path in files if path.exists()]
    if taken:
        raise AssayError(f"{taken[0]} exists already; nothing was written.", hint="Move it away, or name a directory.")
    (Path(directory) / "versions").mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        config.print_stdout("wrote %s", path)
    config.print_stdout('Next: export DATABASE_URL=postgresql://…; alembic revision --autogenerate -m "first"')


def _existing(config: Config) -> Path | None:
    """Return the env.py of the environment that the configuration names, if there is one."""
    try:
        location = config.get_alembic_option("script_location")
    except CommandError:
        location = None
    env = None if location is None else Path(location) / "env.py"
    return env if env is not None and env.is_file() else None


def _files(config: Config, directory: Path, template: str, metadata: str | None) -> dict[Path, str]:
    source = TEMPLATES / template
    ini = Path(config.config_file_name or "alembic.ini")
    found = _models.named(metadata) if metadata else _models.find(Path.cwd())
    files: dict[Path, str] = {}
    if not ini.exists():
        location = directory.as_posix() if directory.is_absolute() else f"%(here)s/{directory.as_posix()}"
        text = (source / "alembic.ini.mako").read_text("utf-8")
        files[ini] = text.replace("${script_location}", location)
    env = (source / "env.py").read_text("utf-8")
    if found is not None:
        env = env.replace(_STOCK_IMPORT, found.statement).replace(_STOCK_METADATA, found.expression)
    files[directory / "env.py"] = env
    for name in ("script.py.mako", "README"):
        files[directory / name] = (source / name).read_text("utf-8")
    for path in sorted((source / "project").iterdir()):
        mine = path.name != "models.py" or found is None
        if mine and not Path(path.name).exists():
            files[Path(path.name)] = path.read_text("utf-8")
    return files


def _propose(config: Config, env: Path, *, write: bool) -> None:
    before = env.read_text("utf-8")
    after = _models.with_options(before, str(env))
    if after == before:
        config.print_stdout("%s uses alembic-assay already.", env)
        return
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"{env}", f"{env} (proposed)"
    )
    sys.stdout.writelines(lines)
    if write:
        env.write_text(after, "utf-8")
        config.print_stdout("wrote %s", env)
    else:
        config.print_stdout("Nothing was changed: assay init --write does it.")
