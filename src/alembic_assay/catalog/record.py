"""What all records have in common: a kind, a key, and equality by value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from alembic_assay.sql import display


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One object of the catalog, as PostgreSQL itself stores it.

    A record holds names, never OIDs, and expressions as the server deparses them with an empty
    ``search_path``; so two equal databases give equal records.
    """

    kind: ClassVar[str]
    """What PostgreSQL calls it: ``"table"``, ``"enum"`` …"""
    key_fields: ClassVar[tuple[str, ...]] = ("schema", "name")
    """The fields that identify one among its kind."""

    @property
    def key(self) -> tuple[str, ...]:
        """The values of :attr:`key_fields`."""
        return tuple(str(getattr(self, name)) for name in self.key_fields)

    @property
    def title(self) -> str:
        """The object as a person would name it: ``column public.tasks.title``."""
        return f"{self.kind} {'.'.join(display(part) for part in self.key if part)}"

    def differing_fields(self, other: Record) -> tuple[str, ...]:
        """The names of the fields in which another record of the same key differs, in order."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name))
