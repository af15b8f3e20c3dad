"""Statements that grant and revoke what ``aclitem`` texts say: ``bob=r*/alice``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.create_properties import target
from alembic_assay.catalog.create_steps import Step
from alembic_assay.catalog.create_types import PUBLIC
from alembic_assay.catalog.default_privileges import DefaultPrivileges
from alembic_assay.catalog.extension_privileges import ExtensionPrivileges
from alembic_assay.catalog.names import parts
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic_assay.catalog.create_context import Context
    from alembic_assay.catalog.record import Record

PRIVILEGES = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
}
"""https://www.postgresql.org/docs/current/ddl-priv.html#PRIVILEGE-ABBREVS-TABLE"""

_OF_OWNER = {
    "schema": "UC",
    "sequence": "rwU",
    "table": "arwdDxt",
    "view": "arwdDxt",
    "function": "X",
    "column": "",
    "large object": "rw",
}
"""What an owner may from the start; MAINTAIN too, where there is it (PostgreSQL 17). Of all others, USAGE."""

_OF_PUBLIC = {
    "function": "X",
    **dict.fromkeys(
        ("schema", "sequence", "table", "view", "column", "large object", "foreign data wrapper", "foreign server"), ""
    ),
}
"""What everybody may from the start; of types and languages, USAGE."""

