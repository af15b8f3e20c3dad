"""Enumerated types, each case a full cycle on a real server with rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.cycles import cycle, script_body, snapshot

from alembic_assay.catalog.enums import Enum
from alembic_assay.compare.enums import additions

if TYPE_CHECKING:
    from tests.support.project import Project

MODELS = """\
import enum
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


mood_type = {mood}
other = sa.Enum("x", "y", name="other")


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
{columns}
"""


def models(mood: str, *columns: str) -> str:
    return MODELS.format(mood=mood, columns="\n".join(f"    {column}" for column in columns))


def enum(*labels: str, name: str = "mood", rest: str = "") -> str:
    return f"sa.Enum({', '.join(map(repr, labels))}, name={name!r}{rest})"


LONG = "x" * 63
MOOD = "mood: Mapped[str] = mapped_column(mood_type, server_default={default!r})"
PLAIN = "mood = mapped_column(mood_type)"
ROWS = ("INSERT INTO tasks (mood) VALUES ('sad'), ('happy'), (NULL)",)


def labels(project: Project) -> dict[str, tuple[str, ...]]:
    return {enum.name: enum.labels for enum in snapshot(project).of(Enum)}


def test_a_type_comes_with_its_first_column_and_goes_with_its_last(project: Project) -> None:
    script = cycle(project, models(enum("sad", "happy")), models(enum("sad", "happy"), PLAIN))
    assert script_body(script, "upgrade") == [
        'op.create_enum("mood", ["sad", "happy"])',
        (
            'op.add_column("tasks", sa.Column("mood", postgresql.ENUM("sad", "happy", name="mood", create_type=False),'
            " nullable=True))"
        ),
    ]
    assert script_body(script, "downgrade") == ['op.drop_column("tasks", "mood")', 'op.drop_enum("mood")']


def test_dropping_the_last_column_drops_the_type_and_downgrade_restores_it(project: Project) -> None:
    script = cycle(project, models(enum("sad", "happy"), PLAIN), models("None"))
    assert script_body(script, "upgrade") == ['op.drop_column("tasks", "mood")', 'op.drop_enum("mood")']
    assert labels(project) == {}


def test_a_type_that_another_table_still_uses_is_kept(project: Project) -> None:
    project.write_models(models(enum("sad", "happy"), PLAIN))
    project.revise()
    project.alembic("upgrade", "head")
    project.sql("CREATE TABLE elsewhere (mood mood)")
    project.write_models(models("None") + "\nsa.Table('elsewhere', Base.metadata, sa.Column('id', sa.Integer))\n")
    project.sql("ALTER TABLE elsewhere ADD id int")
    project.write_env(
        "from alembic import context\nfrom alembic_assay.env import run\nfrom models import Base\n"
        "run(context, Base.metadata, include_name=lambda name, kind, parents: name != 'mood' or"
        " parents.get('table_name') == 'tasks')\n"
    )
    assert script_body(project.revise(), "upgrade") == ['op.drop_column("tasks", "mood")']


@pytest.mark.parametrize(("drop_unused", "dropped"), [(None, False), ("true", True)])
def test_a_type_that_nothing_uses_is_dropped_on_request_only(
    project: Project, drop_unused: str | None, dropped: bool
) -> None:
    project.write_models(models("None"))
    project.sql("CREATE TABLE tasks (id serial PRIMARY KEY)")
    project.sql("CREATE TYPE lonely AS ENUM ('a')")
    project.sql("CREATE TYPE wanted AS ENUM ('a')")
    project.sql("CREATE DOMAIN d AS wanted")
    arguments = [] if drop_unused is None else ["-x", f"assay.drop_unused={drop_unused}"]
    result = project.alembic(*arguments, "check", expect=255 if dropped else 0)
    assert ("remove_enum" in result.stdout) is dropped
    assert "wanted" not in result.stdout


def test_defaults_checks_indexes_arrays_comments_and_grants_survive_the_way_back(project: Project) -> None:
    columns = [
        "mood: Mapped[str] = mapped_column(mood_type, server_default='sad', comment='how')",
        "moods = mapped_column(sa.ARRAY(mood_type), server_default=sa.text(\"ARRAY['sad'::mood]\"))",
        (
            "__table_args__ = (sa.Index('ix_sad', 'mood', postgresql_where=sa.text(\"mood = 'sad'\")),"
            " sa.CheckConstraint(\"mood <> 'happy' OR id > 0\", name='ck'))"
        ),
    ]
    insert = (
        "INSERT INTO tasks (mood, moods) VALUES ('happy', ARRAY['sad', 'happy']::mood[]), (DEFAULT, DEFAULT)",
        "COMMENT ON TYPE mood IS 'it''s a mood: 50%'",
        "COMMENT ON INDEX ix_sad IS 'sad ones'",
        "COMMENT ON CONSTRAINT ck ON tasks IS 'a check'",
        "GRANT USAGE ON TYPE mood TO pg_monitor WITH GRANT OPTION",
    )
    after = models(enum("sad", "ok", "happy"), *columns)
    script = cycle(project, models(enum("sad", "happy"), *columns), after, insert=insert)
    assert script_body(script, "upgrade") == ['op.add_enum_value("mood", "ok", after="sad")']


def test_a_value_used_in_its_own_revision_is_committed_first(project: Project) -> None:
    before = models(enum("sad", "happy"), MOOD.format(default="sad"))
    after = models(
        enum("sad", "ok", "happy"),
        MOOD.format(default="sad"),
        "second: Mapped[str] = mapped_column(mood_type, server_default='ok')",
    )
    script = cycle(project, before, after, insert=("INSERT INTO tasks (mood) VALUES ('sad')",))
    assert script_body(script, "upgrade") == [
        "with op.get_context().autocommit_block():",
        '    op.add_enum_value("mood", "ok", after="sad", if_not_exists=True)',
        (
            'op.add_column("tasks", sa.Column("second", postgresql.ENUM("sad", "ok", "happy", name="mood",'
            ' create_type=False), server_default="ok", nullable=False))'
        ),
    ]


def test_a_part_of_a_word_is_no_use(project: Project) -> None:
    script = cycle(
        project, models(enum("sad"), PLAIN), models(enum("sad", "r"), PLAIN, "order = mapped_column(sa.Text)")
    )
    assert script_body(script, "upgrade")[0] == 'op.add_enum_value("mood", "r", after="sad")'


def test_what_commits_comes_first(project: Project) -> None:
    before = models(enum("sad"), PLAIN)
    after = models(
        enum("sad", "ok"),
        PLAIN,
        "other = mapped_column(other)",
        "third = mapped_column(mood_type, server_default='ok')",
    )
    script = cycle(project, before, after)
    assert script_body(script, "upgrade")[:3] == [
        "with op.get_context().autocommit_block():",
        '    op.add_enum_value("mood", "ok", after="sad", if_not_exists=True)',
        'op.create_enum("other", ["x", "y"])',
    ]


def test_other_schemas_upper_case_and_reserved_names(project: Project) -> None:
    project.sql('CREATE SCHEMA "My App"')
    columns = ["__table_args__ = {'schema': 'My App'}", "select = mapped_column('Select', mood_type)"]

    def named(*labels: str) -> str:
        return enum(*labels, name="Order", rest=", schema='My App'")

    project.write_env(
        "from alembic import context\nfrom alembic_assay.env import run\nfrom models import Base\n"
        "run(context, Base.metadata, include_schemas=True)\n"
    )
    insert = ('INSERT INTO "My App".tasks ("Select") VALUES (\'sad\')',)
    script = cycle(project, models(named("sad"), *columns), models(named("x", "sad"), *columns), insert=insert)
    assert script_body(script, "upgrade") == ['op.add_enum_value("Order", "x", before="sad", schema="My App")']
    assert script_body(script, "downgrade") == ['op.replace_enum("Order", ["sad"], schema="My App")']


def test_an_enum_that_is_not_native_is_none(project: Project) -> None:
    cycle(project, models("None"), models(enum("sad", rest=", native_enum=False"), PLAIN))
    assert labels(project) == {}


def test_a_sqlmodel_field_is_an_enum_too(project: Project) -> None:
    project.write_models("""
        import enum
        from sqlmodel import Field, SQLModel

        class Mood(enum.Enum):
            SAD = "sad"

        class Task(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            mood: Mood
            name: str = Field(max_length=50)
            title: str

        Base = SQLModel
    """)
    script = project.revise()
    assert script_body(script, "upgrade")[0] == 'op.create_enum("mood", ["SAD"])'
    assert 'sa.Column("name", sa.String(length=50), nullable=False)' in script.read_text()
    assert "sqlmodel" not in script.read_text()
    project.alembic("upgrade", "head")
    project.alembic("check")


def test_a_removed_value_that_rows_hold_is_refused_and_nothing_is_done(project: Project) -> None:
    project.write_models(models(enum("sad", "ok", "happy"), PLAIN))
    project.revise()
    project.alembic("upgrade", "head")
    project.write_models(models(enum("sad", "happy"), PLAIN))
    project.revise()
    project.sql("INSERT INTO tasks (mood) VALUES ('ok'), ('ok'), ('sad')")
    before = snapshot(project)
    result = project.alembic("upgrade", "head", expect=1)
    assert result.stderr.splitlines()[-1] == (
        "FAILED: op.replace_enum: enum mood would lose 'ok', but 2 rows of public.tasks.mood hold 'ok'. Nothing was"
        " changed. Map the rows: mapping={'ok': ...}."
    )
    assert snapshot(project) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            models(enum("a"), PLAIN, "second = mapped_column(sa.Enum('a', 'b', name='mood'))"),
            (
                "enum mood has two definitions: tasks.mood says ['a'], tasks.second says ['a', 'b']. Declare the type once"
                " and use it in both columns."
            ),
        ),
        (
            models(enum("x" * 64), PLAIN),
            f"enum mood of column tasks.mood: label '{'x' * 64}' has 64 bytes, expected 1 to 63.",
        ),
        (
            models(enum("a", name="e" * 64), PLAIN),
            f"the enum of column tasks.mood has a name of 64 bytes, expected at most 63: {'e' * 64!r}.",
        ),
        (
            models("sa.Enum('a', name=None)", PLAIN),
            "the enum of column tasks.mood has no name. Give it one: Enum(..., name='...').",
        ),
    ],
)
def test_models_that_cannot_be_are_refused_in_one_line(project: Project, text: str, message: str) -> None:
    project.write_models(text)
    result = project.alembic("revision", "--autogenerate", "-m", "x", expect=1)
    assert result.stderr.splitlines()[-1] == f"FAILED: {message}"
    assert list(project.versions.glob("*.py")) == []


label_lists = st.lists(st.text("abcdefghij", min_size=1, max_size=2), unique=True, max_size=8)


@given(label_lists, st.data())
def test_additions_played_one_after_the_other_give_the_wanted_order(after: list[str], data: st.DataObject) -> None:
    before = [label for label in after if data.draw(st.booleans())]
    found = list(before)
    for addition in additions("e", None, before, after) or []:
        anchor = addition.before if addition.before is not None else addition.after
        position = len(found) if anchor is None else found.index(anchor) + (addition.after is not None)
        found.insert(position, addition.value)
    assert found == after


@given(label_lists, label_lists)
def test_what_adding_cannot_reach_is_said(before: list[str], after: list[str]) -> None:
    reachable = [label for label in after if label in before] == before
    assert (additions("e", None, before, after) is not None) is reachable
