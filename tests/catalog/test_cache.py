"""What is kept of canonical models: right after every change, whatever happens to the file."""

from __future__ import annotations

import json
import multiprocessing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import CheckConstraint, Column, Enum, ForeignKey, Index, Integer, MetaData, Table, Text, event, text

from alembic_assay.catalog import canonical_plain_tables
from alembic_assay.catalog.cache import Cache
from alembic_assay.catalog.canonical import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from alembic_assay.catalog.canonical import Canonical


@pytest.fixture(autouse=True)
def _every_table_is_created(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show by what is created what was not known."""
    monkeypatch.setattr(canonical_plain_tables, "plain", lambda _table: None)


def models(*, label: str = "b", check: str = "id > 0", key: str | None = None) -> MetaData:
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer, primary_key=True), Column("mood", Enum("a", label, name="mood")))
    if key:
        metadata.tables["a"].primary_key.name = key
    Table("b", metadata, Column("a_id", Integer, ForeignKey("a.id")), Column("t", Text), Index("i", "t"))
    Table("c", metadata, Column("id", Integer), CheckConstraint(check, name="positive"))
    Table("d", metadata, Column("id", Integer), postgresql_inherits="c")
    return metadata


def created(connection: Connection, metadata: MetaData, cache: Path) -> tuple[Canonical, list[str]]:
    """Return the canonical form and the names of the tables that were created for it."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.extend(part.split('."')[1].split('"')[0] for part in statement.split("CREATE TABLE ")[1:])

    event.listen(connection, "before_cursor_execute", note)
    found = canonical(connection, metadata, cache=cache)
    event.remove(connection, "before_cursor_execute", note)
    assert found == canonical(connection, metadata)
    return found, statements


def test_what_is_known_is_not_created_again(connection: Connection, tmp_path: Path) -> None:
    first, everything = created(connection, models(), tmp_path)
    again, rest = created(connection, models(), tmp_path)
    assert first == again
    assert sorted(everything) == ["a", "b", "c", "d"]
    assert sorted(rest) == ["c", "d"]  # tables that inherit are always asked


def test_only_what_changed_is_created_again(connection: Connection, tmp_path: Path) -> None:
    created(connection, models(), tmp_path)
    assert sorted(created(connection, models(label="z"), tmp_path)[1]) == ["a", "c", "d"]
    assert "b" in created(connection, models(key="my_key"), tmp_path)[1]


@pytest.mark.parametrize(
    "change",
    [
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE DOMAIN dom AS int",
        "CREATE EXTENSION citext",
        "CREATE SCHEMA other",
        "SET LOCAL search_path = pg_catalog, public",
        "SET LOCAL datestyle = 'German'",
        "CREATE TYPE e AS ENUM ('x')",
    ],
)
def test_a_change_of_what_expressions_may_find_asks_anew(connection: Connection, tmp_path: Path, change: str) -> None:
    connection.execute(text("SELECT 1"))
    created(connection, models(), tmp_path)
    connection.execute(text(change))
    assert sorted(set(created(connection, models(), tmp_path)[1])) == ["a", "b", "c", "d"]


def test_a_new_table_of_the_database_asks_nothing_anew(connection: Connection, tmp_path: Path) -> None:
    created(connection, models(), tmp_path)
    connection.execute(text("CREATE TABLE new (id serial)"))
    assert sorted(created(connection, models(), tmp_path)[1]) == ["c", "d"]


def test_what_is_refused_is_not_kept(connection: Connection, tmp_path: Path) -> None:
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer), CheckConstraint("g(id) > 0", name="g"), Index("i", text("h(id)")))
    first, _ = created(connection, metadata, tmp_path)
    assert [refused.title for refused in first.refused] == ["constraint public.t.g", "index public.t.i"]
    assert created(connection, metadata, tmp_path) == (first, ["t", "t"])


def test_a_default_that_names_a_sequence_is_always_asked(connection: Connection, tmp_path: Path) -> None:
    metadata = MetaData()
    connection.execute(text("CREATE SEQUENCE s"))
    Table("t", metadata, Column("id", Integer, server_default=text("nextval('s')")))
    assert created(connection, metadata, tmp_path)[0].refused == ()
    connection.execute(text("DROP SEQUENCE s"))
    assert created(connection, metadata, tmp_path)[0].refused != ()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"x": 1}', "\x00" * 100, "5"])
def test_a_damaged_file_is_an_empty_one(connection: Connection, tmp_path: Path, content: str) -> None:
    found, _ = created(connection, models(), tmp_path)
    (file,) = tmp_path.glob("*.json")
    file.write_text(content, "utf-8")
    assert created(connection, models(), tmp_path)[0] == found
    assert len(json.loads(file.read_bytes())) > 1


def test_damaged_results_are_found_anew(connection: Connection, tmp_path: Path) -> None:
    found, _ = created(connection, models(), tmp_path)
    (file,) = tmp_path.glob("*.json")
    known = json.loads(file.read_bytes())
    for number, key in enumerate(known):
        known[key] = [None, [], [1], [[["table", []]], []], [[["view", []]], []]][number % 5]
    file.write_text(json.dumps(known), "utf-8")
    assert created(connection, models(), tmp_path)[0] == found


def test_a_directory_that_cannot_be_written_changes_nothing(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found, _ = created(connection, models(), tmp_path / "file")
    assert found == canonical(connection, models())


def test_git_ignores_the_directory_and_no_other_file_stays(connection: Connection, tmp_path: Path) -> None:
    created(connection, models(), tmp_path / "new")
    assert (tmp_path / "new" / ".gitignore").read_text("utf-8") == "# Made by alembic-assay; safe to delete.\n*\n"
    assert sorted(path.suffix for path in (tmp_path / "new").iterdir()) == ["", ".json"]


def _write(directory: Path, number: int) -> None:
    cache = Cache(directory, "shared")
    for _ in range(50):
        cache.save({str(number): "x" * 100_000})
        assert len(cache.load()) == 1


def test_two_processes_see_whole_files(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_write, args=(tmp_path, number)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".new"] == []
