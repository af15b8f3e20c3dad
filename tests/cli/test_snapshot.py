"""``assay snapshot``: complete, of one moment, and a file that is whole or not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text
from tests.support import pgbouncer, servers
from tests.support.project import STOCK_ENV

from alembic_assay import catalog
from alembic_assay.catalog import document
from alembic_assay.catalog.reading import one_moment
from alembic_assay.cli import snapshot as command
from alembic_assay.errors import AssayError
from alembic_assay.neon.url import masked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL
    from tests.support.project import Project

PASSWORD = "s3cret-%40-word"


@pytest.fixture
def shop(project: Project) -> Project:
    project.add_revision("op.execute('CREATE TABLE t (id int PRIMARY KEY, \"Größe\" text)')", "op.drop_table('t')")
    project.alembic("upgrade", "head")
    return project


def titles(written: str) -> list[str]:
    return [record.title for record in document.from_document(json.loads(written)) if record.kind == "table"]


def failure(stderr: str) -> list[str]:
    assert "Traceback" not in stderr
    return [line for line in stderr.splitlines() if not line.startswith(("INFO", "  "))]


@pytest.mark.parametrize("env", [None, STOCK_ENV])
def test_it_prints_the_whole_schema_without_the_version_table(shop: Project, env: str | None) -> None:
    if env is not None:
        shop.write_env(env)
    printed = shop.assay("snapshot", env={"PYTHONIOENCODING": "ascii"}).stdout
    with create_engine(shop.url, poolclass=NullPool).connect() as connection:
        everything = catalog.read(connection)
    assert any("alembic_version" in record.key for record in everything)
    expected = command.without_version_table(everything)
    assert printed == document.dumps(document.to_document(expected))
    assert titles(printed) == ["table public.t"]
    assert '"Größe"' in printed


def test_only_alembics_own_table_is_left_out(shop: Project) -> None:
    shop.sql("CREATE SCHEMA other")
    shop.sql("CREATE TABLE other.alembic_version (version_num text, mine int)")
    shop.sql("CREATE VIEW v AS SELECT version_num FROM public.alembic_version")
    printed = shop.assay("snapshot").stdout
    assert titles(printed) == ["table other.alembic_version", "table public.t"]
    assert not any("public" in edge["needs"] for edge in json.loads(printed).get("dependencies", ()))


def test_the_version_table_may_have_another_name(project: Project) -> None:
    project.sql("CREATE SCHEMA ops")
    project.write_env(
        "from alembic import context\nfrom alembic_assay.env import run\nfrom models import Base\n\n"
        "run(context, Base.metadata, version_table='history', version_table_schema='ops')\n"
    )
    project.add_revision("op.execute('CREATE TABLE history (version_num text)')", "op.drop_table('history')")
    project.alembic("upgrade", "head")
    assert titles(project.assay("snapshot").stdout) == ["table public.history"]


@pytest.mark.parametrize(
    ("name", "arguments", "is_json"),
    [
        ("a.json", [], True),
        ("a.YML", [], False),
        ("a.yaml", ["--format", "json"], True),
        ("schema", ["--format", "yaml"], False),
    ],
)
def test_a_file_is_written_in_the_format_of_its_ending(
    shop: Project, name: str, arguments: list[str], is_json: bool
) -> None:
    result = shop.assay("snapshot", "-o", name, *arguments)
    written = (shop.root / name).read_text("utf-8")
    assert written.startswith("{" if is_json else "format: schema/1\n")
    found = document.from_document(document.loads(written, "json" if is_json else "yaml"))
    assert result.stdout == f"Wrote {len(found)} objects to {name}.\n"


def test_a_url_needs_no_project(tmp_path: Path, project: Project) -> None:
    project.sql("CREATE TABLE t (id int)")
    result = subprocess.run(
        [sys.executable, "-m", "alembic_assay.cli", "snapshot", "--url", servers.libpq_url(project.url)],
        cwd=tmp_path,
        env=project._environment({"DATABASE_URL": None}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert titles(result.stdout) == ["table public.t"]
    assert result.stderr == ""


def test_no_password_is_printed(shop: Project) -> None:
    wrong = shop.url.set(username="nobody", password=PASSWORD)
    result = shop.assay("snapshot", "--url", wrong.render_as_string(hide_password=False), expect=1)
    assert PASSWORD not in result.stdout + result.stderr
    (line,) = failure(result.stderr)
    assert line.startswith(f"FAILED: cannot connect to {masked(wrong)}: ")


ASYNC_ENV = """\
import asyncio
import os

from alembic import context
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from models import Base


