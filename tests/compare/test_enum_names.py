"""Whatever types and labels are called, and however models declare them: each a full cycle with rows."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Literal

import pytest
from sqlalchemy import ARRAY, Column, Enum, Integer, MetaData, String, Table, TypeDecorator
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlmodel import Field, SQLModel
from tests.support.autogenerate import catalogs, cycle, execute, generate, rows, run

from alembic_assay import catalog
from alembic_assay.catalog.enums import Enum as EnumRecord
from alembic_assay.errors import ModelError
from alembic_assay.sql import literal, qualified

if TYPE_CHECKING:
    from sqlalchemy import URL

SCHEMA = 'My: 5%"s'
NAMES = ["Order", "interval", 'a"b', "50%:x", "x" * 63, "snø", "a b", "select", "mood__assay_old"]
LABELS = ["it's", 'say "hi"', ":x", "a:b", "50%", "%s", "%(x)s", "::", "\\", "snø", "x" * 63, "NULL", " ", "{a,b}"]


def models(*labels: str, name: str = "mood", schema: str | None = SCHEMA, **info: Any) -> MetaData:
    metadata = MetaData()
    type_ = Enum(*labels, name=name, schema=schema) if schema else Enum(*labels, name=name)
    Table(
        "Task 1",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("M m", type_, info=info),
        Column("many", ARRAY(type_)),
        schema=schema,
    )
    return metadata


def insert(label: str, schema: str | None = SCHEMA) -> str:
    table = qualified("Task 1", schema)
    return f"INSERT INTO {table} VALUES (1, {literal(label)}, ARRAY[{literal(label)}, NULL]::{{type}}[])"


def go(url: URL, before: MetaData, after: MetaData, name: str, held: str) -> None:
    execute(url, f"CREATE SCHEMA {qualified(SCHEMA)}")
    filled = insert(held).replace("{type}", qualified(name, SCHEMA))
    cycle(url, before, after, insert=[filled], include_schemas=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("after", "info"),
    [(["a", "z", "b"], {}), (["a"], {}), (["b", "a"], {}), (["alpha", "b"], {"renamed_values": {"a": "alpha"}})],
    ids=["add", "remove", "reorder", "rename"],
)
def test_any_name_of_a_type_in_any_schema(database_url: URL, name: str, after: list[str], info: dict[str, Any]) -> None:
    go(database_url, models("a", "b", name=name), models(*after, name=name, **info), name, "a")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("change", ["add", "remove", "keep", "rename"])
def test_any_label(database_url: URL, label: str, change: str) -> None:
    cases: dict[str, tuple[list[str], list[str], str, dict[str, Any]]] = {
        "add": (["a", "b"], ["a", label, "b"], "a", {}),
        "remove": (["a", label, "b"], ["a", "b"], "a", {}),
        "keep": (["a", label, "b"], ["b", label], label, {}),
        "rename": (["a", "b"], ["a", label], "b", {"renamed_values": {"b": label}}),
    }
    before, after, held, info = cases[change]
    go(database_url, models(*before), models(*after, **info), "mood", held)


@pytest.mark.parametrize("name", NAMES)
def test_a_type_takes_another_name_and_schema(database_url: URL, name: str) -> None:
    execute(database_url, f"CREATE SCHEMA {qualified(SCHEMA)}")
    before = models("a", "b", name="mood", schema=None)
    run(database_url, generate(database_url, before), "upgrade")
    execute(database_url, insert("a", None).replace("{type}", "mood"))
    metadata = MetaData()
    type_ = Enum("a", "b", name=name, schema=SCHEMA)
    info = {"type_renamed_from": "public.mood"}
    columns = [Column("id", Integer, primary_key=True), Column("M m", type_, info=info), Column("many", ARRAY(type_))]
    Table("Task 1", metadata, *columns)
    known, held = catalogs(database_url), rows(database_url)
    script = generate(database_url, metadata, include_schemas=True)
    assert script.upgrade.startswith("op.rename_enum(")
    run(database_url, script, "upgrade")
    assert generate(database_url, metadata, include_schemas=True).upgrade == "pass"
    run(database_url, script, "downgrade")
    assert [str(each) for each in catalog.diff(known, catalogs(database_url))] == []
    assert rows(database_url) == held


class Plain(enum.Enum):
    a = "A"
    b = "B"


class Text(enum.StrEnum):
    a = "A"
    b = "B"


class Number(enum.IntEnum):
    a = 1
    b = 2


class Decorated(TypeDecorator[str]):
    impl = Enum("a", "b", name="mood")
    cache_ok = True


WAYS: dict[str, Any] = {
    "labels": Enum("a", "b", name="mood"),
    "enum": Enum(Plain, name="mood"),
    "StrEnum": Enum(Text, name="mood"),
    "IntEnum": Enum(Number, name="mood"),
    "values_callable": Enum(Text, name="mood", values_callable=lambda each: [member.name for member in each]),
    "dialect's own": postgresql.ENUM("a", "b", name="mood"),
    "variant": String(5).with_variant(postgresql.ENUM("a", "b", name="mood"), "postgresql"),
    "decorator": Decorated(),
}


@pytest.mark.parametrize("type_", WAYS.values(), ids=WAYS.keys())
def test_every_way_to_declare_it_is_the_same_type(database_url: URL, type_: Any) -> None:
    metadata, longer = MetaData(), MetaData()
    Table("task", metadata, Column("id", Integer, primary_key=True), Column("mood", type_))
    longer_type = Enum("a", "b", "c", name="mood")
    Table("task", longer, Column("id", Integer, primary_key=True), Column("mood", longer_type))
    script = cycle(database_url, metadata, longer, insert=["INSERT INTO task VALUES (1, 'b')"])
    assert script.upgrade.strip() == 'op.add_enum_value("mood", "c", after="b")'


def test_literal_and_sqlmodel_fields(database_url: URL) -> None:
    class Base(DeclarativeBase):
        type_annotation_map = {Literal["a", "b"]: Enum("a", "b", name="letters")}  # noqa: RUF012 - SQLAlchemy's way

    class Task(Base):
        __tablename__ = "task"
        id: Mapped[int] = mapped_column(primary_key=True)
        letter: Mapped[Literal["a", "b"]]

    class Note(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        mood: Plain

    assert Task.__table__ is not None
    assert Note.__name__ == "Note"
    note = [SQLModel.metadata.tables["note"]]
    both = MetaData()
    for table in [*Base.metadata.sorted_tables, *note]:
        table.to_metadata(both)
    empty = MetaData()
    Table("other", empty, Column("id", Integer, primary_key=True))
    empty.tables["other"].to_metadata(both)
    cycle(database_url, empty, both)
    assert {each.name: each.labels for each in catalogs(database_url).of(EnumRecord)} == {
        "letters": ("a", "b"),
        "plain": ("a", "b"),
    }


def test_a_type_of_the_metadata_alone_is_created_and_kept(database_url: URL) -> None:
    metadata, more = MetaData(), MetaData()
    for each in (metadata, more):
        Table("task", each, Column("id", Integer, primary_key=True))
    Enum("a", name="lonely", metadata=more)
    script = cycle(database_url, metadata, more)
    assert script.upgrade == 'op.create_enum("lonely", ["a"])'


def test_a_thousand_labels(database_url: URL) -> None:
    labels = [f"label {number}" for number in range(1000)]
    before, after = MetaData(), MetaData()
    Table("task", before, Column("id", Integer, primary_key=True), Column("mood", Enum(*labels, name="mood")))
    kept = [*labels[:499], "new", *labels[500:]]
    info = {"renamed_values": {labels[499]: "new"}}
    Table("task", after, Column("id", Integer, primary_key=True), Column("mood", Enum(*kept, name="mood"), info=info))
    script = cycle(database_url, before, after, insert=["INSERT INTO task VALUES (1, 'label 499')"])
    assert script.upgrade == 'op.rename_enum_value("mood", "label 499", "new")'


def test_the_name_of_a_type_of_postgresqls_own_needs_a_schema(database_url: URL) -> None:
    with pytest.raises(ModelError) as caught:
        generate(database_url, models("a", name="interval", schema=None))
    assert str(caught.value) == (
        'the enum of column "Task 1"."M m" is called \'interval\', as a type of PostgreSQL\'s own is. Call it something'
        " else, or name its schema: Enum(..., schema='public')."
    )
