"""What requirements of valid form can still get wrong: names, and what entities say of each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.design import check_attributes, check_relationships, check_rules
from alembic_assay.design.problems import pointer
from alembic_assay.design.types import MOMENTS
from alembic_assay.sql import MAX_IDENTIFIER_BYTES

if TYPE_CHECKING:
    from alembic_assay.design.book import Book, Thing
    from alembic_assay.design.problems import Problems

_DURATION = re.compile(r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?")
_RESERVED = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
"""The system columns: https://www.postgresql.org/docs/current/ddl-system-columns.html"""


def check(book: Book, problems: Problems) -> None:
    """Note everything that is wrong.

    Args:
        book: The requirements.
        problems: Gets the errors.
    """
    _enums(book, problems)
    _tables(book, problems)
    _tenancy(book, problems)
    check_relationships.check(book, problems)
    for thing in book.things.values():
        _key(book, thing, problems)
        _columns(book, thing, problems)
        _retention(book, thing, problems)
        check_attributes.check(book, thing, problems)
        check_rules.check_rules(book, thing, problems)
    check_rules.check_queries(book, problems)


def _enums(book: Book, problems: Problems) -> None:
    for name, definition in book.requirements.types.items():
        for number, value in enumerate(definition.enum):
            path = pointer("types", name, "enum", number)
            if value in definition.enum[:number]:
                problems.add("REQ205", path, f"value {value!r} stands twice.")
            size = len(value.encode())
            if not value or size > MAX_IDENTIFIER_BYTES:
                problems.add("REQ205", path, f"expected 1 to {MAX_IDENTIFIER_BYTES} bytes, got {size}.")


def _tables(book: Book, problems: Problems) -> None:
    """REQ110 and REQ116: names of tables and types, which share one namespace."""
    taken = {name: pointer("types", name) for name in book.requirements.types}
    for thing in book.things.values():
        other = taken.setdefault(thing.table, thing.path)
        if other != thing.path:
            message = f"table {thing.table!r} has the name of another object: {other}."
            problems.add("REQ110", thing.path, message, "Give one of them another 'table'.")
        if len(thing.table.encode()) > MAX_IDENTIFIER_BYTES:
            message = f"table name {thing.table!r} is longer than {MAX_IDENTIFIER_BYTES} bytes."
            problems.add("REQ116", thing.path, message, "Give it a shorter 'table'.")


def _columns(book: Book, thing: Thing, problems: Problems) -> None:
    """REQ111, REQ114 to REQ116: every column has one origin."""
    implied = {name for name, path in book.columns(thing).items() if path == thing.path}
    attributes = thing.entity.attributes
    for name in attributes:
        path = f"{thing.path}{pointer('attributes', name)}"
        if name == "id" and thing.key != "natural":
            problems.add("REQ111", path, "'id' is the key that every entity gets.", "Leave it out, or say 'key'.")
        elif name in implied - {"id"} or name in _RESERVED:
            problems.add("REQ111", path, f"column {name!r} is there already.", "Leave the attribute out.")
        if len(name.encode()) > MAX_IDENTIFIER_BYTES:
            problems.add("REQ116", path, f"column name {name!r} is longer than {MAX_IDENTIFIER_BYTES} bytes.")
        if attributes[name].type == "money" and f"{name}_currency" in attributes:
            other = f"{thing.path}{pointer('attributes', f'{name}_currency')}"
            problems.add("REQ115", other, f"the column is made for the currency of {name!r}.", "Leave it out.")
    for link in thing.links:
        if link.name in attributes:
            there = f"{thing.path}{pointer('attributes', link.name)}"
            problems.add("REQ114", link.path, f"relationship {link.name!r} is named as an attribute: {there}.")
        for column in book.link_columns(link):
            if column in attributes and not link.columns:
                there = f"{thing.path}{pointer('attributes', column)}"
                message = f"relationship {link.name!r} makes column {column!r}, which is an attribute too."
                problems.add("REQ115", there, message, f"Leave the attribute out; the relationship is {link.path}.")


def _key(book: Book, thing: Thing, problems: Problems) -> None:
    """REQ112: a natural key has columns, and they are never NULL."""
    path = f"{thing.path}/key_attributes"
    attributes = thing.entity.key_attributes
    if thing.key == "natural" and not thing.legs and not attributes:
        problems.add("REQ112", thing.path, "key 'natural' needs 'key_attributes'.")
    if attributes and thing.key != "natural":
        problems.add("REQ112", path, f"'key_attributes' exclude key {thing.key!r}.", "Say key: natural.")
    for number, name in enumerate(attributes):
        here = f"{path}/{number}"
        link = thing.link(name)
        if link is None and name not in thing.entity.attributes:
            problems.unknown("REQ102", here, "attribute", name, book.names(thing))
        elif link is not None and not link.required:
            problems.add("REQ112", here, f"relationship {name!r} is not required, so it cannot be part of a key.")
        elif link is not None and not book.link_columns(link, frozenset({thing.name})):
            problems.add("REQ220", here, f"the key of {thing.name} leads to itself by {name!r}.")


def _retention(book: Book, thing: Thing, problems: Problems) -> None:
    retention = thing.entity.retention
    if retention is None:
        return
    path = f"{thing.path}/retention"
    if not _DURATION.fullmatch(retention.after):
        hint = "Two years are P2Y, ninety days P90D."
        problems.add("REQ209", f"{path}/after", f"expected a duration of ISO 8601, got {retention.after!r}.", hint)
    attribute = thing.entity.attributes.get(retention.by)
    if retention.by not in book.columns(thing):
        problems.unknown("REQ102", f"{path}/by", "attribute", retention.by, book.columns(thing))
    elif attribute is not None and attribute.type not in MOMENTS:
        problems.add("REQ209", f"{path}/by", f"expected a date or timestamp, got {attribute.type} {retention.by!r}.")


def _tenancy(book: Book, problems: Problems) -> None:
    tenancy = book.requirements.tenancy
    if tenancy is None:
        for thing in book.things.values():
            if thing.entity.tenant_scoped:
                path = f"{thing.path}/tenant_scoped"
                problems.add("REQ213", path, "there are no tenants.", "Add tenancy: {entity: …}.")
        return
    tenants = book.things.get(tenancy.entity)
    if tenants is None:
        problems.unknown("REQ103", "/tenancy/entity", "entity", tenancy.entity, book.things)
    elif tenants.entity.tenant_scoped:
        problems.add("REQ213", f"{tenants.path}/tenant_scoped", "tenants cannot be rows of a tenant.")
    elif len(book.key_columns(tenants)) != 1:
        problems.add("REQ213", "/tenancy/entity", f"expected a key of one column, got that of {tenancy.entity}.")
    if not any(thing.entity.tenant_scoped for thing in book.things.values()):
        problems.add("REQ213", "/tenancy", "no entity is 'tenant_scoped'.", "Mark those that hold rows of tenants.")
