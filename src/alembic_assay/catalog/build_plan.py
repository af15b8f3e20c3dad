"""Which steps of making a schema SQLAlchemy takes, and which are DDL events before or after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alembic_assay.catalog.create_steps import Node

_FIRST = frozenset({"schema", "extension", "cast"})
"""What others may need without saying so: the server notes no dependency on a cast."""

_OF_TABLES = frozenset({"constraint", "index", "foreign key"})
_TYPES = frozenset({"enum", "domain"})


class Plan:
    """Divides steps between SQLAlchemy and events.

    Args:
        needs: Of each step, the steps before it; those that do not exist count as taken.
        candidates: What SQLAlchemy could say: enums and domains, sequences, tables, their constraints, indexes.
    """

    def __init__(self, needs: Mapping[Node, set[Node]], candidates: Iterable[Node]) -> None:
        self._needs = needs
        self.built = set(candidates)
        self.before: set[Node] = set()
        self._drop_orphans()
        while demoted := self._conflicts():
            self.built -= demoted
            self._drop_orphans()

    def _drop_orphans(self) -> None:
        """Leave to events what belongs to a table that SQLAlchemy does not make, or points to one."""
        for node in [node for node in self.built if node[0] in _OF_TABLES]:
            needs = {need for need in self._needs[node] if need[0] == "table"} | {("table", node[1][:2])}
            if not needs <= self.built:
                self.built.discard(node)

    def _conflicts(self) -> set[Node]:
        """Find what SQLAlchemy must leave to events, after what must come before it is known anew.

        An event before ``create_all`` cannot need a table or sequence of it. If it does, sequences are made by an
        event too; else what needs the event.
        """
        first = {node for node in self._needs if node[0] in _FIRST}
        self.before = first | (self._reached(self.built | first) - self.built)
        for node in sorted(self.before):
            needed = {each for each in self._reached({node}) if each in self.built and each[0] not in _TYPES}
            if not needed:
                continue
            if {each[0] for each in needed} == {"sequence"}:
                return needed
            asking = {each for each in self.built if node in self._reached({each})}
            return {each for each in asking if each[0] not in {"table", *_TYPES}} or asking
        return set()

    def _reached(self, nodes: set[Node]) -> set[Node]:
        """Return what nodes need, directly or not."""
        found: set[Node] = set()
        waiting = list(nodes)
        while waiting:
            for need in self._needs.get(waiting.pop(), ()):
                if need in self._needs and need not in found:
                    found.add(need)
                    waiting.append(need)
        return found
