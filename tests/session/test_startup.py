from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from alembic_assay.errors import DatabaseURLError
from alembic_assay.session.startup import split_options

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


def url(options: str | tuple[str, ...]) -> URL:
    return URL.create("postgresql", host="h", query={"options": options})


def split(options: str | tuple[str, ...]) -> tuple[str | None, dict[str, str]]:
    rest, settings = split_options(url(options), pooled=True)
    kept = rest.query.get("options")
    assert kept is None or isinstance(kept, str)
    return kept, settings


def test_a_direct_url_stays() -> None:
    given = url("-csearch_path=app")
    assert split_options(given, pooled=False) == (given, {})
    assert split_options(URL.create("postgresql"), pooled=True) == (URL.create("postgresql"), {})


@pytest.mark.parametrize(
    ("options", "kept", "settings"),
    [
        ("-csearch_path=app", None, {"search_path": "app"}),
        ("-c search_path=app,public  -c lock_timeout=2s", None, {"search_path": "app,public", "lock_timeout": "2s"}),
        ("--lock-timeout=2s", None, {"lock_timeout": "2s"}),
        (r"-csearch_path=a\ b\\c", None, {"search_path": r"a b\c"}),
        (r'-csearch_path="My\ App"', None, {"search_path": '"My App"'}),
        ("endpoint=ep-a-pooler -capp.x=a=b", "endpoint=ep-a-pooler", {"app.x": "a=b"}),
        (("endpoint=ep", "-ca=b"), "endpoint=ep", {"a": "b"}),
    ],
)
def test_settings_are_taken_out_of_a_pooled_url(
    options: str | tuple[str, ...], kept: str | None, settings: dict[str, str]
) -> None:
    assert split(options) == (kept, settings)


@pytest.mark.parametrize("word", ["-x", "-c", "-c5=a", "-B100"])
def test_what_is_no_setting(word: str) -> None:
    message = f"parameter 'options': expected -c name=value, got {word!r}."
    with pytest.raises(DatabaseURLError, match=f"^{re.escape(message)}$"):
        split(word)


@given(TEXT)
def test_every_value_comes_through(value: str) -> None:
    escaped = re.sub(r"([ \t\n\v\f\r\\])", r"\\\1", value)
    assert split(f"-csearch_path={escaped}") == (None, {"search_path": value})
