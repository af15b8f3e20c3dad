"""A stand-in for Neon's API whose branches are real databases: ``CREATE DATABASE … TEMPLATE``."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import psycopg
from tests.support.neon_bench import ENDPOINT, REGION
from tests.support.servers import client, libpq_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL
    from tests.support.neon_bench import Bench

PROJECT, KEY = "cool-sun-123456", "napi_secret"
MAIN = "br-main-00000001"
_NOW = "2026-01-31T12:00:00Z"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response."""

    method: str
    path: str
    query: dict[str, str]
    body: str
    status: int
    answer: str


@dataclass(slots=True)
class NeonStandIn:
    """The state of a project with one branch, that of ``url``.

    With a ``bench``, branches have Neon's own host names, which lead to their databases there.
    ``faults`` are met by the next requests of a method: a status, or ``"lost"``: it is done, but nobody hears of it.
    """

    url: URL
    bench: Bench | None = None
    address: str = ""
    branches: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    faults: list[tuple[str, int | str]] = field(default_factory=list)
    polls: int = 1
    failing: str = ""
    _polled: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.branches[MAIN] = self._branch(MAIN, "main", None)
        self.databases[MAIN] = str(self.url.database)

    @property
    def environment(self) -> dict[str, str | None]:
        """The variables that a command needs."""
        return {"NEON_API_KEY": KEY, "NEON_PROJECT_ID": PROJECT, "NEON_API_URL": self.address}

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        """Do what is asked."""
        routes: dict[str, Callable[..., tuple[int, Any]]] = {
            r"GET /projects": lambda: (200, self._projects(query)),
            rf"GET /projects/{PROJECT}/endpoints": lambda: (200, {"endpoints": [self._endpoint(MAIN)]}),
            rf"GET /projects/{PROJECT}/branches": lambda: (200, self._list(query)),
            rf"POST /projects/{PROJECT}/branches": lambda: self._create(body),
            rf"DELETE /projects/{PROJECT}/branches/(.+)": self._delete,
            rf"GET /projects/{PROJECT}/operations": lambda: (
                200,
                {"operations": list(self.operations.values()), "pagination": {"cursor": "end"}},
            ),
            rf"GET /projects/{PROJECT}/operations/(.+)": lambda name: (200, {"operation": self._poll(name)}),
            rf"GET /projects/{PROJECT}/connection_uri": lambda: (200, {"uri": self._uri(query)}),
        }
        for route, function in routes.items():
            if found := re.fullmatch(route, f"{method} {path}"):
                return function(*found.groups())
        return 404, error("", f"no {path}")

    def _projects(self, query: dict[str, str]) -> dict[str, Any]:
        found = [] if "cursor" in query else [self._project()]
        return {"projects": found, "pagination": {"cursor": "end"}, "applications": {}, "integrations": {}}

    def _create(self, body: dict[str, Any]) -> tuple[int, Any]:
        name, parent = body["branch"]["name"], body["branch"]["parent_id"]
        if any(branch["name"] == name for branch in self.branches.values()):
            return 409, error("BRANCH_ALREADY_EXISTS", f"branch {name} exists")
        if parent not in self.branches:
            return 404, error("", "parent branch not found")
        branch = f"br-{uuid.uuid4().hex[:12]}"
        database = f"assay_branch_{uuid.uuid4().hex[:12]}"
        self._copy(self.databases[parent], database)
        self.databases[branch] = database
        if self.bench is not None:
            here = replace(self.bench.proxy.computes[ENDPOINT], database=database)
            self.bench.proxy.computes[_endpoint_of(branch)] = here
        self.branches[branch] = self._branch(branch, name, parent)
        operation = self._operation(branch)
        endpoints = [self._endpoint(branch)] if body.get("endpoints") else []
        return 201, {
            "branch": self.branches[branch],
            "endpoints": endpoints,
            "operations": [operation],
            "roles": [],
            "databases": [],
        }

    def _delete(self, branch: str) -> tuple[int, Any]:
        if branch not in self.branches:
            return 204, None
        self._administer(f"DROP DATABASE {self.databases.pop(branch)} WITH (FORCE)")
        gone = self.branches.pop(branch)
        return 200, {"branch": gone, "operations": [self._operation(branch)]}

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        wanted = query.get("search", "")
        found = [branch for branch in self.branches.values() if wanted in branch["name"]]
        return {"branches": found, "annotations": {}, "pagination": {}}

    def _poll(self, name: str) -> dict[str, Any]:
        operation = self.operations[name]
        self._polled[name] = self._polled.get(name, 0) + 1
        if self._polled[name] > self.polls:
            operation["status"] = "finished"
        if self.failing:
            operation |= {"status": "failed", "error": self.failing}
        return operation

    def _uri(self, query: dict[str, str]) -> str:
        assert query["database_name"] == self.url.database
        assert query["role_name"] == (self.bench.role if self.bench else self.url.username)
        branch = query.get("branch_id", MAIN)
        if self.bench is not None:
            return libpq_url(self.bench.of(_endpoint_of(branch)))
        return libpq_url(self.url.set(database=self.databases[branch]))

    def _operation(self, branch: str) -> dict[str, Any]:
        operation = {
            "id": str(uuid.uuid4()),
            "project_id": PROJECT,
            "branch_id": branch,
            "action": "create_branch",
            "status": "running",
            "failures_count": 0,
            "created_at": _NOW,
            "updated_at": _NOW,
            "total_duration_ms": 10,
        }
        self.operations[str(operation["id"])] = operation
        return operation

    def _branch(self, identifier: str, name: str, parent: str | None) -> dict[str, Any]:
        branch: dict[str, Any] = {
            "id": identifier,
            "project_id": PROJECT,
            "name": name,
            "current_state": "ready",
            "state_changed_at": _NOW,
            "creation_source": "console",
            "created_at": _NOW,
            "updated_at": _NOW,
            "default": parent is None,
            "protected": False,
        }
        usage = "cpu_used_sec active_time_seconds compute_time_seconds written_data_bytes data_transfer_bytes"
        return branch | dict.fromkeys(usage.split(), 0) | ({"parent_id": parent} if parent else {})

    def _project(self) -> dict[str, Any]:
        sizes = "active_time cpu_used_sec branch_logical_size_limit branch_logical_size_limit_bytes"
        return dict.fromkeys(sizes.split(), 0) | {
            "id": PROJECT,
            "platform_id": "aws",
            "region_id": "aws-us-east-2",
            "name": "shop",
            "provisioner": "k8s-neonvm",
            "pg_version": 17,
            "proxy_host": "us-east-2.aws.neon.tech",
            "store_passwords": True,
            "creation_source": "console",
            "created_at": _NOW,
            "updated_at": _NOW,
            "owner_id": "ann",
        }

    def _endpoint(self, branch: str) -> dict[str, Any]:
        return {
            "host": f"{_endpoint_of(branch)}.{REGION}" if self.bench else self.url.host,
            "id": f"ep-cool-{branch[-8:]}",
            "project_id": PROJECT,
            "branch_id": branch,
            "region_id": "aws-us-east-2",
            "autoscaling_limit_min_cu": 0.25,
            "autoscaling_limit_max_cu": 0.25,
            "type": "read_write",
            "current_state": "active",
            "pooler_enabled": False,
            "pooler_mode": "transaction",
            "disabled": False,
            "passwordless_access": True,
            "creation_source": "console",
            "created_at": _NOW,
            "updated_at": _NOW,
            "settings": {},
            "proxy_host": "us-east-2.aws.neon.tech",
            "suspend_timeout_seconds": 0,
            "provisioner": "k8s-neonvm",
        }

    def _copy(self, source: str, database: str) -> None:
        try:
            self._administer(f'CREATE DATABASE {database} TEMPLATE "{source}"{self._owner}')
        except psycopg.errors.ObjectInUse:  # who migrates is connected; Neon does not mind, a template does
            self._administer(f"CREATE DATABASE {database} TEMPLATE template0{self._owner}")
            dump = subprocess.run(
                [client("pg_dump"), libpq_url(self.url.set(database=source))], check=True, capture_output=True
            )
            target = libpq_url(self.url.set(database=database))
            subprocess.run([client("psql"), "-qX", target], input=dump.stdout, check=True, capture_output=True)

    @property
    def _owner(self) -> str:
        return f" OWNER {self.bench.role}" if self.bench else ""

    def _administer(self, statement: str) -> None:
        with psycopg.connect(libpq_url(self.url.set(database="postgres")), autocommit=True) as connection:
            connection.execute(statement.encode())


