"""Names as the server writes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alembic_assay.catalog.names import parts, split
from alembic_assay.sql import display, identifier, qualified

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)


@given(names, names)
def test_names_are_split_as_they_were_joined(schema: str, name: str) -> None:
    assert parts(qualified(name, schema)) == (schema, name)
    assert parts(display(name, schema)) == (schema, name)
    assert split(f"{identifier(name)} some text") == (identifier(name), "some text")
