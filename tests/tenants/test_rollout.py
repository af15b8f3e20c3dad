from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from alembic.util import CommandError
from tests.support import servers
from tests.tenants.conftest import TENANTS, names

from alembic_assay import tenants
from alembic_assay.errors import TenantsError
from alembic_assay.tenants import Plan, Status, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic.config import Config
    from sqlalchemy import URL
    from tests.support.project import Project

    Applied = Callable[[], dict[str, tuple[str | None, int]]]

JOURNAL = "op.execute(\"INSERT INTO public.journal SELECT current_schema(), '{}'\")"
DIRTY = "tenant_03"


@pytest.fixture
def everyone(database_url: URL, tenants_project: Project) -> list[Target]:
    tenants_project.sql("CREATE TABLE journal (schema text, revision text)")
    return tenants.schemas(database_url, "tenant%")


@pytest.fixture
def dirty(tenants_project: Project, everyone: list[Target], config: Config) -> list[Target]:
    """All are at 0002; what 0003 asks for does not hold in one."""
    assert tenants.upgrade(everyone, config, "0002").ok
    tenants_project.sql(f"INSERT INTO {DIRTY}.t VALUES (NULL)")
    tenants_project.add_revision(f"op.alter_column('t', 'a', nullable=False)\n{JOURNAL.format('0003')}")
    return everyone


def journal(project: Project) -> list[tuple[str, str, int]]:
    rows = project.sql("SELECT schema, revision, count(*) FROM journal GROUP BY 1, 2 ORDER BY 1, 2")
    return [(row[0], row[1], row[2]) for row in rows]


def statuses(report: tenants.Report) -> dict[str, str]:
    return {result.name: str(result.status) for result in report.results}


def test_all_schemas_are_upgraded_by_sql_that_is_written_once(
    everyone: list[Target], config: Config, applied: Applied
) -> None:
    report = tenants.upgrade(everyone, config)
    assert report.ok
    assert {result.how for result in report.results} == {"compiled"}
    assert applied() == dict.fromkeys(names(), ("0002", 2))
    again = tenants.upgrade(everyone, config)
    assert set(statuses(again).values()) == {"already there"}
    assert re.fullmatch(r"20 already there; \d\.\d s, \d+ ms a tenant", again.summary)


def test_tenants_at_different_revisions_meet(everyone: list[Target], config: Config, applied: Applied) -> None:
    tenants.upgrade(everyone[:5], config, "0001")
    tenants.upgrade(everyone[5:8], config, "0002")
    report = tenants.upgrade(everyone, config)
    assert [result.before for result in report.results] == [("0001",)] * 5 + [("0002",)] * 3 + [()] * 12
    assert applied() == dict.fromkeys(names(), ("0002", 2))


def test_the_defaults_of_a_compiled_upgrade_are_those_of_env_py(
    tenants_project: Project, everyone: list[Target], config: Config
) -> None:
    tenants.upgrade(everyone[:1], config)
    tenants.upgrade(everyone[1:2], config, plan=Plan(compiled=False))
    for target in everyone[:2]:
        tenants_project.sql(f"INSERT INTO {target.schema}.t DEFAULT VALUES")
    dumps = [
        servers.pg_dump(tenants_project.url, f"--schema={target.schema}").replace(target.name, "tenant")
        for target in everyone[:2]
    ]
    assert dumps[0] == dumps[1]
    assert tenants_project.sql("SELECT a FROM tenant_00.t UNION SELECT a FROM tenant_01.t") == [("50% ':x'",)]