def migrate(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def run():
    engine = create_async_engine(os.environ["DATABASE_URL"], poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(run())
"""


def test_an_async_env_is_read_too(shop: Project) -> None:
    pytest.importorskip("greenlet")
    expected = shop.assay("snapshot").stdout
    shop.write_env(ASYNC_ENV)
    assert shop.assay("snapshot").stdout == expected


def test_it_reads_through_a_transaction_pooler(shop: Project) -> None:
    if pgbouncer.find() is None:
        pytest.skip("no program 'pgbouncer' was found: install the package pgbouncer")
    with pgbouncer.running(shop.url) as pooled:
        through = shop.assay("snapshot", "--url", pooled.render_as_string(hide_password=False)).stdout
    assert through == shop.assay("snapshot").stdout


def test_an_env_that_migrates_two_databases_must_say_which(shop: Project) -> None:
    shop.write_env(STOCK_ENV.replace("else:\n    with", "else:\n  for _ in range(2):\n    with"))
    result = shop.assay("snapshot", expect=1)
    assert failure(result.stderr) == [
        ("FAILED: expected env.py to run migrations once, but it ran them 2 times. Name the database by its URL.")
    ]


@pytest.fixture
def poor_url(shop: Project) -> Iterator[URL]:
    """A role that may connect, and nothing else, and whose transactions are read-only."""
    role = f"poor_{os.getpid()}"
    shop.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    shop.sql(f"ALTER ROLE {role} SET default_transaction_read_only = on")
    shop.sql("CREATE SCHEMA secret")
    shop.sql("CREATE TABLE secret.s (id int CHECK (id > 0))")
    shop.sql("CREATE VIEW secret.v AS SELECT id FROM secret.s")
    yield shop.url.set(username=role, password="x")
    shop.sql(f"DROP ROLE {role}")


def test_a_role_without_rights_reads_all_the_same(shop: Project, poor_url: URL) -> None:
    poor = shop.assay("snapshot", "--url", poor_url.render_as_string(hide_password=False)).stdout
    assert poor == shop.assay("snapshot").stdout
    assert titles(poor) == ["table public.t", "table secret.s"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["snapshot", "-o", "a.json"], 1), (["diff", "database", "rev:base"], 2), (["fingerprint"], 1)],
)
def test_a_locked_table_is_one_line_and_no_wait(shop: Project, arguments: list[str], code: int) -> None:
    shop.sql("CREATE VIEW v AS SELECT id FROM t")
    with psycopg.connect(servers.libpq_url(shop.url)) as other:
        pid = other.info.backend_pid
        other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        result = shop.assay("-x", "assay.lock_timeout=200ms", *arguments, expect=code)
    (line,) = failure(result.stderr)
    assert line == (
        "FAILED: waited longer than 200ms (lock_timeout) for a table that another session has locked: public.t by"
        f" process {pid} (role 'postgres'). Run the same command again when its transaction is over."
    )
    assert result.stdout == ""
    assert not (shop.root / "a.json").exists()


@pytest.mark.parametrize(("command_name", "code"), [("snapshot", 1), ("fingerprint", 1), ("diff", 2)])
def test_a_connection_that_dies_is_one_line(shop: Project, command_name: str, code: int) -> None:
    """The reader waits for a lock, so that there is somebody to kill."""
    shop.sql("CREATE VIEW v AS SELECT id FROM t")
    arguments = [command_name, *(["database", "database"] if command_name == "diff" else [])]
    with ThreadPoolExecutor(1) as pool, psycopg.connect(servers.libpq_url(shop.url)) as other:
        other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        running = pool.submit(shop.assay, "-x", "assay.lock_timeout=60s", *arguments, expect=code)
        kill = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 't'::regclass"
        while not other.execute(kill).fetchall() and not running.done():
            time.sleep(0.02)
        result = running.result()
    (line,) = failure(result.stderr)
    assert line == "FAILED: cannot read the schema: terminating connection due to administrator command."
    assert result.stdout == ""


def test_it_is_of_one_moment_and_cannot_write(project: Project) -> None:
    engine = create_engine(project.url, poolclass=NullPool)
    with engine.connect() as connection, one_moment(connection, "2s"):
        before = catalog.read(connection)
        project.sql("CREATE TABLE meanwhile (id int)")
        assert catalog.read(connection) == before
        assert connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
        assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "2s"
    with engine.connect() as connection:
        assert catalog.read(connection) != before


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path, link = tmp_path / "a.json", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    command.write(link, "new\n")
    assert (path.read_bytes(), path.stat().st_mode & 0o777, link.is_symlink()) == (b"new\n", 0o640, True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.json", "link"]


def test_a_new_file_has_the_usual_rights(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        command.write(tmp_path / "a", "x")
    finally:
        os.umask(previous)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


FULL_DISK = """\
import resource, signal, sys
from pathlib import Path
from alembic_assay.cli.snapshot import write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    write(Path("a.json"), "x" * 100_000)
finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("old")
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.stderr.splitlines()[-1] == "alembic_assay.errors.AssayError: cannot write a.json: File too large."
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.json", "old")]


def test_two_writers_at_once_leave_one_of_both(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from alembic_assay.cli.snapshot import write\n"
        "for _ in range(50): write(Path('a'), sys.argv[1] * 200_000)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, letter], cwd=tmp_path) for letter in "xy"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if (tmp_path / "a").exists():
            content = (tmp_path / "a").read_text()
            seen.add((len(content), len(set(content))))
    assert [writer.wait() for writer in writers] == [0, 0]
    assert seen == {(200_000, 1)}
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    command.write(pipe, "all of it")
    reader.join()
    assert read == ["all of it"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing/a.json", "No such file or directory"), (".", "Is a directory")],
)
def test_what_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssayError) as caught:
        command.write(type(tmp_path)(name), "x")
    assert str(caught.value) == f"cannot write {name}: {message}."
    assert list(tmp_path.iterdir()) == []
