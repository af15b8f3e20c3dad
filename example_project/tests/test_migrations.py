from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic_assay.proof.server import find_binaries

from models import metadata

if TYPE_CHECKING:
    from sqlalchemy import URL

Alembic = Callable[..., subprocess.CompletedProcess[str]]

PROJECT = Path(__file__).resolve().parent.parent
REVISIONS = ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008"]


def dump(url: URL) -> list[str]:
    """Read the catalogs without any code of ours: the lines of pg_dump."""
    connection = {
        "PGHOST": str(url.host),
        "PGPORT": str(url.port or 5432),
        "PGUSER": str(url.username),
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": str(url.database),
    }
    done = subprocess.run(
        [pg_dump(url), "--schema-only", "--exclude-table=alembic_version"],
        env={**os.environ, **connection},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if not line.startswith(("--", "\\"))]


def pg_dump(url: URL) -> str:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        major = int(str(connection.exec_driver_sql("SHOW server_version_num").scalar())) // 10_000
    for order in (("system", "embedded"), ("embedded", "system")):
        binaries = find_binaries(*order)
        program = shutil.which("pg_dump", path=str(binaries.directory))
        if program and binaries.major >= major:
            return program
    return pytest.skip(f"there is no pg_dump for PostgreSQL {major}")


def unordered(lines: list[str]) -> list[str]:
    # PostgreSQL 18 names NOT NULL constraints, and keeps the name when a column is renamed.
    return sorted(re.sub(r"CONSTRAINT \w+ NOT NULL", "NOT NULL", line).rstrip(",") for line in lines)


def test_history_is_one_line() -> None:
    script = ScriptDirectory.from_config(Config(PROJECT / "alembic.ini"))
    assert [revision.revision for revision in script.walk_revisions()] == REVISIONS[::-1]


def test_up_down_up(empty: URL, alembic: Alembic) -> None:
    before = dump(empty)
    for command, revision in (("upgrade", "head"), ("downgrade", "base"), ("upgrade", "head")):
        done = alembic(empty, command, revision)
        assert done.returncode == 0, done.stderr
        if command == "downgrade":
            assert dump(empty) == before
    assert alembic(empty, "current").stdout.strip() == "0008 (head)"


def test_every_downgrade_restores_the_catalogs(empty: URL, alembic: Alembic) -> None:
    before = {}
    for revision in REVISIONS:
        before[revision] = dump(empty)
        done = alembic(empty, "upgrade", revision)
        assert done.returncode == 0, done.stderr
    for revision in REVISIONS[::-1]:
        done = alembic(empty, "downgrade", "-1")
        assert done.returncode == 0, done.stderr
        assert dump(empty) == before[revision], revision


def test_history_has_no_findings(empty: URL, alembic: Alembic) -> None:
    done = alembic(empty, "lint", program="assay")
    assert (done.returncode, done.stdout.strip()) == (0, "No findings."), done.stderr


def test_every_revision_is_proved_reversible(empty: URL, alembic: Alembic) -> None:
    done = alembic(empty, "prove", "base:head", program="assay")
    assert done.returncode == 0, done.stderr
    proved = [line.partition(" (")[0] for line in done.stdout.splitlines()]
    assert proved == [f"{name}: Reversible: up, down and up again gave equal catalogs" for name in REVISIONS]


def test_nothing_is_left_for_autogenerate(migrated: URL, alembic: Alembic) -> None:
    done = alembic(migrated, "check")
    assert (done.returncode, done.stdout.strip()) == (0, "No new upgrade operations detected."), done.stderr


def test_history_and_models_make_the_same_schema(empty: URL, migrated: URL) -> None:
    engine = sa.create_engine(empty, poolclass=sa.NullPool)
    metadata.create_all(engine)
    assert unordered(dump(empty)) == unordered(dump(migrated))


def test_sql_script_makes_the_same_schema(empty: URL, migrated: URL, alembic: Alembic) -> None:
    script = alembic(empty, "upgrade", "head", "--sql")
    assert script.returncode == 0, script.stderr
    engine = sa.create_engine(empty, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        for statement in script.stdout.split(";\n"):
            driver.execute(statement)
    assert dump(empty) == dump(migrated)


def test_tags_survive_both_ways(empty: URL, alembic: Alembic) -> None:
    assert alembic(empty, "upgrade", "0006").returncode == 0
    engine = sa.create_engine(empty, poolclass=sa.NullPool)
    old = [[], [{"name": "home"}], [{"name": "b"}, {"name": "a"}, {"name": "it's: 100 %"}]]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO users (id, email, name, password_hash) VALUES ('ada', 'ada@example.com', 'Ada', '!')"
        )
        connection.exec_driver_sql(
            "INSERT INTO tasks (user_id, title, tags) SELECT 'ada', n, (%s::jsonb) -> (n %% 3) "
            "FROM generate_series(0, 2500) n",
            (json.dumps(old),),
        )
    rows = "SELECT tags FROM tasks ORDER BY id"
    assert alembic(empty, "upgrade", "head").returncode == 0
    with engine.begin() as connection:
        new = [[], ["home"], ["b", "a", "it's: 100 %"]]
        assert connection.exec_driver_sql(rows).scalars().all() == [new[n % 3] for n in range(2501)]
        connection.exec_driver_sql("""UPDATE tasks SET tags = '["since"]' WHERE title = '0'""")
    assert alembic(empty, "downgrade", "0006").returncode == 0
    with engine.begin() as connection:
        found = connection.exec_driver_sql(rows).scalars().all()
        assert found == [[{"name": "since"}], *(old[n % 3] for n in range(1, 2501))]


def test_half_converted_tags_are_converted_by_the_next_run(empty: URL, alembic: Alembic) -> None:
    assert alembic(empty, "upgrade", "0006").returncode == 0
    engine = sa.create_engine(empty, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO users (id, email, name, password_hash) VALUES ('ada', 'ada@example.com', 'Ada', '!')"
        )
        connection.exec_driver_sql(
            """INSERT INTO tasks (user_id, title, tags) VALUES
            ('ada', 'done', '["home"]'), ('ada', 'both', '["a", {"name": "b"}]'), ('ada', 'open', '[{"name": "c"}]')"""
        )
    assert alembic(empty, "upgrade", "head").returncode == 0
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT tags FROM tasks ORDER BY id").scalars().all()
    assert found == [["home"], ["a", "b"], ["c"]]


def test_what_a_failed_run_left_does_not_stop_the_next(empty: URL, alembic: Alembic) -> None:
    assert alembic(empty, "upgrade", "0007").returncode == 0
    engine = sa.create_engine(empty, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO users (id, email, name, password_hash) VALUES ('ada', 'ada@example.com', 'Ada', '!')"
        )
        connection.exec_driver_sql("""INSERT INTO tasks (user_id, title, tags) VALUES ('ada', 'T', '[1]')""")
    assert alembic(empty, "upgrade", "head").returncode == 1
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE tasks SET tags = '[]'")
    done = alembic(empty, "upgrade", "head")
    assert done.returncode == 0, done.stderr
