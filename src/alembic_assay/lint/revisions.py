"""Lints the revisions of a project, from their scripts alone."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import alembic
import sqlalchemy
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError

from alembic_assay.errors import AssayError
from alembic_assay.lint.check import Knowledge, check
from alembic_assay.lint.collect import as_typed, from_script
from alembic_assay.lint.ranges import scripts_in
from alembic_assay.lint.record import recorder
from alembic_assay.rules.replay import replay
from alembic_assay.rules.tables import KnownTables

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import Script

    from alembic_assay.findings import Finding
    from alembic_assay.lint.collect import Revision
    from alembic_assay.options import Options


def check_revisions(config: Config, rev_range: str | None, options: Options) -> list[Finding]:
    """Lint revisions, oldest first. Neither ``env.py`` nor a database is needed; the scripts are run as with ``--sql``.

    The whole history is read in any case: a table that an earlier revision created is a table in use, and an index
    that a later one creates is an index.

    Args:
        config: Alembic's configuration.
        rev_range: See :func:`~alembic_assay.lint.ranges.scripts_in`. ``None`` is every revision.
        options: The settings; ``ignore`` names rules that are not run.

    Raises:
        AssayError: No such revision, a script that cannot be loaded, or a setting that does not exist.
    """
    scripts, history, wanted = _load(config, rev_range)
    with recorder(config, scripts) as recording:
        revisions = [from_script(script, recording) for script in history]
    eventually = KnownTables()
    for revision in revisions:
        eventually = _after(revision, eventually)
    complete = not any(half.findings for revision in revisions for half in revision.halves)
    known = KnownTables()
    findings: list[Finding] = []
    for revision in revisions:
        if revision.identifier in wanted:
            knowledge = Knowledge(before=known, declared=eventually, complete=complete, options=options)
            findings += sorted(check(revision, knowledge), key=lambda finding: finding.location.line or 0)
        known = _after(revision, known)
    return findings


def _load(config: Config, rev_range: str | None) -> tuple[ScriptDirectory, list[Script], set[str]]:
    """Return the project, its history from the oldest on, and the identifiers in the range."""
    try:
        scripts = ScriptDirectory.from_config(config)
        history = list(scripts.walk_revisions())
        chosen = history if rev_range is None else scripts_in(scripts, rev_range)
    except AssayError:
        raise
    except (CommandError, RevisionError) as error:
        raise AssayError(f"{str(error).rstrip('.')}.") from None
    except Exception as error:
        raise AssayError(f"cannot load the revisions: {_describe(error)}.") from error
    return scripts, history[::-1], {script.revision for script in chosen}


def _describe(error: Exception) -> str:
    """Say what went wrong, and in which file of the user's: scripts may import anything."""
    message = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    if isinstance(error, SyntaxError):  # names the file
        return message
    installed = [str(Path(str(module.__file__)).parents[1]) for module in (alembic, sqlalchemy)]
    not_theirs = ("<frozen", str(Path(__file__).parent), *installed)
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith(not_theirs)]
    return f"{message} ({as_typed(theirs[-1].filename)}:{theirs[-1].lineno})" if theirs else message


def _after(revision: Revision, before: KnownTables) -> KnownTables:
    steps = (step for half in revision.halves if half.direction == "upgrade" for step in half.steps)
    return replay((step.operation for step in steps), before)
