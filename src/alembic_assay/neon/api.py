"""The few calls of Neon's API that a rehearsal needs, tried again as its contract allows. Needs the extra ``neon``."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from alembic_assay.errors import AssayError, NeonAPIError
from alembic_assay.neon.url import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType
    from typing import Self

    from sqlalchemy import URL

BASE_URL = "https://console.neon.tech/api/v2"
PATIENCE = 120.0
"""Seconds to try a call again, and to wait for an operation."""

KEY, PROJECT, ADDRESS = "NEON_API_KEY", "NEON_PROJECT_ID", "NEON_API_URL"

_TIMEOUT = 30.0
_ALWAYS_SAFE = frozenset({423, 429, 503})  # refused before anything was done
_SAFE_METHODS = frozenset({"GET", "DELETE"})  # a branch that is gone is deleted with 204
_CONFLICT, _GONE, _BROKEN = 409, 404, 500
_DONE, _RUNNING = frozenset({"finished", "skipped"}), frozenset({"scheduling", "running"})
_POLL = 0.5


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch.

    Args:
        id: ``br-…``.
        name: Unique in its project.
    """

    id: str
    name: str


class NeonAPI:
    """A project of Neon.

    423, 429 and 503 are always tried again: https://api-docs.neon.tech/reference/api-rate-limiting. A lost answer is,
    too, to a GET or DELETE; after a lost answer to the creation of a branch, it is looked for by its name first.

    Args:
        project: ``NEON_PROJECT_ID``.
        key: ``NEON_API_KEY``; it is in no error and in no repr.
        base_url: Where the API is.
        patience: Seconds.

    Raises:
        AssayError: The extra ``neon`` is not installed.
    """

    def __init__(self, project: str, key: str, *, base_url: str = BASE_URL, patience: float = PATIENCE) -> None:
        self.project = project
        self.patience = patience
        self._httpx = _httpx()
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._client = self._httpx.Client(base_url=base_url, headers=headers, timeout=_TIMEOUT)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, *, project: bool = True) -> Self:
        """Read ``NEON_API_KEY`` and ``NEON_PROJECT_ID``, and ``NEON_API_URL`` where it is another.

        Args:
            environ: Where the variables are.
            project: Whether a project is needed.

        Raises:
            NeonAPIError: One is not set.
        """
        for name in (KEY, PROJECT)[: 2 if project else 1]:
            if not environ.get(name, "").strip():
                raise NeonAPIError(f"{name} is not set.", hint="Both are in the Neon console, under Settings.")
        return cls(environ.get(PROJECT, "").strip(), environ[KEY].strip(), base_url=environ.get(ADDRESS) or BASE_URL)

    def close(self) -> None:
        """Close its connections; a ``with`` statement does it at its end."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def branch_of(self, url: URL) -> str:
        """Return the branch that a URL leads to.

        Raises:
            NeonAPIError: No compute of the project has that host.
        """
        endpoints = self._call("GET", f"{self._path}/endpoints")["endpoints"]
        for endpoint in endpoints:
            if endpoint["host"] == url.host:
                return str(endpoint["branch_id"])
        raise NeonAPIError(
            f"host {url.host} is of no compute of project {self.project}.", hint=f"Is {PROJECT} that of the database?"
        )

    def create_branch(self, name: str, *, parent: str, compute: bool, expires_at: str | None = None) -> Branch:
        """Make a branch, a copy of its parent as it is now, and wait until it is there.

        Args:
            name: Unique: after a lost answer it is found by it.
            parent: Identifier of the parent.
            compute: Whether it gets one, to connect to.
            expires_at: When Neon deletes it, RFC 3339 with whole seconds.
        """
        branch = {"name": name, "parent_id": parent, **({"expires_at": expires_at} if expires_at else {})}
        body = {"branch": branch, **({"endpoints": [{"type": "read_write"}]} if compute else {})}
        found, operations = self._create(name, body)
        for operation in operations:
            self._wait(operation)
        return found

    def find_branch(self, name: str) -> Branch | None:
        """Return the branch of that name; ``None`` if there is none.

        Args:
            name: Its whole name.
        """
        found = self._call("GET", f"{self._path}/branches", params={"search": name})["branches"]
        return next((Branch(each["id"], name) for each in found if each["name"] == name), None)

    def connection_uri(self, branch: str | None = None, *, database: str, role: str, project: str | None = None) -> URL:
        """Return the direct URL of a database, with its password.

        Args:
            branch: Its branch; ``None`` for the project's default branch.
            database: Its name.
            role: Who connects.
            project: Another one than that of this object.
        """
        query = {"database_name": database, "role_name": role, "pooled": "false"}
        path = f"/projects/{project or self.project}/connection_uri"
        return parse(self._call("GET", path, params=query | ({"branch_id": branch} if branch else {}))["uri"])

    def delete_branch(self, branch: str) -> None:
        """Delete a branch; one that is gone already is no error."""
        try:
            self._call("DELETE", f"{self._path}/branches/{branch}")
        except NeonAPIError as error:
            if error.status != _GONE:
                raise

    def projects(self) -> Iterator[str]:
        """Yield the identifiers of all projects of the key's account."""
        cursor: str | None = None
        while True:
            page = self._call("GET", "/projects", params={"limit": "400", **({"cursor": cursor} if cursor else {})})
            yield from (project["id"] for project in page["projects"])
            following = page.get("pagination", {}).get("cursor")
            if not page["projects"] or not following or following == cursor:
                return
            cursor = following

    @property
    def _path(self) -> str:
        return f"/projects/{self.project}"

    def _create(self, name: str, body: dict[str, Any]) -> tuple[Branch, list[dict[str, Any]]]:
        """Return the branch, and the operations that it takes."""
        for _ in self._attempts():
            try:
                answer = self._call("POST", f"{self._path}/branches", json=body)
                return Branch(answer["branch"]["id"], name), answer.get("operations", [])
            except NeonAPIError as error:
                if error.status and error.status != _CONFLICT and error.status < _BROKEN:
                    raise
                mine = self.find_branch(name)
                if mine is not None:  # it was made, only the answer was lost
                    operations = self._call("GET", f"{self._path}/operations", params={"limit": "100"})["operations"]
                    return mine, [each for each in operations if each.get("branch_id") == mine.id]
                if error.status == _CONFLICT:
                    raise
        raise NeonAPIError(f"branch {name!r} was not made within {self.patience:g} s.")

    def _wait(self, operation: dict[str, Any]) -> None:
        for _ in self._attempts():
            if operation["status"] in _DONE:
                return
            if operation["status"] not in _RUNNING:
                reason = operation.get("error") or operation["status"]
                raise NeonAPIError(f"operation {operation['action']} of Neon failed: {reason}.")
            operation = self._call("GET", f"{self._path}/operations/{operation['id']}")["operation"]
        raise NeonAPIError(f"operation {operation['action']} of Neon is not done after {self.patience:g} s.")

    def _attempts(self) -> Iterator[None]:
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            yield
            time.sleep(_POLL)

    def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        retrying = Retrying(
            retry=retry_if_exception(lambda error: self._retries(method, error)),
            stop=stop_after_delay(self.patience),
            wait=wait_random_exponential(multiplier=0.5, min=0.2, max=10),
            reraise=True,
        )
        try:
            return retrying(self._once, method, path, **arguments)
        except self._httpx.HTTPError as error:
            raise NeonAPIError(f"Neon's API, {method} {path}: {error or type(error).__name__}.") from None

    def _retries(self, method: str, error: BaseException) -> bool:
        if isinstance(error, NeonAPIError):
            return error.status in _ALWAYS_SAFE or (method in _SAFE_METHODS and error.status >= _BROKEN)
        never_sent = isinstance(error, self._httpx.ConnectError | self._httpx.ConnectTimeout | self._httpx.PoolTimeout)
        return never_sent or (method in _SAFE_METHODS and isinstance(error, self._httpx.TransportError))

    def _once(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        response = self._client.request(method, path, **arguments)
        try:
            answer = response.json() if response.content else {}
        except ValueError:
            answer = {}
        if response.is_success and isinstance(answer, dict):
            return answer
        said = answer if isinstance(answer, dict) else {}
        parts = [str(response.status_code), said.get("code"), said.get("message")]
        request = f" (request {said['request_id']})" if said.get("request_id") else ""
        raise NeonAPIError(
            f"Neon's API, {method} {path}: {' '.join(filter(None, parts))}{request}.", status=response.status_code
        )


def _httpx() -> ModuleType:
    try:
        import httpx  # noqa: PLC0415 - the extra `neon`
    except ImportError:
        raise AssayError("httpx is not installed.", hint="Run pip install 'alembic-assay[neon]'.") from None
    return httpx
