"""Records made from rows and copied: as the constructor makes them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from alembic_assay.catalog.enums import Enum
from alembic_assay.catalog.record import copied, maker

NAMES = ["name", "labels", "schema", "comment", "acl", "owner"]


def test_a_row_becomes_the_record_that_the_constructor_makes() -> None:
    made = maker(Enum, NAMES)(["mood", ["a", "b"], "public", None, None, "me"])
    assert made == Enum(schema="public", name="mood", labels=("a", "b"), owner="me")
    assert hash(made) == hash(replace(made))
    with pytest.raises(FrozenInstanceError):
        made.name = "x"  # type: ignore[misc] # it is frozen


@pytest.mark.parametrize("names", [NAMES[:-1], [*NAMES, "more"], [*NAMES, "name"]])
def test_other_names_are_refused(names: list[str]) -> None:
    with pytest.raises(TypeError, match="expected a value for each of"):
        maker(Enum, names)


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        maker(Enum, NAMES)(["mood"])


def test_a_copy_differs_in_what_is_given() -> None:
    record = Enum(schema="public", name="mood", labels=("a",))
    assert copied(record, name="other") == replace(record, name="other")
    assert record.name == "mood"