def test_a_migration_that_commits_runs_in_processes(
    tenants_project: Project, everyone: list[Target], config: Config, applied: Applied
) -> None:
    tenants_project.add_revision(
        "with op.get_context().autocommit_block():\n    op.execute('CREATE INDEX CONCURRENTLY j ON t (a)')\n"
        + JOURNAL.format("0003")
    )
    some = [*everyone[:3], everyone[-1]]
    with ProcessPoolExecutor(2) as executor:
        report = tenants.upgrade(some, config, executor=executor)
    assert [(result.status, result.how, result.error) for result in report.results] == [
        (Status.UPGRADED, "env.py", "")
    ] * 4
    assert {name for name, (version, _) in applied().items() if version == "0003"} == {target.name for target in some}
    assert [count for _, _, count in journal(tenants_project)] == [1] * 4


def test_a_failure_stops_the_others_and_names_its_reason(
    tenants_project: Project, dirty: list[Target], config: Config
) -> None:
    report = tenants.upgrade(dirty, config, plan=Plan(width=1))
    assert list(statuses(report).values()) == ["upgraded"] * 3 + ["failed"] + ["not run"] * 16
    script = tenants_project.versions / "0003_by_hand.py"
    error = report.results[3].error
    assert error.endswith(
        'line 9: NotNullViolation: column "a" of relation "t" contains null values [SQL: ALTER TABLE t ALTER COLUMN a'
        " SET NOT NULL] Its transaction was rolled back."
    )
    assert script.name in error
    assert len(journal(tenants_project)) == 3
    tenants_project.sql(f"DELETE FROM {DIRTY}.t")
    assert statuses(tenants.upgrade(dirty, config)) == {
        name: "already there" if number < 3 else "upgraded" for number, name in enumerate(statuses(report))
    }
    assert journal(tenants_project) == [(name, "0003", 1) for name in sorted(names())]


def test_a_failure_does_not_keep_the_others_where_asked(dirty: list[Target], config: Config) -> None:
    report = tenants.upgrade(dirty, config, plan=Plan(on_error="continue"))
    assert (report.count(Status.UPGRADED), report.count(Status.FAILED)) == (TENANTS - 1, 1)
    assert not report.ok


def test_canaries_keep_the_others_safe(dirty: list[Target], config: Config) -> None:
    report = tenants.upgrade([dirty[3], *dirty[:3]], config, plan=Plan(on_error="continue"))
    assert list(statuses(report).values()) == ["failed", "not run", "not run", "not run"]


def test_groups_come_one_after_the_other(dirty: list[Target], config: Config) -> None:
    first = [Target(name=each.name, url=each.url, schema=each.schema, group="first") for each in dirty[3:5]]
    second = [Target(name=each.name, url=each.url, schema=each.schema, group="second") for each in dirty[:3]]
    seen: list[str] = []
    report = tenants.upgrade(
        [second[0], first[0], second[1], first[1]],
        config,
        plan=Plan(canary=0, on_error="continue"),
        progress=lambda result: seen.append(result.group),
    )
    assert seen == ["second", "second", "first", "first"]
    assert statuses(report)[DIRTY] == "failed"
    report = tenants.upgrade([*first, *second], config, plan=Plan(canary=0))
    assert statuses(report) == {
        "tenant_03": "failed",
        "tenant_04": "already there",
        "tenant_00": "already there",
        "tenant_01": "already there",
        "tenant_02": "not run",
    }


def test_databases(server_url: URL, tenants_project: Project, config: Config) -> None:
    with servers.database(server_url) as one, servers.database(server_url) as two:
        pattern = str(one.database).replace("_", r"\_").rpartition("_")[0] + "_%"
        found = [each for each in tenants.databases(server_url, pattern) if each.url in {one, two}]
        assert [each.name for each in found] == sorted([str(one.database), str(two.database)])
        missing = Target(name="gone", url=one.set(database="gone"))
        report = tenants.upgrade([*found, missing], config, plan=Plan(on_error="continue"))
        assert [(result.status, result.error) for result in report.results] == [
            (Status.UPGRADED, ""),
            (Status.UPGRADED, ""),
            (Status.FAILED, 'database "gone" does not exist'),
        ]
        assert tenants_project.sql("SELECT to_regclass('t')") == [(None,)]


