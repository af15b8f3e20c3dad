"""What a single attribute gets wrong: its type, its limits, its default, and secrets in plain text."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from alembic_assay.design import expressions
from alembic_assay.design.problems import nearest, pointer
from alembic_assay.design.types import DOMAIN_TYPES, INTEGERS, NUMBERS, PROTECTED, SPANS, TEXTS, max_length

if TYPE_CHECKING:
    from alembic_assay.design.book import Book, Thing
    from alembic_assay.design.problems import Problems
    from alembic_assay.design.requirements import Attribute

_PASSWORD = re.compile(r"(^|_)(password|passwd|passphrase|pin|passcode)$")
_APPLIES = {
    "max_length": frozenset({"text", "short_text", "markdown", "url"}),
    "min": NUMBERS,
    "max": NUMBERS,
    "pattern": TEXTS - {"email", "slug", "password_hash"},
    "precision": frozenset({"decimal"}),
    "scale": frozenset({"decimal"}),
    "dimensions": frozenset({"embedding"}),
    "currency": frozenset({"money"}),
    "search": frozenset({"text", "markdown", "short_text", "url", "slug"}),
}
"""Which options which types take."""


def check(book: Book, thing: Thing, problems: Problems) -> None:
    """Note what is wrong with the attributes of an entity.

    Args:
        book: The requirements.
        thing: Whose attributes.
        problems: Gets the errors.
    """
    enums = book.requirements.types
    for name, attribute in thing.entity.attributes.items():
        path = f"{thing.path}{pointer('attributes', name)}"
        if attribute.type in enums:
            _enum_default(enums[attribute.type].enum, attribute, path, problems)
        elif attribute.type not in DOMAIN_TYPES:
            problems.unknown("REQ101", f"{path}/type", "type", attribute.type, {*DOMAIN_TYPES, *enums})
            continue
        _applicable(attribute, path, problems)
        _exclusions(attribute, path, problems)
        _limits(attribute, path, problems)
        _default(attribute, path, problems)
        _secrets(name, attribute, path, problems)
        _expressions(book, thing, attribute, path, problems)


def _enum_default(values: list[str], attribute: Attribute, path: str, problems: Problems) -> None:
    if attribute.default is not None and attribute.default not in values:
        message = f"default {attribute.default!r} is not a value of {attribute.type}."
        problems.add("REQ205", f"{path}/default", message, nearest(str(attribute.default), values))


def _applicable(attribute: Attribute, path: str, problems: Problems) -> None:
    for option, types in _APPLIES.items():
        if getattr(attribute, option) is not None and attribute.type not in types:
            message = f"{option!r} does not apply to {attribute.type}."
            problems.add("REQ204", f"{path}/{option}", message, f"It is for {', '.join(sorted(types))}.")
    if attribute.type == "embedding" and attribute.unique:
        problems.add("REQ204", f"{path}/unique", "'unique' does not apply to embedding.")
    if attribute.type == "embedding" and attribute.dimensions is None:
        problems.add("REQ207", path, "an embedding needs 'dimensions'.")
    if attribute.scale is not None and attribute.scale > (attribute.precision or 0):
        problems.add("REQ207", f"{path}/scale", f"scale {attribute.scale} is larger than the precision.")


def _exclusions(attribute: Attribute, path: str, problems: Problems) -> None:
    if attribute.default is not None and attribute.default_sql is not None:
        problems.add("REQ201", path, "'default' and 'default_sql' exclude each other.")
    if attribute.computed is not None and (attribute.default is not None or attribute.default_sql is not None):
        problems.add("REQ202", path, "a computed attribute cannot have a default.")


def _limits(attribute: Attribute, path: str, problems: Problems) -> None:
    low, high = attribute.min, attribute.max
    if low is not None and high is not None and low > high:
        problems.add("REQ203", path, f"min {low} is larger than max {high}: no value can satisfy both.")
    if attribute.type not in INTEGERS:
        return
    span = SPANS[attribute.type]
    for option, value in (("min", low), ("max", high)):
        if value is not None and not isinstance(value, int):
            problems.add("REQ204", f"{path}/{option}", f"expected a whole number, got {value}.")
        elif value is not None and not -span <= value < span:
            problems.add("REQ203", f"{path}/{option}", f"{value} is outside of what {attribute.type} can hold.")


def _default(attribute: Attribute, path: str, problems: Problems) -> None:
    value = attribute.default
    if value is None or attribute.type not in DOMAIN_TYPES:
        return
    expected = _expected(attribute, value)
    if expected:
        problems.add("REQ206", f"{path}/default", f"expected {expected}, got {value!r}.")
    elif attribute.type in NUMBERS:
        _number_default(attribute, value, path, problems)
    elif isinstance(value, str):
        longest = max_length(attribute)
        if longest is not None and len(value) > longest:
            message = f"default of {len(value)} characters, more than {longest}."
            problems.add("REQ206", f"{path}/default", message)


def _expected(attribute: Attribute, value: Any) -> str:
    """Return what a default should be, if it is not."""
    if attribute.type == "json":
        return ""
    if attribute.type == "boolean":
        return "" if isinstance(value, bool) else "true or false"
    if attribute.type in NUMBERS:
        whole = attribute.type in INTEGERS
        right = isinstance(value, int if whole else int | Decimal) and not isinstance(value, bool)
        return "" if right else ("a whole number" if whole else "a number")
    if attribute.type == "tags":
        texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
        return "" if texts else "a list of texts"
    if attribute.type in TEXTS:
        return "" if isinstance(value, str) and "\0" not in value else "a text"
    return f"'default_sql' for {attribute.type}"


def _number_default(attribute: Attribute, value: Any, path: str, problems: Problems) -> None:
    span = SPANS.get(attribute.type)
    low = attribute.min if attribute.min is not None else -span if span else value
    high = attribute.max if attribute.max is not None else span - 1 if span else value
    if not low <= value <= high:
        problems.add("REQ206", f"{path}/default", f"default {value} is not from {low} to {high}.")
    whole = (attribute.precision or 0) - (attribute.scale or 0)
    most = 10**15 if attribute.type == "money" else 10**whole if attribute.precision else None
    if most is not None and abs(value) >= most:
        problems.add("REQ206", f"{path}/default", f"default {value} has more digits than the type.")


def _secrets(name: str, attribute: Attribute, path: str, problems: Problems) -> None:
    if attribute.type not in PROTECTED:
        if _PASSWORD.search(name):
            message = f"{name!r} as {attribute.type}: a password is never kept in plain text."
            problems.add("REQ301", f"{path}/type", message, "Use type password_hash.")
        elif attribute.sensitive in {"secret", "credential"}:
            message = f"{attribute.sensitive} {name!r} as {attribute.type}: never in plain text."
            problems.add("REQ302", f"{path}/type", message, "Use type secret, or password_hash for what is compared.")
    elif attribute.search is not None or attribute.unique:
        hint = "Keep a keyed hash (HMAC) in an attribute of its own to look it up."
        problems.add("REQ303", path, f"{attribute.type} cannot be searched or unique.", hint)


def _expressions(book: Book, thing: Thing, attribute: Attribute, path: str, problems: Problems) -> None:
    if attribute.default_sql is not None:
        expressions.read(attribute.default_sql, (), f"{path}/default_sql", problems)
    if attribute.computed is not None:
        generated = {name for name, each in thing.entity.attributes.items() if each.computed is not None}
        columns = [name for name in book.columns(thing) if name not in generated]
        expressions.read(attribute.computed, columns, f"{path}/computed", problems)
