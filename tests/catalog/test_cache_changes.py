"""Whatever changes in the models, the cache gives what would be found without it."""

from __future__ import annotations

import json
import multiprocessing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    NullPool,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, UserDefinedType

from alembic_assay.catalog.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import URL, Connection


class Short(TypeDecorator[str]):
    impl = String
    cache_ok = True


class Anything(UserDefinedType[Any]):
    cache_ok = True

    def __init__(self, spec: str) -> None:
        self.spec = spec

    def get_col_spec(self, **_: object) -> str:
        return self.spec


SCHEMAS = ("one", "two")
Options = dict[str, Any]

CHOICES: dict[str, list[Any]] = {
    "label": ["a", "b", "it's"],
    "other_label": ["a", "b"],
    "level": ["VALUE > 0", "VALUE > 1"],
    "length": [5, 6],
    "spec": ["int", "bigint"],
    "type": [Integer(), Numeric(5, 1), postgresql.TIMESTAMP(precision=2)],
    "nullable": [True, False],
    "default": [None, text("0"), text("1")],
    "check": ["n > 0", "n > 1", "n > 0 OR b IS NULL"],
    "check_name": [None, "c"],
    "index": [("n",), ("n", "s"), ("s", "n")],
    "unique": [True, False],
    "where": [None, text("n > 0")],
    "delete": [None, "CASCADE", "RESTRICT"],
    "identity": [Identity(), Identity(always=True), Identity(start=5)],
    "comment": [None, "x", "y"],
    "convention": [None, {"pk": "pk_%(table_name)s"}],
    "target": ["one.a.id", "two.a.id"],
    "order": [False, True],
    "key": [None, "my_key"],
    "column": ["z", "Z"],
}


def models(chosen: Options) -> MetaData:
    metadata = MetaData(naming_convention=chosen["convention"])
    for schema, label in zip(SCHEMAS, ("label", "other_label"), strict=True):
        mood = Enum("x", chosen[label], name="mood", schema=schema)
        key = PrimaryKeyConstraint("id", name=chosen["key"])
        Table("a", metadata, Column("id", Integer), Column("mood", mood), key, schema=schema)
    level = postgresql.DOMAIN("level", Integer(), check=text(chosen["level"]), schema="one")
    columns = [
        Column("id", Integer, chosen["identity"], primary_key=True),
        Column("s", Short(chosen["length"]), comment=chosen["comment"]),
        Column("n", Integer, nullable=chosen["nullable"], server_default=chosen["default"]),
        Column("a_id", Integer, ForeignKey(chosen["target"], ondelete=chosen["delete"])),
        Column(chosen["column"], chosen["type"]),
        Column("any", Anything(chosen["spec"])),
        Column("level", level),
    ]
    table = Table("b", metadata, *(reversed(columns) if chosen["order"] else columns), schema="one")
    table.append_column(Column("b", Integer))
    table.append_constraint(CheckConstraint(chosen["check"], name=chosen["check_name"]))
    Index("i", *[table.c[name] for name in chosen["index"]], unique=chosen["unique"], postgresql_where=chosen["where"])
    if chosen["unique"]:
        table.append_constraint(UniqueConstraint("s", "n"))
    return metadata


@pytest.fixture
def schemas(connection: Connection) -> Connection:
    for schema in (*SCHEMAS, "three"):
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    return connection


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_one_thing_altered_is_seen(schemas: Connection, tmp_path: Path, data: st.DataObject) -> None:
    chosen = {name: data.draw(st.sampled_from(values), label=name) for name, values in CHOICES.items()}
    name = data.draw(st.sampled_from(sorted(CHOICES)), label="altered")
    altered = {**chosen, name: data.draw(st.sampled_from([each for each in CHOICES[name] if each is not chosen[name]]))}
    before = canonical(schemas, models(chosen), cache=tmp_path)
    assert canonical(schemas, models(chosen), cache=tmp_path) == before
    assert canonical(schemas, models(altered), cache=tmp_path) == canonical(schemas, models(altered))
    assert canonical(schemas, models(chosen), cache=tmp_path) == before


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_each_of_these_makes_a_difference(schemas: Connection, tmp_path: Path, name: str) -> None:
    first = {each: values[0] for each, values in CHOICES.items()}
    found = [canonical(schemas, models({**first, name: value}), cache=tmp_path) for value in CHOICES[name]]
    assert len({(each.records, each.dependencies) for each in found}) == len(found)
    assert found == [canonical(schemas, models({**first, name: value})) for value in CHOICES[name]]


def test_a_schema_translate_map_is_a_difference(schemas: Connection, tmp_path: Path) -> None:
    first = {each: values[0] for each, values in CHOICES.items()}
    plain = canonical(schemas, models(first), cache=tmp_path)
    schemas.execution_options(schema_translate_map={"one": "three"})
    moved = canonical(schemas, models(first), cache=tmp_path)
    assert moved == canonical(schemas, models(first))
    assert moved != plain


def test_what_is_known_is_not_tried_again(schemas: Connection, tmp_path: Path) -> None:
    first = {each: values[0] for each, values in CHOICES.items()}
    found = canonical(schemas, models(first), cache=tmp_path)
    schemas.exec_driver_sql("SET LOCAL statement_timeout = '10s'")
    assert [_statements(schemas, lambda: canonical(schemas, models(first), cache=tmp_path))] == [(found, [])]


def _statements(connection: Connection, action: Callable[[], Any]) -> tuple[Any, list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(("CREATE", "ALTER")):
            statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    found = action()
    event.remove(connection, "before_cursor_execute", note)
    return found, statements


@pytest.mark.parametrize("content", ["", "[]", "null", "{", "\x00", '{"k": 1}'])
def test_damaged_files_are_empty_ones(schemas: Connection, tmp_path: Path, content: str) -> None:
    first = {each: values[0] for each, values in CHOICES.items()}
    found = canonical(schemas, models(first), cache=tmp_path)
    for file in tmp_path.glob("*.json"):
        file.write_text(content, "utf-8")
    assert canonical(schemas, models(first), cache=tmp_path) == found


@pytest.mark.parametrize("value", [None, [], [[], 1], [[["view", [[1]]]], []], [[["table", [["x"]]]], []], [[], [[1]]]])
def test_what_another_version_wrote_is_not_used(schemas: Connection, tmp_path: Path, value: object) -> None:
    first = {each: values[0] for each, values in CHOICES.items()}
    found = canonical(schemas, models(first), cache=tmp_path)
    for file in tmp_path.glob("*.json"):
        file.write_text(json.dumps(dict.fromkeys(json.loads(file.read_bytes()), value)), "utf-8")
    assert canonical(schemas, models(first), cache=tmp_path) == found


def _find(url: str, directory: Path, number: int) -> None:
    engine = create_engine(url, poolclass=NullPool)
    first = {each: values[0] for each, values in CHOICES.items()}
    with engine.connect() as connection:
        for turn in range(4):
            chosen = {**first, "length": 10 + (number + turn) % 3}
            assert canonical(connection, models(chosen), cache=directory) == canonical(connection, models(chosen))


def test_two_processes_share_a_directory(database_url: URL, schemas: Connection, tmp_path: Path) -> None:
    schemas.commit()
    context = multiprocessing.get_context("fork")
    url = database_url.render_as_string(hide_password=False)
    processes = [context.Process(target=_find, args=(url, tmp_path, number)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
