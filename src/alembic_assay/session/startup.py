"""Settings that a URL asks for at the start of a session, where the pooler refuses them there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.errors import DatabaseURLError

if TYPE_CHECKING:
    from sqlalchemy import URL

# As pg_split_opts() of PostgreSQL: white space separates, a backslash keeps what follows it.
_WORD = re.compile(r"(?:\\.|[^\\ \t\n\v\f\r])+", re.DOTALL)
_SETTING = re.compile(r"([A-Za-z_][\w.-]*)=(.*)", re.DOTALL)


def split_options(url: URL, *, pooled: bool) -> tuple[URL, dict[str, str]]:
    """Take the session settings out of a pooled URL; leave a direct one as it is.

    PgBouncer refuses a session that begins with ``options=-csearch_path=app``; a ``SET`` would stay behind on a
    server connection that others use. What is left is to set them in each transaction.

    Args:
        url: Its parameter ``options`` may hold ``-c name=value`` and ``--name=value``, and Neon's ``endpoint=…``.
        pooled: Whether a pooler takes the connection.

    Returns:
        The URL without them, and them.

    Raises:
        DatabaseURLError: An option that is no setting.

    Example:
        >>> from sqlalchemy import make_url
        >>> url = make_url("postgresql://pooler.example/d?options=endpoint%3Dep-a-1-pooler -csearch_path=app")
        >>> url, settings = split_options(url, pooled=True)
        >>> url.query["options"], settings
        ('endpoint=ep-a-1-pooler', {'search_path': 'app'})
    """
    given = url.query.get("options")
    if not pooled or not given:
        return url, {}
    words = _words(given if isinstance(given, str) else " ".join(given))
    kept = [word for word in words if not word.startswith("-")]
    settings = dict(_setting(word) for word in words if word.startswith("-"))
    url = url.difference_update_query(["options"])
    return (url.update_query_dict({"options": " ".join(kept)}) if kept else url), settings


def _words(options: str) -> list[str]:
    """The words of libpq's ``options``; ``-c`` and its value are one."""
    words: list[str] = []
    for found in _WORD.findall(options):
        word = re.sub(r"\\(.)", r"\1", found, flags=re.DOTALL)
        if words and words[-1] == "-c":
            words[-1] = f"-c{word}"
        else:
            words.append(word)
    return words


def _setting(word: str) -> tuple[str, str]:
    found = _SETTING.fullmatch(word[2:])
    if word[:2] not in {"-c", "--"} or found is None:
        raise DatabaseURLError(f"parameter 'options': expected -c name=value, got {word!r}.")
    return found[1].replace("-", "_"), found[2]
