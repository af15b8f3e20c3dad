"""The server's definitions of constraints and indexes, taken apart into fields.

What ``pg_get_constraintdef`` and ``pg_get_indexdef`` write is matched as a whole, by the grammar of ``ruleutils.c``
of PostgreSQL 14 to 18. A definition that does not match to its last character is not taken apart at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Fields = dict[str, Any]

_NAME = r'(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_]*)'
_NAMES = rf"{_NAME}(?:, {_NAME})*"
_QUALIFIED = rf"{_NAME}(?:\.{_NAME})?"
_ACTION = r"RESTRICT|CASCADE|SET NULL|SET DEFAULT"
_TAIL = r"(?: DEFERRABLE)?(?: INITIALLY DEFERRED)?(?: NOT ENFORCED)?(?: NOT VALID)?"  # fields of their own

_KEY = re.compile(
    rf"(?P<nulls_not_distinct> NULLS NOT DISTINCT)? \({_NAMES}(?P<without_overlaps> WITHOUT OVERLAPS)?\)"
    rf"(?: INCLUDE \((?P<include>{_NAMES})\))?{_TAIL}"
)
_FOREIGN_KEY = re.compile(
    rf"FOREIGN KEY \({_NAMES}\) REFERENCES {_QUALIFIED}\((?P<columns>{_NAMES})\)(?: MATCH (?P<match>FULL|PARTIAL))?"
    rf"(?: ON UPDATE (?P<on_update>{_ACTION}))?"
    rf"(?: ON DELETE (?P<on_delete>{_ACTION})(?: \((?P<set_null_columns>{_NAMES})\))?)?{_TAIL}"
)
_TAIL_END = re.compile(rf"{_TAIL}$")
_OWN_COLUMNS = re.compile(
    rf"(?:(?:PRIMARY KEY|FOREIGN KEY|UNIQUE(?: NULLS NOT DISTINCT)?) \((?P<columns>{_NAMES})|NOT NULL (?P<column>{_NAME}))"
)
_CHECK_END = re.compile(rf"(?P<no_inherit> NO INHERIT)?{_TAIL}")
_NOT_NULL = re.compile(rf"NOT NULL {_NAME}(?P<no_inherit> NO INHERIT)?{_TAIL}")
_EXCLUDE = re.compile(rf"EXCLUDE USING (?P<method>{_NAME}) \(")
_EXCLUDE_ELEMENT = re.compile(r"(?P<key>.*) WITH (?P<operator>\S+|OPERATOR\(\S+\))", re.DOTALL)
_INDEX = re.compile(
    rf"CREATE (?P<unique>UNIQUE )?INDEX (?P<name>{_NAME}) ON (?P<only>ONLY )?(?P<table>{_QUALIFIED})"
    rf" USING (?P<method>{_NAME}) \("
)
_INDEX_END = re.compile(
    rf"(?: INCLUDE \((?P<include>{_NAMES})\))?(?P<nulls_not_distinct> NULLS NOT DISTINCT)?"
    r"(?: WITH \((?P<options>(?:[^()']|'[^']*')*)\))?(?: WHERE (?P<where>.*))?",
    re.DOTALL,
)
_OPTION = re.compile(r"(?P<name>[a-z_]+)=(?:'(?P<quoted>(?:[^']|'')*)'|(?P<bare>[a-z_][a-z0-9_]*))")
_KEY_HEAD = re.compile(r'(?:"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_]*)(?:\.(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_]*))?')
_KEY_END = re.compile(
    rf"(?: COLLATE (?P<collation>{_QUALIFIED}))?(?: (?P<opclass>{_QUALIFIED})(?: \((?P<opclass_params>[^()]*)\))?)?"
    r"(?: (?P<order>DESC))?(?: NULLS (?P<nulls>FIRST|LAST))?"
)
_LISTS = {"columns", "include", "set_null_columns"}


def constraint_fields(kind: str, definition: str) -> Fields | None:
    """Take a constraint's definition apart.

    Args:
        kind: ``primary key``, ``unique``, ``foreign key``, ``check``, ``exclude`` or ``not null``.
        definition: As ``pg_get_constraintdef`` writes it.

    Returns:
        What the definition says beyond the constraint's other fields; ``None`` if that cannot be told exactly.

    Example:
        >>> constraint_fields("foreign key", "FOREIGN KEY (a) REFERENCES public.t(id) ON DELETE CASCADE")
        {'columns': ['id'], 'on_delete': 'CASCADE'}
    """
    if kind == "check":
        return _check_fields(definition)
    if kind == "exclude":
        return _exclude_fields(definition)
    if kind == "foreign key":
        return _fields(_FOREIGN_KEY.fullmatch(definition))
    if kind == "not null":
        return _fields(_NOT_NULL.fullmatch(definition))
    begin = kind.upper()
    return _fields(_KEY.fullmatch(definition, len(begin))) if definition.startswith(begin) else None


def index_fields(definition: str) -> Fields | None:
    """Take an index's definition apart.

    Args:
        definition: As ``pg_get_indexdef`` writes it.

    Returns:
        Its keys and what follows them; ``None`` if that cannot be told exactly.

    Example:
        >>> index_fields("CREATE INDEX i ON public.t USING btree (lower(a), b DESC) WHERE (b > 0)")
        {'keys': [{'expression': 'lower(a)'}, {'column': 'b', 'order': 'desc'}], 'where': '(b > 0)'}
    """
    begin = _INDEX.match(definition)
    close = begin and _closing(definition, begin.end() - 1)
    end = None if close is None else _fields(_INDEX_END.fullmatch(definition, close + 1))
    if begin is None or close is None or end is None:
        return None
    keys = [_key_fields(key) for key in _split(definition[begin.end() : close])]
    options = _options(end.pop("options", None))
    if None in keys or options is None:
        return None
    return {
        "keys": keys,
        **({"only": True} if begin["only"] else {}),
        **end,
        **({"with": options} if options else {}),
    }


def constraint_statements(kind: str, definition: str) -> Fields:
    """Return what a constraint's definition says once more: its columns and its state.

    Args:
        kind: As of :func:`constraint_fields`.
        definition: As ``pg_get_constraintdef`` writes it.

    Returns:
        Fields of a document, defaults too; those that cannot be told are left out.

    Example:
        >>> constraint_statements("unique", "UNIQUE (a, b) DEFERRABLE")
        {'deferrable': True, 'initially': None, 'not_valid': False, 'columns': ['a', 'b']}
    """
    if constraint_fields(kind, definition) is None:
        return {}
    tail = _TAIL_END.search(definition)
    words = tail[0] if tail else ""
    found: Fields = {"deferrable": " DEFERRABLE" in words}
    found["initially"] = "deferred" if " INITIALLY DEFERRED" in words else None
    if " NOT ENFORCED" not in words:
        found["not_valid"] = " NOT VALID" in words
    if columns := _OWN_COLUMNS.match(definition):
        found["columns"] = _listed(columns["columns"] or columns["column"])
    return found


def index_statements(definition: str) -> Fields:
    """Return what an index's definition says once more: its name, uniqueness and method, and its table's name."""
    begin = _INDEX.match(definition)
    if begin is None:
        return {}
    *schema, table = qualified_parts(begin["table"])
    return {
        "name": _unquoted(begin["name"]),
        "unique": begin["unique"] is not None,
        "method": _unquoted(begin["method"]),
        "table": table,
        **({"schema": schema[0]} if schema else {}),
    }


def qualified_parts(name: str) -> list[str]:
    """Split a name as the server writes it into its parts.

    >>> qualified_parts('"My App".t')
    ['My App', 't']
    """
    return [_unquoted(part) for part in re.findall(_NAME, name)]


def identifiers(expression: str) -> set[str]:
    """Return every identifier of an expression; strings and what follows ``::`` are left out."""
    without_strings = re.sub(r"'(?:[^']|'')*'", "''", expression)
    return {_unquoted(name) for name in re.findall(rf"(?<![:\w\"]){_NAME}(?![\w\"(])", without_strings)}


def plain_columns(partition_key: str) -> list[str] | None:
    """Return the columns of a partition key, ``None`` where a key is an expression.

    >>> plain_columns("RANGE (created_at, id)")
    ['created_at', 'id']
    """
    found = re.fullmatch(rf"[A-Z]+ \(({_NAMES})\)", partition_key)
    return _listed(found[1]) if found else None


def _check_fields(definition: str) -> Fields | None:
    close = _closing(definition, len("CHECK ")) if definition.startswith("CHECK (") else None
    end = None if close is None else _fields(_CHECK_END.fullmatch(definition, close + 1))
    return None if close is None or end is None else {"expression": definition[len("CHECK (") : close], **end}


def _exclude_fields(definition: str) -> Fields | None:
    begin = _EXCLUDE.match(definition)
    close = begin and _closing(definition, begin.end() - 1)
    tail = _TAIL_END.search(definition)
    if begin is None or close is None or tail is None:
        return None
    end = _fields(_INDEX_END.fullmatch(definition, close + 1, max(tail.start(), close + 1)))
    elements = [_element_fields(part) for part in _split(definition[begin.end() : close])]
    if end is None or "options" in end or None in elements:
        return None
    if "where" in end:
        if _closing(end["where"], 0) != len(end["where"]) - 1:
            return None
        end["where"] = end["where"][1:-1]
    return {"method": _unquoted(begin["method"]), "elements": elements, **end}


def _element_fields(text: str) -> Fields | None:
    found = _EXCLUDE_ELEMENT.fullmatch(text)
    key = found and _key_fields(found["key"])
    return {**key, "operator": found["operator"]} if found and key else None


def _key_fields(text: str) -> Fields | None:
    """Take one key of an index apart: column or expression, then collation, operator class and order."""
    head = _KEY_HEAD.match(text)
    opens = head.end() if head else 0
    closes = _closing(text, opens) if text[opens : opens + 1] == "(" else None
    end = _KEY_END.fullmatch(text, opens if closes is None else closes + 1)
    if end is None or (head is None and closes is None):
        return None
    begin: Fields = {"expression": text[: end.start()]} if closes else {"column": _unquoted(text[: end.start()])}
    begin |= {name: value.lower() for name in ("order", "nulls") if (value := end[name])}
    return begin | {name: end[name] for name in ("opclass", "opclass_params", "collation") if end[name]}


def _fields(found: re.Match[str] | None) -> Fields | None:
    """Turn the named groups into fields; a group without a value of its own is a flag."""
    if found is None:
        return None
    values = {name: value for name, value in found.groupdict().items() if value is not None}
    flags = {"nulls_not_distinct", "without_overlaps", "no_inherit"}
    return {
        name: True if name in flags else _listed(value) if name in _LISTS else value for name, value in values.items()
    }


def _options(text: str | None) -> dict[str, str] | None:
    parts = [] if text is None else list(_split(text))
    found = [_OPTION.fullmatch(part) for part in parts]
    if not all(found):
        return None
    return {each["name"]: each["bare"] or each["quoted"].replace("''", "'") for each in found if each}


def _closing(text: str, opening: int) -> int | None:
    """Return where the parenthesis that opens there is closed; quoted text holds none."""
    depth = 0
    for token in re.finditer(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]""", text[opening:]):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return opening + token.start()
    return None


def _split(text: str) -> Iterator[str]:
    """Yield what stands between the outermost commas."""
    depth = start = 0
    for token in re.finditer(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()\[\]]|, """, text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token[0], 0)
        if token[0] == ", " and depth == 0:
            yield text[start : token.start()]
            start = token.end()
    yield text[start:]


def _listed(text: str) -> list[str]:
    return [_unquoted(part) for part in _split(text)]


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
