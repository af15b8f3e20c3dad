"""Closure, keys, violations and decompositions, against the definitions written out."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.design.wanted import TASKS

from alembic_assay.design import design_schema
from alembic_assay.design.normal_forms import (
    Dependency,
    bcnf,
    candidate_keys,
    closure,
    lost,
    minimal_cover,
    synthesis,
    violations,
)

ALL = frozenset("abcde")
SIDES = st.frozensets(st.sampled_from("abcde"), min_size=1, max_size=3)
SCHEMAS = st.lists(st.builds(Dependency, SIDES, SIDES), max_size=6)


def dependency(text: str) -> Dependency:
    left, _, right = text.partition(">")
    return Dependency(frozenset(left), frozenset(right))


def subsets() -> list[frozenset[str]]:
    return [frozenset(each) for each in chain.from_iterable(combinations("abcde", size) for size in range(6))]


@given(SCHEMAS)
def test_keys_are_the_minimal_sets_that_determine_all(dependencies: list[Dependency]) -> None:
    supers = [each for each in subsets() if closure(each, dependencies) >= ALL]
    expected = {each for each in supers if not any(other < each for other in supers)}
    assert set(candidate_keys(ALL, dependencies)) == expected


@given(SCHEMAS)
def test_a_minimal_cover_says_the_same(dependencies: list[Dependency]) -> None:
    cover = minimal_cover(dependencies)
    assert all(closure(each, cover) == closure(each, dependencies) for each in subsets())
    for each in cover:
        rest = [other for other in cover if other != each]
        assert not each.right <= closure(each.left, rest)


@given(SCHEMAS)
def test_a_synthesis_loses_nothing_and_is_in_3nf(dependencies: list[Dependency]) -> None:
    parts = [part.left | part.right for part in synthesis(ALL, dependencies)]
    keys = candidate_keys(ALL, dependencies)
    assert any(key <= part for key in keys for part in parts)
    assert lost(parts, dependencies) == []
    for part in parts:
        implied = [Dependency(left, closure(left, dependencies) & part) for left in subsets() if left <= part]
        assert {each.form for each in violations(part, implied)} <= {"BCNF"}


@given(SCHEMAS)
def test_bcnf_has_no_part_that_breaks_it(dependencies: list[Dependency]) -> None:
    for part in bcnf(ALL, dependencies):
        for left in subsets():
            inside = closure(left, dependencies) & part
            assert not left <= part or inside in {left, part}


def test_the_textbook_case_loses_a_dependency() -> None:
    found = bcnf(frozenset("abc"), [dependency("ab>c"), dependency("c>b")])
    assert lost(found, [dependency("ab>c"), dependency("c>b")]) == [dependency("ab>c")]


@pytest.mark.parametrize("form", ["3nf", "bcnf"])
def test_a_transitive_dependency_becomes_a_table(form: str) -> None:
    texts = {"type": "text"}
    order = {
        "attributes": dict.fromkeys(("customer", "zip", "city"), texts),
        "dependencies": ["zip -> city"],
        "normal_form": form,
    }
    found = design_schema({**TASKS, "entities": {"Order": order}})
    tables = {table["name"]: table for table in found["tables"]}
    assert [column["name"] for column in tables["zips"]["columns"]] == ["zip", "city", "created_at", "updated_at"]
    assert "city" not in [column["name"] for column in tables["orders"]["columns"]]
    assert [key["definition"] for key in tables["orders"]["foreign_keys"]] == [
        "FOREIGN KEY (zip) REFERENCES public.zips(zip) ON DELETE RESTRICT"
    ]
    assert {
        "decision": "entity Zip taken out of Order",
        "why": "city of Order depend on zip, not on its key.",
        "because": ["/entities/Order/dependencies"],
    } in found["decisions"]


def test_a_lost_dependency_is_a_question() -> None:
    text = {"type": "text"}
    booking = {
        "key": "natural",
        "key_attributes": ["street", "city"],
        "attributes": {"street": text, "city": text, "zip": text},
        "dependencies": ["street, city -> zip", "zip -> city"],
        "normal_form": "bcnf",
    }
    found = design_schema({**TASKS, "entities": {"Place": booking}})
    assert [each["question"] for each in found["open_questions"]] == ["Which code keeps city, street -> zip?"]


def test_a_key_is_no_violation() -> None:
    task = {"attributes": {"code": {"type": "text", "unique": True}, "title": {"type": "text"}}}
    found = design_schema({**TASKS, "entities": {"Task": {**task, "dependencies": ["code -> title"]}}})
    assert [table["name"] for table in found["tables"]] == ["tasks"]
    assert "Task is in 3NF" in [each["decision"] for each in found["decisions"]]