def error(code: str, message: str) -> dict[str, str]:
    """Return an error as the API words it."""
    return {"request_id": "req-1", "code": code, "message": message}


def _endpoint_of(branch: str) -> str:
    return ENDPOINT if branch == MAIN else branch.replace("br-", "ep-")


class _Handler(BaseHTTPRequestHandler):
    neon: NeonStandIn

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        path, query = parts.path.removeprefix("/api/v2"), dict(parse_qsl(parts.query))
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        fault = next((each for each in self.neon.faults if each[0] == self.command), None)
        if fault is not None:
            self.neon.faults.remove(fault)
        if self.headers["Authorization"] != f"Bearer {KEY}":
            status, answer = 401, error("", "authentication required")
        elif fault is not None and isinstance(fault[1], int):
            status, answer = fault[1], error("", "try again")
        else:
            status, answer = self.neon.answer(self.command, path, query, json.loads(text or "{}"))
        if fault is not None and fault[1] == "lost":
            self.close_connection = True
            return
        body = b"" if answer is None else json.dumps(answer).encode()
        self.neon.exchanges.append(Exchange(self.command, path, query, text, status, body.decode()))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - as http.server calls them

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(url: URL, bench: Bench | None = None) -> Iterator[NeonStandIn]:
    """Serve a project whose database is that of a URL; afterwards drop its branches."""
    neon = NeonStandIn(url, bench)
    handler = type("Handler", (_Handler,), {"neon": neon})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        neon.address = f"http://127.0.0.1:{server.server_port}/api/v2"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield neon
        finally:
            server.shutdown()
            thread.join()
            for branch in set(neon.branches) - {MAIN}:
                neon._delete(branch)
