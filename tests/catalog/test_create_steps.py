"""The order of the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from alembic_assay.catalog.create_steps import CycleError, Step, ordered

if TYPE_CHECKING:
    from random import Random

    from alembic_assay.catalog.create_steps import Node

graphs = st.dictionaries(st.integers(0, 12), st.sets(st.integers(0, 12), max_size=4), max_size=12)


@given(graphs)
def test_steps_come_after_what_they_need_or_the_cycle_is_named(graph: dict[int, set[int]]) -> None:
    steps = [Step(_node(number), [], {_node(need) for need in needs}) for number, needs in graph.items()]
    taken, cycle = _ordered(steps)
    if cycle:
        assert [key for _, key in cycle if not {_node(need) for need in graph[int(key[0])]} & cycle] == []
        return
    assert sorted(taken) == sorted(step.node for step in steps)
    for step in steps:
        assert all(taken.index(need) < taken.index(step.node) for need in step.needs - {step.node} if need in taken)


@given(graphs, st.randoms())
def test_the_order_does_not_hang_on_that_of_the_steps(graph: dict[int, set[int]], random: Random) -> None:
    forward = {number: {need for need in needs if need < number} for number, needs in graph.items()}
    steps = [Step(_node(number), [], {_node(need) for need in needs}) for number, needs in forward.items()]
    shuffled = list(steps)
    random.shuffle(shuffled)
    assert [step.node for step in ordered(shuffled)] == [step.node for step in ordered(steps)]


def _ordered(steps: list[Step]) -> tuple[list[Node], set[Node]]:
    try:
        return [step.node for step in ordered(steps)], set()
    except CycleError as error:
        return [], error.nodes


def _node(number: int) -> Node:
    return "table" if number % 2 else "view", (str(number),)
