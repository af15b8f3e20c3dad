from __future__ import annotations

import json
import re
import signal
import time
from textwrap import indent
from typing import TYPE_CHECKING

import pytest
from tests.support import neon_api
from tests.support.neon_bench import ENDPOINT

from alembic_assay.proof.restore import may_lose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.neon_bench import Bench
    from tests.support.project import Project

pytest.importorskip("httpx")

READY = "Ready: up, down and up again gave equal schemas. The branch is deleted."


@pytest.fixture
def neon(project: Project) -> Iterator[neon_api.NeonStandIn]:
    project.add_revision(
        "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('name', sa.Text()))",
        "op.drop_table('users')",
    )
    project.alembic("upgrade", "head")
    project.sql("INSERT INTO users SELECT i, nullif('user ' || i, 'user 7') FROM generate_series(1, 1000) AS i")
    with neon_api.running(project.url) as neon:
        project.env.update({name: str(value) for name, value in neon.environment.items()})
        yield neon
        assert set(neon.branches) == {neon_api.MAIN}


@pytest.mark.usefixtures("neon")
def test_what_is_pending_is_tried_on_a_branch(project: Project) -> None:
    assert project.assay("rehearse").stdout == "Nothing is pending.\n"
    project.add_revision(
        "op.alter_column('users', 'id', type_=sa.BigInteger())\nop.execute('SELECT pg_sleep(0.2)')",
        "op.alter_column('users', 'id', type_=sa.Integer())",
    )
    lines = project.assay("rehearse").stdout.splitlines()
    assert re.fullmatch(r"0002: \d\.\d\d s, [+-]\d+ kB", lines[0])
    assert lines[1:] == [
        "  locks: users AccessExclusiveLock",
        "  rewritten: users",
        "Changes:",
        "  column public.users.id: type integer → bigint",
        READY,
    ]
    assert project.sql("SELECT version_num, (SELECT count(*) FROM users) FROM alembic_version") == [("0001", 1000)]


@pytest.mark.usefixtures("neon")
def test_rows_that_do_not_fit_are_found_there(project: Project) -> None:
    project.sql("UPDATE users SET name = 'user 1' WHERE id = 2")
    project.add_revision("op.create_unique_constraint('uq', 'users', ['name'])", "op.drop_constraint('uq', 'users')")
    result = project.assay("rehearse", expect=1)
    lines = result.stdout.splitlines()
    assert 'UniqueViolation: could not create unique index "uq"' in lines[-3]
    assert lines[-2:] == [
        "  Key (name)=(user 1) is duplicated.",
        "NOT ready: a revision fails on the data as they are now.",
    ]
    report = json.loads(project.assay("rehearse", "--format", "json", expect=1).stdout)
    assert (report["ok"], [step["revision"] for step in report["steps"]]) == (False, ["0002"])


@pytest.mark.usefixtures("neon")
def test_a_way_back_that_is_none(project: Project) -> None:
    project.add_revision("op.add_column('users', sa.Column('a', sa.Integer()))", "pass")
    lines = project.assay("rehearse", expect=1).stdout.splitlines()
    assert lines[-1].startswith("NOT reversible: ")
    assert 'column "a" of relation "users" already exists' in lines[-1]


def test_ctrl_c_deletes_the_branch(project: Project, neon: neon_api.NeonStandIn) -> None:
    project.add_revision("op.execute('SELECT pg_sleep(30)')")
    with project.start("alembic_assay.cli", "rehearse") as process:
        asleep = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND datname LIKE 'assay_branch%'"
        )
        while project.sql(asleep) == [(0,)]:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode != 0
    assert set(neon.branches) == {neon_api.MAIN}


def test_what_cannot_be_tried(project: Project, neon: neon_api.NeonStandIn) -> None:
    neon.faults.append(("GET", 401))
    failed = project.assay("rehearse", expect=2)
    assert failed.stderr == (
        f"FAILED: Neon's API, GET /projects/{neon_api.PROJECT}/endpoints: 401 try again (request req-1).\n"
    )
    project.env.pop("NEON_API_KEY")
    failed = project.assay("rehearse", expect=2)
    assert failed.stderr == "FAILED: NEON_API_KEY is not set. Both are in the Neon console, under Settings.\n"


