"""SQL as ``op.execute()`` in a script: readable line by line, and executed exactly as it is."""

from __future__ import annotations

import re

_LIMIT = 88
"""Columns of a line, as ``ruff format`` and ``black`` have them by default."""
_INDENT = 4
_ESCAPED = re.compile(r"\\(?=:)")
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")
_COMPILERS = (
    (re.compile(r"(?<![:\w\\]):(\w+)(?!:)"), re.compile(r"\\(:[\w$]*)(?![:\w$])")),
    (re.compile(r"(?<![:\w\\]):(\w+)(?![:\w])"), re.compile(r"\\(:\w*)(?![:\w])")),
)
"""What is a parameter and what is an escape for SQLAlchemy 2.0, and for 2.1."""


def escaped(sql: str) -> str | None:
    r"""Escape what ``text()`` would take for a parameter; there are texts for which it has no escape.

    >>> print(escaped("SELECT ':x', a::text"))
    SELECT '\:x', a::text
    >>> escaped("SELECT ':x:'") is None
    True
    """
    found = _PARAMETER.sub(r"\\:", _ESCAPED.sub(r"\\\\", sql))
    exact = all(not parameter.search(found) and escape.sub(r"\1", found) == sql for parameter, escape in _COMPILERS)
    return found if exact else None


def literal(text: str) -> str:
    """Write a Python string in one line, with the quotes that formatters prefer.

    >>> print(literal("it's"), literal('"x"'))
    "it's" '"x"'
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    quotes = {"'": "'", '"': '"', quote: f"\\{quote}"}
    inner = "".join(quotes.get(character) or repr(character)[1:-1] for character in text)
    return f"{quote}{inner}{quote}"


def rendered(sql: str, prefix: str = "op.", sa: str = "sa.") -> str:
    r"""Write the call that executes a statement.

    Alembic indents every line of what it renders, also inside of strings, which would change the bodies of
    functions; so each line of the statement is a string of its own.

    Args:
        sql: One statement, as the server gets it.
        prefix: Alembic's ``alembic_module_prefix``.
        sa: Alembic's ``sqlalchemy_module_prefix``.

    >>> print(rendered("DROP VIEW v"))
    op.execute("DROP VIEW v")
    """
    text = escaped(sql)
    begin, end = (f"{prefix}execute(", ")")
    if text is None:
        text, begin, end = sql.replace("%", "%%"), f"{prefix}execute({sa}DDL(", "))"
    whole = f"{begin}{literal(text)}{end}"
    if len(whole) <= _LIMIT - _INDENT:
        return whole
    if "\n" in text and len(inside := f"    {begin.partition('(')[2]}{literal(text)}{end[1:]}") <= _LIMIT - _INDENT:
        return "\n".join([f"{prefix}execute(", inside, ")"])  # formatters join strings that fit into one line
    if end == "))":
        body = ["    " + line for line in [f"{sa}DDL(", *_strings(text), ")"]]
        return "\n".join([f"{prefix}execute(", *body, ")"])
    return "\n".join([begin, *_strings(text), end])


def _strings(text: str) -> list[str]:
    *lines, last = text.split("\n")
    return [f"    {literal(line)}" for line in [*(f"{line}\n" for line in lines), last] if line]
