"""What is wrong with requirements: all of it at once, each with code, JSON Pointer, message and hint."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alembic_assay.errors import ConflictingConstraintsError, InvalidRequirementsError

if TYPE_CHECKING:
    from collections.abc import Iterable

CONFLICTS = ("REQ11", "REQ2")
"""What codes of contradictions between two requirements begin with."""


@dataclass(slots=True)
class Problems:
    """Collects errors.

    Args:
        where: What the requirements are called in the error.
        found: See :attr:`~alembic_assay.errors.InvalidRequirementsError.errors`.
    """

    where: str
    found: list[dict[str, str]] = field(default_factory=list)

    def add(self, code: str, path: str, message: str, hint: str = "") -> None:
        """Note one error."""
        entry = {"code": code, "path": path, "message": message, "hint": hint}
        if entry not in self.found:
            self.found.append(entry)

    def unknown(self, code: str, path: str, kind: str, name: str, known: Iterable[str]) -> None:
        """Note a name that does not exist, and the nearest that does."""
        self.add(code, path, f"unknown {kind} {name!r}.", nearest(name, known))

    def stop(self) -> None:
        """Raise if there is anything.

        Raises:
            ConflictingConstraintsError: All of it is requirements that contradict each other.
            InvalidRequirementsError: Else.
        """
        if not self.found:
            return
        errors = sorted(self.found, key=lambda each: (each["code"], each["path"], each["message"]))
        conflicting = all(each["code"].startswith(CONFLICTS) for each in errors)
        raise (ConflictingConstraintsError if conflicting else InvalidRequirementsError)(self.where, errors)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'email'?``, or nothing."""
    found = difflib.get_close_matches(name, sorted(known), n=1)
    return f"Did you mean {found[0]!r}?" if found else ""


def pointer(*parts: str | int) -> str:
    """Write a JSON Pointer (RFC 6901).

    >>> pointer("entities", "User", "rules", 0)
    '/entities/User/rules/0'
    """
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
