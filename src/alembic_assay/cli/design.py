"""``assay design``: a schema from requirements."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_assay import design as designing
from alembic_assay.catalog import document
from alembic_assay.cli import models
from alembic_assay.cli import snapshot as reading

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config

    from alembic_assay.emit.classes import Style


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("requirements", metavar="FILE", help="requirements, schema-requirements/1 in YAML or JSON")
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="the document to write, .json or .yaml; else a directory for document, models, first migration, SQL and"
        " reports (default: standard output)",
    )
    parser.add_argument("--style", choices=["sqlmodel", "declarative"], default="sqlmodel", help="of the models")


def design(config: Config, requirements: str, output: str | None, style: Style) -> None:
    """Design a schema from requirements: tables, keys, indexes, and why.

    It asks no database. What a person must decide is printed.

    Args:
        config: Alembic's.
        requirements: The file.
        output: ``.yaml``, ``.yml`` and ``.json`` are a document's file; anything else is a directory for all there is;
            left out, JSON on standard output.
        style: Of the models in a directory.

    Raises:
        InvalidRequirementsError: All that is wrong.
        AssayError: A file cannot be read or written, or was edited.
    """
    found = designing.design_schema(designing.load(Path(requirements)), where=requirements)
    if output is None:
        reading.print_utf8(config, document.dumps(found))
        return
    suffix = Path(output).suffix.lower()
    if suffix in {".yaml", ".yml", ".json"}:
        reading.write(Path(output), document.dumps(found, "json" if suffix == ".json" else "yaml"))
    else:
        _write_all(Path(output), found, style)
    counted = f"{len(found['tables'])} tables, {len(found.get('decisions', ()))} decisions"
    config.print_stdout("Wrote %s to %s.", counted, output)
    _say(config, found)


def _write_all(directory: Path, found: dict[str, Any], style: Style) -> None:
    """Write all there is; edits of models are kept, or stop it before anything is written."""
    from alembic_assay.emit import migration, report  # noqa: PLC0415 - only a directory needs them

    generated, conflicts = models.generated(directory / "models", found, style)
    first = migration.generate_migration(migration.NOTHING, found)
    models.write_files(directory / "models", generated)
    models.write_files(directory / "sql", report.sql_files(found))
    models.write_files(directory / "versions", {f"0001_{name_of(found)}.py": first})
    texts = {
        "schema.yaml": document.dumps(found, "yaml"),
        "SCHEMA.md": report.markdown(found),
        "report.txt": report.box_report(found),
    }
    models.write_files(directory, texts)
    models.refuse_conflicts(directory / "models", conflicts)


def name_of(found: dict[str, Any]) -> str:
    """Return a schema's name for a file."""
    return re.sub(r"\W+", "_", str(found.get("name") or "schema")).strip("_").lower() or "schema"


def _say(config: Config, found: dict[str, Any]) -> None:
    for each in found.get("open_questions", ()):
        config.print_stdout("Decide: %s %s", each["question"], each["why"])
    for each in found.get("lints", ()):
        config.print_stdout("Unwise: %s: %s", each["object"], each["message"])
