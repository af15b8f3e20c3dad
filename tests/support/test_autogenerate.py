"""The cycle without files is the one of the real command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Enum, Integer, MetaData, Table
from tests.support.autogenerate import Script, cycle, execute, generate

if TYPE_CHECKING:
    from sqlalchemy import URL


def _models(*labels: str) -> MetaData:
    metadata = MetaData()
    Table("task", metadata, Column("id", Integer, primary_key=True), Column("mood", Enum(*labels, name="mood")))
    return metadata


def test_a_cycle(database_url: URL) -> None:
    """What it returns is what the command would have written."""
    script = cycle(
        database_url, _models("sad", "happy"), _models("sad", "calm", "happy"), insert=["INSERT INTO task VALUES (1)"]
    )
    assert 'op.add_enum_value("mood", "calm", after="sad")' in script.upgrade
    assert generate(database_url, _models("sad", "calm", "happy")).upgrade == "pass"


def test_nothing_but_imports_is_in_reach() -> None:
    """A name that the script does not import fails as it would in its file."""
    script = Script(imports="", upgrade="sqlmodel.AutoString()", downgrade="pass")
    with pytest.raises(NameError, match="name 'sqlmodel' is not defined"):
        script.function("upgrade")()


def test_what_stays_different_is_said(database_url: URL) -> None:
    """Rows that do not come back fail the cycle."""
    execute(database_url, "CREATE TABLE task (id integer PRIMARY KEY, other text)", "INSERT INTO task VALUES (1, 'x')")
    metadata = MetaData()
    Table("task", metadata, Column("id", Integer, primary_key=True))
    with pytest.raises(AssertionError, match=r"\(1,x\)"):
        cycle(database_url, [], metadata)