def test_two_rollouts_at_once_do_nothing_twice(tenants_project: Project, everyone: list[Target]) -> None:
    tenants_project.add_revision(f"{JOURNAL.format('0003')}\nop.execute('SELECT pg_sleep(0.02)')")
    arguments = ("alembic_assay.cli", "upgrade", "head", "--tenants", "schemas:tenant%")
    with tenants_project.start(*arguments) as one, tenants_project.start(*arguments) as two:
        outputs = [one.communicate(timeout=60), two.communicate(timeout=60)]
    assert (one.returncode, two.returncode) == (0, 0), outputs
    assert journal(tenants_project) == [(target.name, "0003", 1) for target in sorted(everyone, key=lambda e: e.name)]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("how", ["--width=2", "--no-compile"])
def test_interrupted_and_resumed_nothing_is_done_twice(
    tenants_project: Project, everyone: list[Target], config: Config, end: signal.Signals, how: str
) -> None:
    tenants_project.add_revision(f"{JOURNAL.format('0003')}\nop.execute('SELECT pg_sleep(0.1)')")
    arguments = ("upgrade", "head", "--tenants", "schemas:tenant%", "--format", "json", how)
    with tenants_project.start("alembic_assay.cli", *arguments) as process:
        while not journal(tenants_project):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(end)
        stdout, stderr = process.communicate(timeout=60)
    done = journal(tenants_project)
    assert 0 < len(done) < TENANTS
    if end == signal.SIGINT:
        assert process.returncode == 130, stderr
        assert json.loads(stdout)["interrupted"] is True
        assert "Traceback" not in stderr
    report = tenants.upgrade(everyone, config)
    assert report.ok
    assert journal(tenants_project) == [(name, "0003", 1) for name in sorted(names())]


@pytest.mark.usefixtures("everyone")
def test_on_a_cluster_of_dask(tenants_project: Project) -> None:
    pytest.importorskip("distributed")
    tenants_project.add_revision("op.get_bind().exec_driver_sql('SELECT 1')\n" + JOURNAL.format("0003"))
    # A process of its own: its event loop and its warnings are no matter of these tests.
    code = """\
import sys
from alembic.config import Config
from distributed import Client, LocalCluster
from alembic_assay import tenants
from alembic_assay.neon.url import parse

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            targets = tenants.schemas(parse(sys.argv[1]), "tenant%")[:6]
            report = tenants.upgrade(targets, Config("alembic.ini"), executor=client.get_executor())
            print(report.summary, {result.how for result in report.results}, [r.error for r in report.results if r.error])
"""
    script = tenants_project.write("cluster.py", code)
    url = tenants_project.url.render_as_string(hide_password=False)
    # Dask leaves a directory behind wherever temporary files go.
    environment = os.environ | {"TMPDIR": str(tenants_project.root)}
    done = subprocess.run(
        [sys.executable, str(script), url],
        cwd=tenants_project.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.fullmatch(r"6 upgraded; \d+\.\d s, \d+ ms a tenant \{'env.py'\} \[\]\n", done.stdout), done.stderr
    assert [count for _, _, count in journal(tenants_project)] == [1] * 6


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_what_cannot_be(everyone: list[Target], config: Config, threads: ThreadPoolExecutor) -> None:
    with pytest.raises(TenantsError, match=r"^no tenants\. Is the pattern right\? It is one for LIKE\.$"):
        tenants.upgrade([], config)
    with pytest.raises(TenantsError, match=r"^tenant 'tenant_00' is listed twice\.$"):
        tenants.upgrade([everyone[0], everyone[0]], config)
    message = "Alembic cannot run in threads. Use processes, or leave the executor out."
    with pytest.raises(TenantsError, match=f"^{re.escape(message)}$"):
        tenants.upgrade(everyone, config, executor=threads)
    with pytest.raises(CommandError, match="Can't locate revision identified by 'nothing'"):
        tenants.upgrade(everyone, config, "nothing")
