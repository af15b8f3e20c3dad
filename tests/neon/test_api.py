from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.support import neon_api

from alembic_assay.errors import AssayError, NeonAPIError
from alembic_assay.neon.api import NeonAPI
from alembic_assay.neon.branches import restore_point, temporary_branch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

pytest.importorskip("httpx")

DOCUMENT = ("@neondatabase/api-client@2.7.3", "package/public-v2-for-users.gen.yaml")


@pytest.fixture
def neon(database_url: URL) -> Iterator[neon_api.NeonStandIn]:
    with neon_api.running(database_url) as neon:
        yield neon


@pytest.fixture
def api(neon: neon_api.NeonStandIn) -> Iterator[NeonAPI]:
    with NeonAPI.from_environment({name: str(value) for name, value in neon.environment.items()}) as api:
        api.patience = 5
        yield api


def create(api: NeonAPI, name: str = "b") -> str:
    return api.create_branch(name, parent=neon_api.MAIN, compute=True).id


def test_a_branch_for_a_while(neon: neon_api.NeonStandIn, api: NeonAPI) -> None:
    with temporary_branch(api, neon.url) as url:
        assert url.database in neon.databases.values()
        assert url.database != neon.url.database
        assert len(neon.branches) == 2
    assert set(neon.branches) == {neon_api.MAIN}
    post = json.loads(next(each.body for each in neon.exchanges if each.method == "POST"))
    assert post["branch"]["parent_id"] == neon_api.MAIN
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", post["branch"]["expires_at"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_it_is_deleted_whatever_happens(neon: neon_api.NeonStandIn, api: NeonAPI, error: type[BaseException]) -> None:
    with pytest.raises(error), temporary_branch(api, neon.url):
        raise error
    assert set(neon.branches) == {neon_api.MAIN}


def test_it_is_deleted_after_ctrl_c_while_it_is_made(neon: neon_api.NeonStandIn, api: NeonAPI) -> None:
    neon.polls = 1000

    def lose_patience() -> None:
        while len(neon.branches) == 1:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=lose_patience).start()
    with pytest.raises(KeyboardInterrupt), temporary_branch(api, neon.url):
        pytest.fail("it is not there yet")
    assert set(neon.branches) == {neon_api.MAIN}


def test_it_is_deleted_when_its_creation_fails_in_the_end(neon: neon_api.NeonStandIn, api: NeonAPI) -> None:
    neon.failing = "no capacity"
    with pytest.raises(NeonAPIError, match="no capacity"), temporary_branch(api, neon.url):
        pytest.fail("it does not come about")
    assert set(neon.branches) == {neon_api.MAIN}


