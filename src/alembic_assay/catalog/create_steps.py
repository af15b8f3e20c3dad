"""The steps of making a schema, and the order in which they can be taken."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Node = tuple[str, tuple[str, ...]]
"""A step's name: mostly the kind and key of a record."""

RANKS = (
    "schema",
    "extension",
    "shell type",
    "collation",
    "enum",
    "composite type",
    "domain",
    "range type",
    "base type",
    "sequence",
    "function",
    "language",
    "access method",
    "operator",
    "operator family",
    "operator class",
    "cast",
    "transform",
    "conversion",
    "text search parser",
    "text search template",
    "text search dictionary",
    "text search configuration",
    "foreign data wrapper",
    "foreign server",
    "user mapping",
    "table",
    "owned sequence",
    "default",
    "check",
    "constraint",
    "index",
    "attached index",
    "view",
    "view query",
    "statistics",
    "foreign key",
    "rule",
    "trigger",
    "policy",
    "publication",
    "publication table",
    "subscription",
    "setting",
    "security label",
    "extension privileges",
    "default privileges",
    "event trigger",
)
"""Which step is taken first where neither needs the other."""

_RANK = {kind: rank for rank, kind in enumerate(RANKS)}


@dataclass(slots=True)
class Step:
    """Statements that belong together.

    Args:
        node: Its name.
        statements: What is run, in order.
        needs: The steps before it; those that do not exist count as taken.
    """

    node: Node
    statements: list[str]
    needs: set[Node] = field(default_factory=set)

    @property
    def rank(self) -> tuple[int, Node]:
        """Sorts the steps that are ready."""
        return _RANK.get(self.node[0], len(_RANK)), self.node


class CycleError(Exception):
    """Steps that need each other.

    Args:
        nodes: Them, and what lies between two cycles.
    """

    def __init__(self, nodes: set[Node]) -> None:
        super().__init__(nodes)
        self.nodes = nodes


def ordered(steps: Iterable[Step]) -> list[Step]:
    """Sort steps so that each comes after what it needs, and else by :data:`RANKS` and name.

    Raises:
        CycleError: There is no such order.
    """
    by_node = {step.node: step for step in steps}
    open_needs = {node: {need for need in step.needs if need in by_node} - {node} for node, step in by_node.items()}
    waiting: dict[Node, list[Node]] = {}
    for node, needs in open_needs.items():
        for need in needs:
            waiting.setdefault(need, []).append(node)
    ready = [step.rank for node, step in by_node.items() if not open_needs[node]]
    heapq.heapify(ready)
    taken = []
    while ready:
        _, node = heapq.heappop(ready)
        taken.append(by_node[node])
        for each in waiting.get(node, ()):
            open_needs[each].discard(node)
            if not open_needs[each]:
                heapq.heappush(ready, by_node[each].rank)
    if len(taken) < len(by_node):
        raise CycleError(_core({node: needs for node, needs in open_needs.items() if needs}))
    return taken


def _core(needs: dict[Node, set[Node]]) -> set[Node]:
    """Drop what only waits for a cycle, and is waited for by none."""
    core = set(needs)
    while unneeded := core - {need for node in core for need in needs[node]}:
        core -= unneeded
    return core
