"""Google-style docstrings, which are written in reStructuredText, as Markdown."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"^(?P<title>[A-Z][\w ]*):(?P<literal>:?)$")
_ENTRY = re.compile(r"^(?P<name>[\w*]+): (?P<text>.*)$")
_ROLE = re.compile(r":\w+:`(?:~?[\w.]*?\.)?(?P<name>\w+)`")
_LITERAL = re.compile(r"``(.+?)``")


@dataclass(frozen=True)
class Docstring:
    """A docstring in its parts.

    Args:
        summary: Its first line.
        body: What follows, up to the first section and after the last.
        sections: Title to text: ``Args``, ``Raises``, ``Example``, and those of rules.
    """

    summary: str
    body: str
    sections: dict[str, str] = field(default_factory=dict)

    def entries(self, section: str) -> dict[str, str]:
        """Return what a section says of each name, in order."""
        found: dict[str, str] = {}
        name = ""
        for line in self.sections.get(section, "").splitlines():
            entry = _ENTRY.match(line)
            if entry:
                name = entry["name"]
                found[name] = entry["text"]
            elif name:
                found[name] += f" {line.strip()}"
        return {name: markdown(text.strip()) for name, text in found.items()}


def parse(owner: object) -> Docstring:
    """Take the docstring of a class or function apart."""
    summary, _, rest = inspect.cleandoc(owner.__doc__ or "").partition("\n")
    body: list[str] = []
    sections: dict[str, list[str]] = {}
    current = body
    for line in rest.splitlines():
        header = _HEADER.match(line)
        if header:
            current = sections.setdefault(header["title"], [])
        elif line and not line.startswith(" "):
            current = body
        if not header:
            current.append(line)
    texts = {title: inspect.cleandoc("\n".join(lines)) for title, lines in sections.items()}
    return Docstring(markdown(summary), markdown("\n".join(body).strip()), texts)


def markdown(text: str) -> str:
    """Translate what our docstrings use of reStructuredText.

    >>> markdown("See :class:`~alembic_assay.options.Options` and ``x``.")
    'See `Options` and `x`.'
    """
    return _LITERAL.sub(r"`\1`", _ROLE.sub(r"`\g<name>`", text))
