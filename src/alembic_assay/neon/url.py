"""Database URLs: read from wherever users keep them, led past the pooler, shown without the password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from sqlalchemy import URL

from alembic_assay.errors import DatabaseURLError
from alembic_assay.neon.parameters import POOLER_FLAG, SECRETS, normalize
from alembic_assay.neon.poolers import direct, is_pooled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ResolvedURL", "direct", "for_libpq", "is_pooled", "masked", "parse", "parse_from", "resolve"]

DRIVER = "postgresql+psycopg"

DIRECT_VARIABLES = (
    "DATABASE_URL_UNPOOLED",
    "DIRECT_URL",
    "POSTGRES_URL_NON_POOLING",
    "MIGRATION_DATABASE_URL",
)
"""Variables that Neon, Vercel, Prisma, Supabase and public ``env.py`` files use for the direct host."""

VARIABLE = "DATABASE_URL"

EXAMPLE = "postgresql://user:password@host/database"

_PLACEHOLDER = "driver://user:pass@localhost/dbname"  # what `alembic init` writes into alembic.ini
_SCHEME = re.compile(r"[A-Za-z][\w+.-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# SQLAlchemy's grammar; its parser decodes the database only since 2.1, and ignores what does not match.
_PARTS = re.compile(
    r"(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<address>(?:\[(?P<ipv6>[^]/?]+)\]|(?P<host>[^:/?]*))(?::(?P<port>[^/?]*))?(?:/(?P<database>[^?]*))?"
    r"(?:\?(?P<query>.*))?)"
)
_LATE_AT = re.compile(r"[^?@]*(?:\?[^=@]*)?@")  # in the address, or in the name of the first parameter
_HIGHEST_PORT = 65535
_ENCODE_HINT = "In user and password write '@' as %40, ':' as %3A, '/' as %2F."
_PORT_ERROR = f"expected a port from 1 to {_HIGHEST_PORT} after the host."


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedURL:
    """The URL that a migration will use.

    Args:
        url: Where it will connect to; make the engine with :func:`alembic_assay.neon.engine.create`.
        source: Where it was found: ``"-x url="``, the name of a variable, ``"sqlalchemy.url"`` …
        pooled: Whether a transaction pooler is still in between.
        rewritten: Whether the pooled URL that was found was replaced by the direct one.
    """

    url: URL
    source: str
    pooled: bool
    rewritten: bool


def parse(text: str | URL) -> URL:
    """Read a PostgreSQL URL of any dialect into one for psycopg 3.

    Args:
        text: ``postgres://``, ``postgresql://`` or ``postgresql+<driver>://``, with parameters of libpq, asyncpg
            or Prisma; or SQLAlchemy's own URL object.

    Raises:
        DatabaseURLError: Not a URL, not PostgreSQL's, a malformed port or host, an unknown parameter. The
            message never holds a password.

    Example:
        >>> parse("postgres://ann:s%40cret@db.example.com/app?ssl=require")
        postgresql+psycopg://ann:***@db.example.com/app?sslmode=require
    """
    return parse_from("database URL", text)


def resolve(
    *, x: str | None, argument: str | URL | None, environ: Mapping[str, str], ini: str | None, variable: str = VARIABLE
) -> ResolvedURL:
    """Find the URL to migrate with, the most explicit one first.

    ``-x url=``, then the argument of ``run()``, then the variables for direct hosts, then ``DATABASE_URL``, then
    ``sqlalchemy.url`` of the configuration. A pooled URL is replaced by the direct one where that can be derived.

    Args:
        x: The value of ``-x url=…``; ``None`` if it was not given.
        argument: What ``env.py`` passed; ``None`` if nothing.
        environ: The environment; empty variables count as missing.
        ini: ``sqlalchemy.url``; Alembic's placeholder counts as missing.
        variable: The one of another database; its direct host is in that name with ``_UNPOOLED``.

    Raises:
        DatabaseURLError: There is none, or the first one found is wrong; the message names its source.

    Example:
        >>> found = resolve(x=None, argument=None, ini=None, environ={
        ...     "DATABASE_URL": "postgres://u:p@ep-cool-sun-1-pooler.us-east-2.aws.neon.tech/app"})
        >>> found.url.host, found.rewritten
        ('ep-cool-sun-1.us-east-2.aws.neon.tech', True)
    """
    variables = (*(DIRECT_VARIABLES if variable == VARIABLE else (f"{variable}_UNPOOLED",)), variable)
    for source, text in _sources(x, argument, {name: environ.get(name, "") for name in variables}, ini):
        url = parse_from(source, text)
        straight = direct(url)
        if straight is None:
            return ResolvedURL(url=url, source=source, pooled=True, rewritten=False)
        return ResolvedURL(url=straight, source=source, pooled=False, rewritten=straight != url)
    raise DatabaseURLError(
        "no database URL.",
        hint=f"Set {variable} to {EXAMPLE} (or {variables[0]}, if {variable} is a pooler's), or pass -x url=….",
    )


def masked(url: URL) -> str:
    """Render a URL for people and logs: no password, wherever it stands.

    >>> masked(parse("postgres://ann:secret@db/app?sslpassword=hush"))
    'postgresql+psycopg://ann:***@db/app?sslpassword=***'
    """
    hidden = {name: "***" for name in url.query if name in SECRETS}
    return url.update_query_dict(hidden).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")


def for_libpq(url: URL) -> URL:
    """Leave out what is ours: libpq refuses parameters that it does not know.

    >>> for_libpq(parse("postgresql://u@h/d?pgbouncer=true"))
    postgresql+psycopg://u@h/d
    """
    return url.difference_update_query([POOLER_FLAG])


def _sources(
    x: str | None, argument: str | URL | None, environ: Mapping[str, str], ini: str | None
) -> Iterator[tuple[str, str | URL]]:
    if x is not None:  # even when empty: falling through would migrate another database than was asked for
        yield "-x url=", x
    if argument is not None:
        yield "url of env.py", argument
    for variable, value in environ.items():
        if value.strip():
            yield variable, value
    if ini and ini.strip() not in {"", _PLACEHOLDER}:
        yield "sqlalchemy.url", ini


def parse_from(source: str, text: str | URL) -> URL:
    """Like :func:`parse`, with errors that begin with where the URL was found.

    Args:
        source: Such as ``DATABASE_URL``.
        text: As for :func:`parse`.
    """
    try:
        return _psycopg_url(text if isinstance(text, URL) else _split(text))
    except DatabaseURLError as error:
        raise DatabaseURLError(f"{source}: {error.message}", hint=error.hint) from None


def _split(text: str) -> URL:
    """Split the text into a URL; no error shows more of it than the scheme: the rest may be the password."""
    text = text.strip("\r\n").lstrip()
    scheme, separator, rest = text.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        raise DatabaseURLError(f"expected {EXAMPLE}, got {'something else' if text else 'nothing'}.")
    if _CONTROL.search(rest):
        raise DatabaseURLError(
            "expected one line without control characters.", hint="Is it quoted or split over lines somewhere?"
        )
    _check_backend(scheme)
    parts = _PARTS.fullmatch(rest)
    if parts is None or _LATE_AT.match(parts["address"]):  # part of the password would be taken for the host
        raise DatabaseURLError("expected one '@', between password and host.", hint=_ENCODE_HINT)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts["query"] or ""):
        query.setdefault(name, []).append(value)
    return URL.create(
        scheme,
        username=_decoded(parts["user"]),
        password=_decoded(parts["password"]),
        host=parts["ipv6"] or parts["host"],
        port=None if parts["port"] is None else _port(parts["port"]),
        database=_decoded(parts["database"]),
        query=query,
    )


def _decoded(part: str | None) -> str | None:
    return None if part is None else unquote(part)


def _check_backend(drivername: str) -> None:
    if drivername.lower().partition("+")[0] not in {"postgres", "postgresql"}:
        raise DatabaseURLError(f"expected {EXAMPLE}, got a URL for {drivername!r}.")


def _psycopg_url(url: URL) -> URL:
    _check_backend(url.drivername)
    query = normalize(url.normalized_query)
    host, port = _address(url, query)
    user = _single(query, "user", url.username) or None
    password = _single(query, "password", None if url.password is None else str(url.password))
    return _without_nul(
        URL.create(
            DRIVER,
            username="" if user is None and password is not None else user,  # a URL shows no password without
            password=password,
            host=host,
            port=port,
            database=_single(query, "dbname", url.database) or None,
            query={name: values if len(values) > 1 else values[0] for name, values in query.items()},
        )
    )


def _single(query: dict[str, tuple[str, ...]], name: str, default: str | None) -> str | None:
    """Take a parameter that has its own place in a URL; like libpq and SQLAlchemy, it wins over that place."""
    return query.pop(name)[0] if name in query else default


def _address(url: URL, query: dict[str, tuple[str, ...]]) -> tuple[str | None, int | None]:
    """Host and port; sockets and several hosts stay in the query, as SQLAlchemy wants them."""
    host = url.host or None
    if host is not None and host.lower().startswith("%2f"):  # libpq's way to write a socket directory
        query.setdefault("host", (unquote(host),))
        host = None
    several = query.get("host", ())
    if len(several) == 1 and not re.search(r"^[/@]|[,:]", several[0]):
        (host,) = query.pop("host")
    if "host" in query:
        host = None
    if host is not None:
        _check_host(host)
    port = url.port
    if len(query.get("port", ())) == 1 and "," not in query["port"][0]:
        port = _port(query.pop("port")[0])
    if port is not None and not 1 <= port <= _HIGHEST_PORT:
        raise DatabaseURLError(_PORT_ERROR, hint=_ENCODE_HINT)
    return host, port


def _check_host(host: str) -> None:
    try:
        host.encode("idna")
    except UnicodeError:
        valid = False
    else:
        valid = not re.search(r"[@%\s]", host)
    if not valid:
        raise DatabaseURLError("expected a host name or address after '@'.", hint=_ENCODE_HINT)


def _port(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0


def _without_nul(url: URL) -> URL:
    if any("\0" in part for part in (url.username, url.password, url.database) if part):
        raise DatabaseURLError("expected no NUL (%00) in user, password or database.")
    return url
