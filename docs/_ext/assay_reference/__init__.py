"""Writes the reference pages from the code: options, commands, directives, errors, ``env.py``, rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assay_reference import code, rules

if TYPE_CHECKING:
    from sphinx.application import Sphinx

REPOSITORY = Path(__file__).parents[3]


def generate(docs: Path, repository: Path = REPOSITORY) -> None:
    """Write every generated page; one that is the same already is left alone, so that it is not built again.

    Args:
        docs: Sphinx's source directory.
        repository: Where the rules' cases are.
    """
    pages = {
        **{f"_generated/{name}.md": text for name, text in code.pages().items()},
        "_generated/rules.md": rules.index(),
        **{f"reference/rules/{name}.md": text for name, text in rules.pages(repository).items()},
    }
    for name, text in pages.items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    for stale in (docs / "reference" / "rules").glob("*.md"):
        if f"reference/rules/{stale.name}" not in pages:
            stale.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", lambda builder: generate(Path(builder.srcdir)))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