_OF_TYPES = "U"
NEW_PUBLIC = ("=U/pg_database_owner", "pg_database_owner=UC/pg_database_owner")
"""The privileges of the schema ``public`` in a new database."""
_ITEM = re.compile(r'(?P<grantee>"(?:[^"]|"")*"|[^="]*)=(?P<letters>[A-Za-z*]*)/(?P<grantor>.+)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Item:
    """One ``aclitem``.

    Args:
        grantee: The role, or an empty text for PUBLIC.
        privileges: Letters, each with whether it may be granted on.
        grantor: The role that granted it.
    """

    grantee: str
    privileges: dict[str, bool]
    grantor: str


def parsed(item: str) -> Item:
    """Read the text of an ``aclitem``.

    >>> parsed('"a b"=r*w/postgres')
    Item(grantee='a b', privileges={'r': True, 'w': False}, grantor='postgres')
    """
    found = _ITEM.fullmatch(item)
    assert found is not None, item  # noqa: S101 - the server wrote it
    letters = re.findall(r"([A-Za-z])(\*?)", found["letters"])
    return Item(_role(found["grantee"]), {letter: star == "*" for letter, star in letters}, _role(found["grantor"]))


def _role(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def grants(record: Record, owner: str, *, owners: bool) -> Iterator[str]:
    """Yield the statements that change the privileges of a new object to those of the record.

    Args:
        record: Of any kind.
        owner: Its owner in the snapshot; of a column, that of its table.
        owners: Whether the object was given to its owner; else it belongs to who made it.
    """
    acl: tuple[str, ...] | None = getattr(record, "acl", None)
    if acl is None or isinstance(record, (DefaultPrivileges, ExtensionPrivileges)):
        return
    public_schema = record.key == (PUBLIC,) and record.kind == "schema"
    names = _Names(record, owner, owners or public_schema)
    new_public = {item.grantee: set(item.privileges) for item in map(parsed, NEW_PUBLIC)}
    held = new_public if public_schema else _at_first(record.kind, owner)
    yield from _changes(names, [parsed(item) for item in acl], held, any_grantor=public_schema)


def by_default(record: DefaultPrivileges) -> Iterator[str]:
    """Yield what follows ``ALTER DEFAULT PRIVILEGES …`` to change what the server gives to those of the record."""
    held = {} if record.schema else _at_first(record.objects.removesuffix("s"), record.role)
    yield from _changes(_Names(record, record.role, owners=True), [parsed(item) for item in record.acl], held)


def on_extension(record: ExtensionPrivileges, _: Context) -> Iterator[Step]:
    """Change privileges on an object of an extension from those that it came with."""
    statements = list(_of_member(record, record.initial_acl, record.acl))
    yield Step((record.kind, record.key), statements, {("extension", (record.extension,))})


def as_installed(record: ExtensionPrivileges) -> Iterator[str]:
    """Yield the statements that change privileges on an object of an extension back to those that it came with."""
    yield from _of_member(record, record.acl, record.initial_acl)


def _of_member(record: ExtensionPrivileges, before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    held = {item.grantee: set(item.privileges) for item in map(parsed, before)}
    yield from _changes(_Names(record, record.object_owner, owners=False), [parsed(item) for item in after], held)


def regrants(before: Record | None, after: Record | None, owner: str, *, owners: bool) -> Iterator[str]:
    """Yield the statements that change the privileges of an object that is there to those of another record of it.

    Args:
        before: As it is; ``None`` for default privileges that are not there.
        after: As it shall be; ``None`` for default privileges that go.
        owner: Its owner; of a column, that of its table.
        owners: As of :func:`grants`.
    """
    record = after or before
    assert record is not None  # noqa: S101 - one of them is there
    owner = owner or "current_user"  # not said in the document: who runs the statements
    names = _Names(record, owner, owners or record.key == (PUBLIC,))
    held: dict[str, set[str]] = {}
    for item in _items(before, record, owner):
        held.setdefault(item.grantee, set()).update(item.privileges)
    items = _items(after, record, owner)
    if getattr(after, "acl", None) is None and not isinstance(record, DefaultPrivileges):
        mine = [item for item in items if item.grantee == owner]
        items = [item for item in items if item.grantee != owner]
        if any(set(item.privileges) - held.get(owner, set()) for item in mine):
            yield names.grant_all(owner)  # newer versions have more of them
        held.pop(owner, None)
    yield from _changes(names, items, held)


def _items(side: Record | None, record: Record, owner: str) -> list[Item]:
    acl: tuple[str, ...] | None = getattr(side, "acl", None)
    if acl is not None:
        return [parsed(item) for item in acl]
    if isinstance(record, DefaultPrivileges):
        held = {} if record.schema else _at_first(record.objects.removesuffix("s"), record.role)
    elif record.key == (PUBLIC,) and record.kind == "schema":
        return [parsed(item) for item in NEW_PUBLIC]
    else:
        held = _at_first(record.kind, owner)
    return [Item(who, dict.fromkeys(sorted(letters), False), owner) for who, letters in held.items() if letters]


def _changes(
    names: _Names, items: list[Item], held: dict[str, set[str]], *, any_grantor: bool = False
) -> Iterator[str]:
    """Yield the statements that change what is held to what the items say."""
    wanted: dict[str, set[str]] = {}
    for item in items:
        wanted.setdefault(item.grantee, set()).update(item.privileges)
    for grantee in list(held):
        if held[grantee] - wanted.get(grantee, set()):
            # All of it: newer versions give an owner more than the snapshot may know of.
            held[grantee] = set()
            yield names.revoke(grantee)
    for item in _granted_first(items, names.owner):
        first_hand = item.grantor == names.owner or any_grantor
        yield from names.grant(item, held.get(item.grantee, set()) if first_hand else set())


def _at_first(kind: str, owner: str) -> dict[str, set[str]]:
    return {owner: set(_OF_OWNER.get(kind, _OF_TYPES)), "": set(_OF_PUBLIC.get(kind, _OF_TYPES))}


def _granted_first(items: list[Item], owner: str) -> list[Item]:
    """Sort what somebody granted behind what let him grant it."""
    taken: list[Item] = []
    waiting, able = sorted(items, key=lambda item: item.grantee), {owner}
    while ready := [item for item in waiting if item.grantor in able]:
        taken += ready
        waiting = [item for item in waiting if item.grantor not in able]
        able |= {item.grantee for item in ready}
    return taken + waiting


@dataclass(frozen=True, slots=True)
class _Names:
    record: Record
    owner: str
    owners: bool

    def revoke(self, grantee: str) -> str:
        return f"REVOKE {self._words([])} ON {self._object()} FROM {self._grantee(grantee)}"

    def grant_all(self, grantee: str) -> str:
        return f"GRANT {self._words([])} ON {self._object()} TO {self._grantee(grantee)}"

    def grant(self, item: Item, held: set[str]) -> Iterator[str]:
        own = item.grantee == self.owner
        for option in (False, True):
            letters = [
                letter
                for letter, may_grant in item.privileges.items()
                if may_grant == option and (option or letter not in held) and not (own and held and letter == "m")
            ]
            if letters:
                statement = f"GRANT {self._words(letters)} ON {self._object()} TO {self._grantee(item.grantee)}"
                yield from self._as(item.grantor, statement + (" WITH GRANT OPTION" if option else ""))

    def _as(self, grantor: str, statement: str) -> Iterator[str]:
        if grantor == self.owner:
            yield statement
        else:
            yield f"SET SESSION AUTHORIZATION {identifier(grantor)}"
            yield statement
            yield "RESET SESSION AUTHORIZATION"

    def _words(self, letters: list[str]) -> str:
        columns = ""
        if isinstance(self.record, Column):
            columns = f" ({identifier(self.record.name)})"
        elif isinstance(self.record, ExtensionPrivileges) and self.record.type.endswith(_COLUMN):
            columns = f" ({identifier(parts(self.record.name)[-1])})"
        return ", ".join(f"{PRIVILEGES[letter]}{columns}" for letter in letters) or f"ALL{columns}"

    def _grantee(self, grantee: str) -> str:
        if not grantee:
            return "PUBLIC"
        return "CURRENT_USER" if grantee == self.owner and not self.owners else identifier(grantee)

    def _object(self) -> str:
        if isinstance(self.record, DefaultPrivileges):
            return self.record.objects.upper()
        if isinstance(self.record, ExtensionPrivileges):
            return _of_extension(self.record)
        if isinstance(self.record, Column):
            return f"TABLE {qualified(self.record.table, self.record.schema)}"
        word, name = target(self.record)
        return f"{_WORD.get(word, word)} {name}"


def _of_extension(record: ExtensionPrivileges) -> str:
    if record.type.endswith(_COLUMN):
        *schema, table, _ = parts(record.name)
        return f"TABLE {qualified(table, *schema)}"
    word = record.type.upper().replace("-", " ")
    return f"{_WORD.get(word, word)} {record.name}"


_COLUMN = " column"
_WORD = {
    "SERVER": "FOREIGN SERVER",
    "VIEW": "TABLE",
    "MATERIALIZED VIEW": "TABLE",
    "FOREIGN TABLE": "TABLE",
    "AGGREGATE": "FUNCTION",
}
