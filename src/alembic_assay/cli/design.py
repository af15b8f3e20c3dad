"""``assay design``: a schema from requirements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_assay import design as designing
from alembic_assay.catalog import document
from alembic_assay.cli import snapshot as reading

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("requirements", metavar="FILE", help="requirements, schema-requirements/1 in YAML or JSON")
    parser.add_argument("-o", "--output", metavar="FILE", help="the document to write (default: standard output)")


def design(config: Config, requirements: str, output: str | None) -> None:
    """Design a schema from requirements: tables, keys, indexes, and why.

    It asks no database. What a person must decide is printed.

    Args:
        config: Alembic's.
        requirements: The file.
        output: ``.yaml`` and ``.yml`` are YAML, anything else is JSON; left out, JSON on standard output.

    Raises:
        InvalidRequirementsError: All that is wrong.
        AssayError: A file cannot be read or written.
    """
    found = designing.design_schema(designing.load(Path(requirements)), where=requirements)
    if output is None:
        reading.print_utf8(config, document.dumps(found))
        return
    is_yaml = Path(output).suffix.lower() in {".yaml", ".yml"}
    reading.write(Path(output), document.dumps(found, "yaml" if is_yaml else "json"))
    counted = f"{len(found['tables'])} tables, {len(found.get('decisions', ()))} decisions"
    config.print_stdout("Wrote %s to %s.", counted, output)
    _say(config, found)


def _say(config: Config, found: dict[str, Any]) -> None:
    for each in found.get("open_questions", ()):
        config.print_stdout("Decide: %s %s", each["question"], each["why"])
    for each in found.get("lints", ()):
        config.print_stdout("Unwise: %s: %s", each["object"], each["message"])