def test_a_branch_that_cannot_be_deleted_is_named(
    neon: neon_api.NeonStandIn, api: NeonAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with temporary_branch(api, neon.url):
        neon.faults.append(("DELETE", 403))
    assert re.fullmatch(
        r"branch assay-rehearsal-\d{8}-\d{6}-[0-9a-f]{6} is left: Neon's API, DELETE /projects/\S+: 403 try again"
        r" \(request req-1\)\.",
        caplog.records[-1].getMessage(),
    )


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("fault", [423, 429, 500, 502, 503, "lost"])
def test_what_is_safe_is_tried_again(neon: neon_api.NeonStandIn, api: NeonAPI, method: str, fault: int | str) -> None:
    neon.faults.append((method, fault))
    branch = create(api)
    assert len(neon.branches) == 2
    api.delete_branch(branch)
    assert (set(neon.branches), neon.faults) == ({neon_api.MAIN}, [])


def test_a_server_error_to_a_creation_is_looked_into(neon: neon_api.NeonStandIn, api: NeonAPI) -> None:
    neon.faults.append(("POST", 500))
    create(api)
    assert [each.method for each in neon.exchanges if "operations" not in each.path][:3] == ["POST", "GET", "POST"]


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_what_is_refused_is_not_tried_again(neon: neon_api.NeonStandIn, api: NeonAPI, status: int) -> None:
    neon.faults += [("POST", status), ("GET", status)]
    path = f"/projects/{neon_api.PROJECT}"
    message = f"Neon's API, POST {path}/branches: {status} try again (request req-1)."
    with pytest.raises(NeonAPIError, match=f"^{re.escape(message)}$"):
        create(api)
    with pytest.raises(NeonAPIError, match=f"GET {path}/endpoints: {status}"):
        api.branch_of(neon.url)
    assert len(neon.exchanges) == 2


def test_an_operation_that_fails(neon: neon_api.NeonStandIn, api: NeonAPI) -> None:
    neon.failing = "no capacity"
    with pytest.raises(NeonAPIError, match=r"^operation create_branch of Neon failed: no capacity\.$"):
        create(api)


def test_another_project_and_a_server_that_is_not_there(neon: neon_api.NeonStandIn, api: NeonAPI) -> None:
    message = (
        f"host db.example is of no compute of project {neon_api.PROJECT}. Is NEON_PROJECT_ID that of the database?"
    )
    with pytest.raises(NeonAPIError, match=f"^{re.escape(message)}$"):
        api.branch_of(neon.url.set(host="db.example"))
    nowhere = NeonAPI("p", "napi_secret", base_url="http://127.0.0.1:9/api/v2", patience=0.5)
    with nowhere, pytest.raises(NeonAPIError, match=r"^Neon's API, GET /projects/p/endpoints: .*refused") as raised:
        nowhere.branch_of(neon.url)
    assert "napi_secret" not in f"{raised.value}{nowhere!r}"
    assert list(api.projects()) == [neon_api.PROJECT]


def test_its_connections_are_closed_at_the_end(api: NeonAPI) -> None:
    with api:
        assert list(api.projects()) == [neon_api.PROJECT]
    with pytest.raises(RuntimeError, match="closed"):
        list(api.projects())


@pytest.mark.parametrize("name", ["NEON_API_KEY", "NEON_PROJECT_ID"])
def test_a_variable_that_is_missing(name: str) -> None:
    environ = {"NEON_API_KEY": "k", "NEON_PROJECT_ID": "p"} | {name: " "}
    message = f"{name} is not set. Both are in the Neon console, under Settings."
    with pytest.raises(NeonAPIError, match=f"^{re.escape(message)}$"):
        NeonAPI.from_environment(environ)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    message = "httpx is not installed. Run pip install 'alembic-assay[neon]'."
    with pytest.raises(AssayError, match=f"^{re.escape(message)}$"):
        NeonAPI("p", "k")


def test_a_restore_point_is_a_branch_without_a_compute(
    neon: neon_api.NeonStandIn, api: NeonAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "alembic.assay.branches"):
        branch = restore_point(api, neon.url, "0007")
    assert re.fullmatch(r"before-0007-\d{8}-\d{6}", branch.name)
    assert caplog.records[-1].getMessage() == f"Restore point: branch {branch.name} ({branch.id})"
    assert "endpoints" not in json.loads(next(each.body for each in neon.exchanges if each.method == "POST"))


def test_what_is_said_is_as_neons_own_document_has_it(neon: neon_api.NeonStandIn, api: NeonAPI, tmp_path: Path) -> None:
    openapi = openapi_of(tmp_path)
    from openapi_core.testing import MockRequest, MockResponse  # noqa: PLC0415 - may not be installed

    neon.faults.append(("GET", 503))
    with temporary_branch(api, neon.url) as url:
        assert url.host == neon.url.host
    neon.faults += [("POST", "lost"), ("DELETE", "lost")]
    api.delete_branch(create(api))
    list(api.projects())
    assert len(neon.exchanges) > 10
    for each in neon.exchanges:
        request = MockRequest(
            "https://console.neon.tech",
            each.method.lower(),
            f"/api/v2{each.path}",
            args=each.query,
            headers={"Authorization": f"Bearer {neon_api.KEY}"},
            content_type="application/json",
            data=each.body.encode() or None,
        )
        openapi.validate_request(request)
        openapi.validate_response(request, MockResponse(each.answer.encode(), each.status))


def openapi_of(directory: Path) -> Any:
    """Fetch Neon's document: it is proprietary, so it is no file of this repository."""
    core = pytest.importorskip("openapi_core")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm to fetch Neon's OpenAPI document with")
    package, name = DOCUMENT
    command = [npm, "pack", "--silent", "--fetch-retries=1", "--pack-destination", str(directory), package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("Neon's OpenAPI document cannot be fetched within a minute")
    archives = list(directory.glob("*.tgz"))
    if not archives:
        pytest.skip(f"Neon's OpenAPI document cannot be fetched: {done.stderr.strip()[-200:]}")
    with tarfile.open(archives[0]) as tar:
        member = tar.extractfile(name)
        assert member is not None
        document = json.loads(json.dumps(yaml.safe_load(member), default=str))  # YAML has numbers as keys
    return core.OpenAPI.from_dict(document)
