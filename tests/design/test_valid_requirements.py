"""Requirements that are valid make a schema that a server takes, whatever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.design.made import differences

from alembic_assay.design import design_schema
from alembic_assay.design.types import DOMAIN_TYPES
from alembic_assay.errors import ConflictingConstraintsError

if TYPE_CHECKING:
    from sqlalchemy import Connection

PHASES = (Phase.explicit, Phase.generate)  # shrinking takes minutes, and the first example is small enough
NAMES = ["User", "Order", "Group", "HTTPLog", "Table"]
WORDS = ["title", "order", "select", "value", "user", "a_1", "window"]
TYPES = sorted(set(DOMAIN_TYPES) - {"embedding"})
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)


@st.composite
def attributes(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from([*TYPES, "mood"]))
    found: dict[str, Any] = {"type": kind, "required": draw(st.booleans()), "description": draw(TEXT)}
    if kind in {"integer", "smallint", "bigint", "money", "decimal"}:
        low = draw(st.integers(-9, 9))
        found |= {"min": low, "max": low + draw(st.integers(0, 9)), "default": low}
    elif kind in {"text", "markdown", "url", "short_text"}:
        found |= {"default": draw(TEXT), "search": draw(st.sampled_from([None, "full_text", "trigram"]))}
    elif kind == "tags":
        found["default"] = draw(st.lists(TEXT, max_size=2))
    elif kind == "json":
        found["default"] = draw(st.dictionaries(TEXT, st.one_of(st.integers(), TEXT), max_size=2))
    if kind not in {"password_hash", "secret"}:
        found["unique"] = draw(st.booleans())
    return found


ENTITIES = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["identity", "uuid", "uuidv7", "text"]),
        "attributes": st.dictionaries(st.sampled_from(WORDS), attributes(), max_size=4),
        "soft_delete": st.booleans(),
        "timestamps": st.booleans(),
    }
)
RELATIONSHIPS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["owner", "parent", "group", "check"]),
        "kind": st.sampled_from(["one_to_one", "one_to_many", "many_to_one", "many_to_many"]),
        "from": st.sampled_from(NAMES),
        "to": st.sampled_from(NAMES),
        "on_delete": st.sampled_from([None, "cascade", "restrict", "no_action"]),
    }
)
REQUIREMENTS = st.fixed_dictionaries(
    {
        "format": st.just("schema-requirements/1"),
        "name": st.just("any"),
        "types": st.just({"mood": {"enum": ["a'b", "%", "é"]}}),
        "entities": st.fixed_dictionaries(dict.fromkeys(NAMES, ENTITIES)),
        "relationships": st.lists(RELATIONSHIPS, max_size=4, unique_by=str),
    }
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(requirements=REQUIREMENTS)
def test_a_valid_design_loads(requirements: Any, connection: Connection) -> None:
    try:
        found = design_schema(requirements)
    except ConflictingConstraintsError:
        return  # two names that contradict each other
    assert differences(connection, found) == []


def test_hypothesis_makes_valid_ones(connection: Connection) -> None:
    """Most of what it makes gets as far as the server."""
    valid = 0

    @settings(max_examples=30, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(requirements=REQUIREMENTS)
    def count(requirements: Any) -> None:
        nonlocal valid
        try:
            design_schema(requirements)
        except ConflictingConstraintsError:
            return
        valid += 1

    count()
    assert valid >= 15, f"{valid} of 30"
    assert connection is not None
