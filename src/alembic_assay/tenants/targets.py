"""Who is migrated: schemas of a database, databases of a server, or what a file lists."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic_assay.errors import DatabaseURLError, TenantsError
from alembic_assay.neon.engine import connect, create
from alembic_assay.neon.url import masked, parse
from alembic_assay.sql import literal

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from alembic_assay.neon.api import NeonAPI

_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE {pattern} AND nspname !~ '^pg_' ORDER BY nspname"
_DATABASES = (
    "SELECT datname FROM pg_database WHERE datname LIKE {pattern} AND datallowconn AND NOT datistemplate"
    " ORDER BY datname"
)
_KEYS = {"name", "url", "schemas", "databases", "shared"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One tenant.

    Args:
        name: What reports call it.
        url: Its database, from :func:`alembic_assay.neon.url.parse`.
        schema: Its schema; ``None`` if the whole database is its own.
        shared: Schemas behind its own in the ``search_path``.
        group: Groups are migrated one after the other, in the order of their first tenants.
    """

    name: str
    url: URL
    schema: str | None = None
    shared: tuple[str, ...] = ()
    group: str = ""

    @property
    def search_path(self) -> tuple[str, ...]:
        """Its schema and those behind it."""
        return () if self.schema is None else (self.schema, *self.shared)

    def __str__(self) -> str:
        """``tenant_1 (postgresql+psycopg://ann:***@db/app)``."""
        return f"{self.name} ({masked(self.url)})"


def schemas(url: URL, pattern: str, *, shared: tuple[str, ...] = (), group: str = "") -> list[Target]:
    r"""Return a target for each schema whose name is like a pattern, sorted.

    Args:
        url: Their database.
        pattern: As for LIKE: ``tenant\_%``.
        shared: Schemas behind the tenant's own in the ``search_path``, such as that of the extensions.
        group: See :class:`Target`.

    Raises:
        DatabaseUnreachableError: The server does not let us in.

    Example:
        >>> schemas(url, "tenant_%")  # doctest: +SKIP
        [Target(name='tenant_1', …), Target(name='tenant_2', …)]
    """
    names = _names(url, _SCHEMAS, pattern)
    return [Target(name=name, url=url, schema=name, shared=shared, group=group) for name in names]


def databases(url: URL, pattern: str, *, group: str = "") -> list[Target]:
    """Return a target for each database whose name is like a pattern, sorted.

    Args:
        url: Any database of their server.
        pattern: As for LIKE.
        group: See :class:`Target`.
    """
    names = _names(url, _DATABASES, pattern)
    return [Target(name=name, url=url.set(database=name), group=group) for name in names]


def projects(api: NeonAPI, *, database: str, role: str, group: str = "") -> list[Target]:
    """Return a target for the default branch of each Neon project of an account, sorted.

    Each costs a call, and Neon allows 700 a minute: https://api-docs.neon.tech/reference/api-rate-limiting.

    Args:
        api: With the account's key.
        database: Its name, the same one in every project.
        role: Who connects.
        group: See :class:`Target`.

    Raises:
        NeonAPIError: Neon refuses.
    """
    return [
        Target(name=project, url=api.connection_uri(database=database, role=role, project=project), group=group)
        for project in sorted(api.projects())
    ]


def read_file(path: Path, default: URL | None) -> list[Target]:
    """Read tenants from a TOML file: one table ``[[group]]`` a group, in the order in which they are migrated.

    A group has a ``name``, and ``schemas`` or ``databases``: a list of names, or a pattern for LIKE. It may have a
    ``url``, and ``shared`` schemas.

    Args:
        path: The file.
        default: The URL of groups without one.

    Raises:
        TenantsError: The file is not like that.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TenantsError(f"{path}: {error}.") from None
    groups = document.get("group")
    if not isinstance(groups, list) or not groups or set(document) != {"group"}:
        raise TenantsError(f"{path}: expected tables [[group]], and nothing else.")
    return [
        target for number, group in enumerate(groups, 1) for target in _group(f"{path}, group {number}", group, default)
    ]


def _group(where: str, group: dict[str, Any], default: URL | None) -> list[Target]:
    unknown = set(group) - _KEYS
    if unknown or ("schemas" in group) == ("databases" in group):
        raise TenantsError(
            f"{where}: expected name, schemas or databases, and maybe url and shared; got {', '.join(sorted(group))}."
        )
    name, shared = str(group.get("name", "")), tuple(group.get("shared", ()))
    url = _url(where, group["url"]) if "url" in group else default
    if url is None:
        raise TenantsError(f"{where}: no url, and DATABASE_URL is not set.")
    if "schemas" in group:
        if isinstance(group["schemas"], str):
            return schemas(url, group["schemas"], shared=shared, group=name)
        return [Target(name=each, url=url, schema=each, shared=shared, group=name) for each in group["schemas"]]
    if isinstance(group["databases"], str):
        return databases(url, group["databases"], group=name)
    return [Target(name=each, url=url.set(database=each), group=name) for each in group["databases"]]


def _url(where: str, text: str) -> URL:
    try:
        return parse(text)
    except DatabaseURLError as error:
        raise TenantsError(f"{where}: {error.message}", hint=error.hint) from None


def _names(url: URL, query: str, pattern: str) -> list[str]:
    statement = query.format(pattern=literal(pattern))
    with connect(create(url, lock_timeout="2s", application_name="alembic:tenants")) as connection:
        result = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        return list(result.scalars())
