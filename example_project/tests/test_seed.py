from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import seed

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine


PROJECT = Path(__file__).resolve().parent.parent


def run(url: URL | None) -> subprocess.CompletedProcess[str]:
    text = "" if url is None else url.render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, "seed.py"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": text, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(engine: Engine) -> list[object]:
    tables = "SELECT to_jsonb(t) - 'id' FROM tasks t UNION ALL SELECT to_jsonb(u) FROM users u ORDER BY 1"
    with engine.connect() as connection:
        return list(connection.exec_driver_sql(tables).scalars())


def test_writes_the_same_rows_each_time(engine: Engine) -> None:
    assert seed.seed(engine) == {"users": 200, "categories": 4, "tasks": 4000}
    first = rows(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE users, tasks, categories RESTART IDENTITY")
    seed.seed(engine)
    assert rows(engine) == first


def test_refuses_a_database_with_rows(engine: Engine) -> None:
    assert (run(engine.url).returncode, run(engine.url).returncode) == (0, 1)
    again = run(engine.url)
    assert again.stderr == ("seed.py: table 'users' holds 200 rows already: seed.py writes only into empty tables.\n")


def test_says_what_it_wrote(engine: Engine) -> None:
    done = run(engine.url)
    assert (done.stdout, done.stderr) == ("Wrote 200 users, 4 categories, 4,000 tasks.\n", "")


def test_refuses_a_database_without_tables(empty: URL) -> None:
    done = run(empty)
    assert (done.returncode, done.stderr) == (
        1,
        "seed.py: there is no table 'users': run 'alembic upgrade head' first.\n",
    )


def test_refuses_to_guess_the_database() -> None:
    done = run(None)
    assert (done.returncode, done.stderr) == (
        1,
        "seed.py: DATABASE_URL is not set: expected postgresql://user:password@host/database.\n",
    )


def test_says_in_one_line_that_the_server_is_down(empty: URL) -> None:
    done = run(empty.set(host="127.0.0.1", port=1))
    assert done.returncode == 1
    assert done.stderr.startswith("seed.py: connection failed: ")
    assert len(done.stderr.splitlines()) == 1
    assert str(empty.password) not in done.stderr
