"""What rules and queries get wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.design import expressions
from alembic_assay.design.problems import pointer
from alembic_assay.design.types import RANGES, TEXTS

if TYPE_CHECKING:
    from alembic_assay.design.book import Book, Thing
    from alembic_assay.design.problems import Problems
    from alembic_assay.design.requirements import Query, Rule

_TYPES = {
    "contains": frozenset({"tags", "json", "period", "date_period"}),
    "path": frozenset({"json"}),
    "prefix": TEXTS - {"email"},
    "search": frozenset({"text", "markdown", "short_text", "url", "slug"}),
}
"""The types that an operation of a query needs; the others work with any type that has an order."""

_UNORDERED = frozenset({"json", "embedding"})


def check_rules(book: Book, thing: Thing, problems: Problems) -> None:
    """Note what is wrong with the rules of an entity.

    Args:
        book: The requirements.
        thing: Whose rules.
        problems: Gets the errors.
    """
    for number, rule in enumerate(thing.entity.rules):
        path = f"{thing.path}/rules/{number}"
        given = [name for name in ("unique", "check", "no_overlap") if getattr(rule, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            problems.add("REQ208", path, f"expected exactly one of unique, check and no_overlap, got {said}.")
        if rule.where is not None and rule.unique is None:
            problems.add("REQ208", f"{path}/where", "'where' belongs to 'unique'.")
        _rule(book, thing, rule, path, problems)


def _rule(book: Book, thing: Thing, rule: Rule, path: str, problems: Problems) -> None:
    for position, name in enumerate(rule.unique or ()):
        _named(book, thing, name, f"{path}/unique/{position}", problems)
    for field in ("where", "check"):
        sql = getattr(rule, field)
        if sql is not None:
            expressions.read(sql, book.columns(thing), f"{path}/{field}", problems)
    if rule.no_overlap is not None:
        for position, name in enumerate(rule.no_overlap.by):
            _named(book, thing, name, f"{path}/no_overlap/by/{position}", problems)
        during = rule.no_overlap.during
        attribute = thing.entity.attributes.get(during)
        if attribute is None:
            problems.unknown("REQ102", f"{path}/no_overlap/during", "attribute", during, thing.entity.attributes)
        elif attribute.type not in RANGES:
            message = f"expected one of {', '.join(sorted(RANGES))}, got {attribute.type} {during!r}."
            problems.add("REQ105", f"{path}/no_overlap/during", message)


def check_queries(book: Book, problems: Problems) -> None:
    """Note what is wrong with the queries.

    Args:
        book: The requirements.
        problems: Gets the errors.
    """
    names: dict[str, str] = {}
    for number, query in enumerate(book.requirements.queries):
        path = pointer("queries", number)
        other = names.setdefault(query.name, path)
        if other != path:
            problems.add("REQ113", path, f"two queries are named {query.name!r}; the other one is {other}.")
        thing = book.things.get(query.entity)
        if thing is None:
            problems.unknown("REQ103", f"{path}/entity", "entity", query.entity, book.things)
        else:
            _query(book, thing, query, path, problems)


def _query(book: Book, thing: Thing, query: Query, path: str, problems: Problems) -> None:
    for name, operation in query.filter.items():
        here = f"{path}/filter/{name}"
        if not _named(book, thing, name, here, problems):
            continue
        attribute = thing.entity.attributes.get(name)
        kind = attribute.type if attribute else "id"
        wanted = _TYPES.get(operation)
        if wanted is not None and kind not in wanted:
            message = f"{operation!r} does not apply to {name!r}, which is {attribute.type if attribute else 'a key'}."
            problems.add("REQ105", here, message, f"It is for {', '.join(sorted(wanted))}.")
        elif wanted is None and kind in _UNORDERED:
            problems.add("REQ105", here, f"{operation!r} does not apply to {kind}.", "Use contains or path.")
    for position, text in enumerate(query.sort):
        name = text.removeprefix("-")
        if name not in book.columns(thing):
            problems.unknown("REQ102", f"{path}/sort/{position}", "attribute", name, book.columns(thing))
    if query.where is not None:
        expressions.read(query.where, book.columns(thing), f"{path}/where", problems)


def _named(book: Book, thing: Thing, name: str, path: str, problems: Problems) -> bool:
    if book.columns_of(thing, name):
        return True
    if thing.link(name) is not None:
        return False  # what it points to is unknown, and said to be
    problems.unknown("REQ102", path, "attribute", name, book.names(thing))
    return False
