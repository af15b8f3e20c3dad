"""Which URLs lead to a transaction pooler, and the same provider's direct way in.

A transaction pooler loses session state: advisory locks stay behind, ``SET`` leaks to others, start-up options are
refused. Migrations therefore use the direct host wherever it can be known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_assay.neon.parameters import POOLER_FLAG, is_true

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL

PGBOUNCER_PORT = 6432
"""PgBouncer's default ``listen_port``, kept by Aiven, Railway, DigitalOcean and most own installations."""

_SUPABASE_TRANSACTION_PORT = 6543
_POSTGRES_PORT = 5432

# Neon's proxy takes the endpoint from the first DNS label and strips exactly this suffix (proxy/src/types.rs).
_NEON_DOMAIN = re.compile(r"\.neon\.(tech|build)\.?$", re.IGNORECASE)
_NEON_LABEL = re.compile(r"ep-[^.]+\.", re.IGNORECASE)
_NEON_POOLED_LABEL = re.compile(r"([^.]+?)(-pooler)+(?=\.)", re.IGNORECASE)
# The endpoint for clients without SNI, in `options` or before the password; `project` is its old name.
_NEON_OPTION = re.compile(r"(?<!\S)((?:endpoint|project)=\S+?)(-pooler)+(?!\S)")
_NEON_PREFIX = re.compile(r"((?:endpoint|project)=[^;$]+?)(-pooler)+(?=[;$])")

_SUPABASE_HOST = re.compile(r"\.(pooler\.supabase\.com|supabase\.co)\.?$", re.IGNORECASE)
_PRISMA_HOST = re.compile(r"pooled(?=\.db\.prisma\.io\.?$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pooler:
    """A provider's transaction pooler.

    Args:
        name: What the provider calls itself.
        serves: Whether a URL leads to it.
        direct: The same database without it; ``None`` where the direct host cannot be derived.
    """

    name: str
    serves: Callable[[URL], bool]
    direct: Callable[[URL], URL] | None


def is_pooled(url: URL) -> bool:
    """Whether a URL leads to a transaction pooler that we know.

    >>> from sqlalchemy import make_url
    >>> is_pooled(make_url("postgresql://u@ep-cool-sun-1-pooler.us-east-2.aws.neon.tech/app"))
    True
    """
    return any(pooler.serves(url) for pooler in POOLERS)


def direct(url: URL) -> URL | None:
    """Return the direct way to the same database.

    Args:
        url: A URL from :func:`alembic_assay.neon.url.parse`.

    Returns:
        The URL itself if it is not pooled; ``None`` if it is and the provider's direct host cannot be derived.

    Example:
        >>> from sqlalchemy import make_url
        >>> direct(make_url("postgresql://u@ep-cool-sun-1-pooler.us-east-2.aws.neon.tech/app")).host
        'ep-cool-sun-1.us-east-2.aws.neon.tech'
    """
    pooler = next((pooler for pooler in POOLERS if pooler.serves(url)), None)
    if pooler is None:
        return url
    if pooler.direct is None:
        return None
    candidate = pooler.direct(url).difference_update_query([POOLER_FLAG])
    return None if is_pooled(candidate) else candidate


def _flagged(url: URL) -> bool:
    return is_true(url.query.get(POOLER_FLAG))


def _option(url: URL) -> str:
    value = url.query.get("options", "")
    return value if isinstance(value, str) else " ".join(value)


def _neon_serves(url: URL) -> bool:
    host = url.host or ""
    is_neon = bool(_NEON_DOMAIN.search(host) or _NEON_LABEL.match(host))
    if is_neon and (_flagged(url) or _NEON_POOLED_LABEL.match(host)):
        return True
    return bool(_NEON_OPTION.search(_option(url)) or _NEON_PREFIX.match(str(url.password or "")))


def _neon_direct(url: URL) -> URL:
    """All places at once: the proxy refuses a connection whose SNI and option name different endpoints."""
    if url.host:
        url = url.set(host=_NEON_POOLED_LABEL.sub(r"\1", url.host, count=1))
    if url.password is not None:
        url = url.set(password=_NEON_PREFIX.sub(r"\1", str(url.password), count=1))
    if "options" in url.query:
        url = url.update_query_dict({"options": _NEON_OPTION.sub(r"\1", _option(url))})
    return url


def _supabase_serves(url: URL) -> bool:
    return url.port == _SUPABASE_TRANSACTION_PORT and bool(_SUPABASE_HOST.search(url.host or ""))


def _supabase_direct(url: URL) -> URL:
    """Port 5432 of the pooler's host is Supavisor's session mode; of the database's own host, PostgreSQL."""
    return url.set(port=_POSTGRES_PORT)


def _prisma_serves(url: URL) -> bool:
    return _PRISMA_HOST.match(url.host or "") is not None


def _prisma_direct(url: URL) -> URL:
    return url.set(host=(url.host or "").partition(".")[2])


def _pgbouncer_serves(url: URL) -> bool:
    return _flagged(url) or str(PGBOUNCER_PORT) in _ports(url)


def _ports(url: URL) -> set[str]:
    """Every port that a URL names; several hosts are written in its query."""
    written = [*url.normalized_query.get("port", ()), *url.normalized_query.get("host", ())]
    return {part.rpartition(":")[2] for value in written for part in value.split(",")} | {str(url.port)}


POOLERS = (
    Pooler("Neon", _neon_serves, _neon_direct),
    Pooler("Supabase", _supabase_serves, _supabase_direct),
    Pooler("Prisma Postgres", _prisma_serves, _prisma_direct),
    Pooler("PgBouncer", _pgbouncer_serves, None),
)
