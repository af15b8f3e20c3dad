"""What came of it, tenant by tenant."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


class Status(StrEnum):
    """What came of one tenant."""

    UPGRADED = "upgraded"
    CURRENT = "already there"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result for one tenant.

    Args:
        name: The tenant's.
        group: The tenant's.
        status: See :class:`Status`.
        before: Revisions that it was at; empty for none.
        error: Why it failed, in one line.
        how: ``"compiled"``: SQL that was written once was applied; ``"env.py"``: a process ran the migration.
        seconds: How long it took.
    """

    name: str
    group: str = ""
    status: Status
    before: tuple[str, ...] = ()
    error: str = ""
    how: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Report:
    """The results of all tenants.

    Args:
        revision: Where they were taken.
        results: In the order of the targets.
        seconds: How long it took altogether.
        interrupted: Whether it was ended by Ctrl-C; run the same command again to go on.
    """

    revision: str
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    def count(self, status: Status) -> int:
        """Return how many tenants have a status."""
        return sum(result.status is status for result in self.results)

    @property
    def ok(self) -> bool:
        """Whether every tenant is at the revision."""
        return all(result.status in {Status.UPGRADED, Status.CURRENT} for result in self.results)

    @property
    def summary(self) -> str:
        """``3 upgraded, 1 failed; 12.3 s, 3.1 s a tenant``."""
        counts = ", ".join(f"{self.count(status):,} {status}" for status in Status if self.count(status))
        each = f", {self.seconds / len(self.results) * 1000:.0f} ms a tenant" if self.results else ""
        return f"{counts or 'no tenants'}; {self.seconds:.1f} s{each}"

    def as_json(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "version": 1,
            "revision": self.revision,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
            "counts": {str(status): self.count(status) for status in Status},
            "tenants": [
                {
                    "name": result.name,
                    "group": result.group,
                    "status": str(result.status),
                    "before": list(result.before),
                    "error": result.error,
                    "how": result.how,
                    "seconds": round(result.seconds, 3),
                }
                for result in self.results
            ],
        }

    def as_table(self, *, everything: bool = False) -> Table:
        """Return it as a table for a terminal.

        Args:
            everything: Also the tenants that went well.
        """
        from rich.table import Table  # noqa: PLC0415 - only who prints pays for it
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=None, pad_edge=False)
        for title in ("tenant", "group", "status", "from", "seconds", "error"):
            table.add_column(title, overflow="fold")
        for result in self.results:
            if everything or result.status in {Status.FAILED, Status.NOT_RUN}:
                cells = (result.name, result.group, str(result.status), ", ".join(result.before) or "base")
                table.add_row(*map(Text, (*cells, f"{result.seconds:.2f}", result.error)))
        return table