def test_a_restore_point_before_what_loses_something(project: Project, neon: neon_api.NeonStandIn) -> None:
    asked = ("-x", "restore-point", "upgrade", "head")
    project.add_revision("op.add_column('users', sa.Column('a', sa.Integer()))", "op.drop_column('users', 'a')")
    assert "No restore point: nothing that is pending loses rows or values" in project.alembic(*asked).stderr
    project.add_revision("op.execute('SELECT 1')")
    project.add_revision("op.drop_column('users', 'name')", "op.add_column('users', sa.Column('name', sa.Text()))")
    said = project.alembic(*asked).stderr
    assert re.search(r"Restore point: branch before-0004-\d{8}-\d{6} \(br-\w+\)", said)
    (point,) = set(neon.branches) - {neon_api.MAIN}
    project.url, original = project.url.set(database=neon.databases[point]), project.url
    assert project.sql("SELECT count(name) FROM users") == [(999,)]
    project.url = original
    neon._delete(point)
    neon.faults.append(("POST", 422))
    failed = project.alembic("-x", "restore-point", "downgrade", "-1", expect=1).stderr.splitlines()[-1]
    assert failed.endswith("/branches: 422 try again (request req-1).")
    assert project.sql("SELECT version_num FROM alembic_version") == [("0004",)]


def test_with_neon_s_own_urls(project: Project, bench: Bench) -> None:
    """Pooled ``DATABASE_URL`` in, branch with a host of its own, and production untouched; also tenants by project."""
    url = bench.pooled_url.render_as_string(hide_password=False)
    project.env.update(bench.environment, DATABASE_URL=url)
    project.add_revision("op.execute('CREATE TABLE users (id int, name text)')", "op.execute('DROP TABLE users')")
    project.alembic("upgrade", "head")
    project.sql("INSERT INTO users VALUES (1, NULL)")
    project.add_revision(
        "op.alter_column('users', 'name', nullable=False)", "op.alter_column('users', 'name', nullable=True)"
    )
    project.add_revision("op.execute('DROP TABLE users')", "op.execute('CREATE TABLE users (id int, name text)')")
    with neon_api.running(bench.server_url, bench) as neon:
        project.env.update({name: str(value) for name, value in neon.environment.items()})
        assert "NotNullViolation" in project.assay("rehearse", expect=1).stdout
        project.sql("UPDATE users SET name = 'Ada'")
        bench.proxy.faults += ["Couldn't connect to compute node"]
        assert project.assay("rehearse", "0002").stdout.splitlines()[-1] == READY
        visited = {visit.endpoint for visit in bench.proxy.visits} - {ENDPOINT}
        assert len(visited) == 2
        assert not any(endpoint.endswith("-pooler") for endpoint in visited)
        assert project.sql("SELECT version_num FROM alembic_version") == [("0001",)]
        assert "Restore point" in project.alembic("-x", "restore-point", "upgrade", "head").stderr
        which = f"neon:{bench.url.database}/{bench.role}"
        assert "1 already there" in project.assay("upgrade", "head", "--tenants", which).stdout
    assert bench.sql("SELECT version_num FROM alembic_version") == [("0003",)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("op.drop_table('t')", True),
        ("op.alter_column('t', 'a', type_=sa.Integer())", True),
        ("op.alter_column('t', 'a', nullable=False, existing_type=sa.Text())", False),
        ("op.execute('DELETE FROM t')", True),
        ("op.execute('CREATE VIEW v AS SELECT 1')", False),
        ("op.execute('CREATE VIEW v AS SELECT 1; DROP TABLE t')", True),
        ("op.execute(sql)", True),
        ("op.get_bind().execute(x)", True),
        ("op.bulk_insert(t, [])", True),
        ("op.replace_enum('e', ['a'])", True),
        ("with op.get_context().autocommit_block():\n    op.create_index('i', 't', ['a'])", False),
        ("op.rename_table('a', 'b')", False),
        ("op.add_column('t', sa.Column('a', postgresql.JSONB(astext_type=sa.Text())))", False),
        ("drop_all()", True),
        ("alembic.op.drop_table('t')", True),
        ("with op.batch_alter_table('t') as batch:\n    batch.drop_column('a')", True),
    ],
)
def test_what_may_lose_something(body: str, expected: bool) -> None:
    source = f"def upgrade():\n{indent(body, '    ')}\n\ndef downgrade():\n    op.drop_table('t')\n"
    assert may_lose(source) is expected


def test_what_a_function_of_the_script_may_lose() -> None:
    script = "def helper():\n    op.{}\n\ndef upgrade():\n    helper()\n\ndef downgrade():\n    op.drop_table('t')\n"
    assert may_lose(script.format("drop_table('t')"))
    assert not may_lose(script.format("create_index('i', 't', ['a'])"))
