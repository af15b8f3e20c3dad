"""DDL whose result is known but for its expressions and types: tables of columns, keys and btree indexes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alembic_assay.catalog.generated_names import LONGEST

if TYPE_CHECKING:
    from alembic_assay.catalog.canonical_pieces import TableDDL

_NAME = r'(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+")'
_NAMES = rf"{_NAME}(?:, {_NAME})*"
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
_WHOLE = re.compile(r"""(?:[^'"\\$]|'[^'\\]*'|"[^"]*")*""")
_COMMENT = re.compile(r"--|/\*")
_TABLE = re.compile(rf"CREATE TABLE ({_NAME})\.({_NAME})")
_COLUMN = re.compile(rf"({_NAME}) (.+)", re.DOTALL)
_MORE_THAN_A_COLUMN = re.compile(
    r"\b(?:CHECK|REFERENCES|PRIMARY|UNIQUE|CONSTRAINT|DEFERRABLE|INITIALLY|STORED|VIRTUAL|AS\s*\()", re.IGNORECASE
)
_CONSTRAINT = re.compile(rf"(?:CONSTRAINT ({_NAME}) )?(PRIMARY KEY|UNIQUE|CHECK) (\(.*)", re.DOTALL)
_KEY_COLUMNS = re.compile(rf"\(({_NAMES})\)")
_INDEX = re.compile(rf"CREATE (UNIQUE )?INDEX ({_NAME}) ON ({_NAME})\.({_NAME}) \(({_NAMES})\)")
_COMMENT_ON = re.compile(rf"COMMENT ON (?:TABLE|COLUMN) ({_NAME})\.({_NAME})(?:\.({_NAME}))? IS '((?:[^'\\]|'')*)'")
_ACTION = "CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION"
_FOREIGN_KEY = re.compile(
    rf"ALTER TABLE ({_NAME})\.({_NAME}) ADD (?:CONSTRAINT ({_NAME}) )?FOREIGN KEY\(({_NAMES})\)"
    rf" REFERENCES ({_NAME})\.({_NAME}) \(({_NAMES})\)(?: ON DELETE ({_ACTION}))?(?: ON UPDATE ({_ACTION}))?"
)
_IDENTIFIERS = re.compile(r'"((?:[^"]|"")+)"|([A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)')
_SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
_FINDS_A_RELATION = ("nextval", "currval", "setval", "::reg", "to_reg", "as reg", "lastval", "u&")
_MOST_COLUMNS, _MOST_KEYS = 1000, 32


@dataclass(slots=True)
class Key:
    """A primary key, a unique constraint or an index, of plain columns.

    Args:
        type: ``primary key``, ``unique`` or ``index``.
        name: ``None`` if the server is to choose one.
        columns: In order.
        unique: Whether values must differ.
    """

    type: str
    name: str | None
    columns: tuple[str, ...]
    unique: bool = True


@dataclass(slots=True)
class Reference:
    """A foreign key without MATCH, DEFERRABLE or NOT VALID.

    Args:
        name: ``None`` if the server is to choose one.
        columns: In order.
        target: Schema and name of the table that it points to.
        targets: The columns there.
        delete: ``CASCADE`` …, ``None`` for no action.
        update: The same.
    """

    name: str | None
    columns: tuple[str, ...]
    target: tuple[str, str]
    targets: tuple[str, ...]
    delete: str | None
    update: str | None


@dataclass(slots=True)
class PlainTable:
    """What the DDL of a table says.

    Args:
        key: Schema and name.
        columns: Name, definition without NOT NULL, and whether that is there.
        checks: Name and text from the parenthesis on.
        keys: Keys and indexes.
        references: Foreign keys.
        comments: By column; the table's own by ``None``.
    """

    key: tuple[str, str]
    columns: list[tuple[str, str, bool]] = field(default_factory=list)
    checks: list[tuple[str | None, str]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    comments: dict[str | None, str] = field(default_factory=dict)

    @property
    def definitions(self) -> dict[str, str]:
        """The definition of each column."""
        return {name: definition for name, definition, _ in self.columns}


def plain(table: TableDDL) -> PlainTable | None:
    """Return what the DDL of a table says, ``None`` if it says more than this module knows.

    Whatever is not recognised exactly is left to the server: this never guesses.
    """
    head, _, body = table.whole.sql.partition(" (\n\t")
    named = _TABLE.fullmatch(head)
    if not named or not body.endswith("\n)") or not _closed(head):
        return None
    found = PlainTable((_plain(named[1]), _plain(named[2])))
    items = body[:-2].split(", \n\t")
    after = [piece.sql for piece in table.after]
    links = [piece.sql for each in table.foreign_keys for piece in each.pieces]
    if (
        found.key == table.key
        and all(_closed(item) and _item(found, item) for item in items)
        and all(_closed(sql) and (_index(found, sql) or _comment(found, sql)) for sql in after)
        and all(_closed(sql) and _reference(found, sql) for sql in links)
        and _regular(found)
    ):
        return found
    return None


def words(sql: str) -> set[str]:
    """Return all that may be a name in an expression, as the server folds it."""
    return {
        found[1].replace('""', '"') if found[1] else found[2].lower()
        for found in _IDENTIFIERS.finditer(re.sub("'[^']*'", "''", sql))
    }


def _closed(sql: str) -> bool:
    """Tell whether quotes and parentheses end within a text, and nothing else hides what it means."""
    if not _WHOLE.fullmatch(sql):
        return False
    bare = _QUOTED.sub("", sql)
    depth = 0
    for character in re.findall(r"[()]", bare):
        depth += 1 if character == "(" else -1
        if depth < 0:
            return False
    lowered = sql.lower()
    return depth == 0 and not _COMMENT.search(bare) and not any(word in lowered for word in _FINDS_A_RELATION)


def _item(table: PlainTable, item: str) -> bool:
    constraint = _CONSTRAINT.fullmatch(item)
    if constraint:
        name = _plain(constraint[1]) if constraint[1] else None
        if constraint[2] == "CHECK":
            table.checks.append((name, constraint[3]))
            return True
        columns = _KEY_COLUMNS.fullmatch(constraint[3].rstrip())
        if columns:
            table.keys.append(Key(constraint[2].lower(), name, _list(columns[1])))
        return columns is not None
    column = _COLUMN.fullmatch(item)
    if not column or _MORE_THAN_A_COLUMN.search(_QUOTED.sub("", column[2])):
        return False
    definition = column[2].rstrip()
    not_null = definition.endswith(" NOT NULL")
    table.columns.append((_plain(column[1]), definition.removesuffix(" NOT NULL"), not_null))
    return True


def _index(table: PlainTable, sql: str) -> bool:
    found = _INDEX.fullmatch(sql)
    if found is None or (_plain(found[3]), _plain(found[4])) != table.key:
        return False
    table.keys.append(Key("index", _plain(found[2]), _list(found[5]), unique=bool(found[1])))
    return True


def _comment(table: PlainTable, sql: str) -> bool:
    found = _COMMENT_ON.fullmatch(sql)
    if found is None or (_plain(found[1]), _plain(found[2])) != table.key:
        return False
    table.comments[_plain(found[3]) if found[3] else None] = found[4].replace("''", "'")
    return True


def _reference(table: PlainTable, sql: str) -> bool:
    found = _FOREIGN_KEY.fullmatch(sql)
    if found is None or (_plain(found[1]), _plain(found[2])) != table.key:
        return False
    name = _plain(found[3]) if found[3] else None
    target = (_plain(found[5]), _plain(found[6]))
    table.references.append(Reference(name, _list(found[4]), target, _list(found[7]), found[8], found[9]))
    return True


def _regular(table: PlainTable) -> bool:
    """Tell whether the server takes it all as it is: nothing twice, nothing too long, nothing missing."""
    names = [name for name, _, _ in table.columns]
    keys = [key.columns for key in table.keys if key.type != "index"]
    used = [*(key.columns for key in table.keys), *(each.columns for each in table.references)]
    given = [key.name for key in table.keys] + [each.name for each in table.references]
    given += [name for name, _ in table.checks]
    return (
        len(set(names)) == len(names) <= _MOST_COLUMNS
        and not _SYSTEM_COLUMNS & set(names)
        and len({tuple(sorted(columns)) for columns in keys}) == len(keys)
        and sum(key.type == "primary key" for key in table.keys) <= 1
        and all(len(set(columns)) == len(columns) <= _MOST_KEYS and set(columns) <= set(names) for columns in used)
        and all(len(each.columns) == len(each.targets) for each in table.references)
        and set(filter(None, table.comments)) <= set(names)
        and all(len(name.encode()) <= LONGEST for name in [*table.key, *names, *filter(None, given)])
    )


def _list(names: str) -> tuple[str, ...]:
    return tuple(_plain(found[0]) for found in re.finditer(_NAME, names))


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def same_type(one: str, other: str) -> bool:
    """Tell whether two types are equal but for their modifiers: ``character varying(5)`` and ``(9)``."""
    return re.sub(r"\([^)]*\)", "", one) == re.sub(r"\([^)]*\)", "", other)
