"""What relationships get wrong: names, actions that cannot be taken, and circles in which no first row can be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_assay.design.problems import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.design.book import Book
    from alembic_assay.design.problems import Problems
    from alembic_assay.design.requirements import Relationship


def check(book: Book, problems: Problems) -> None:
    """Note what is wrong.

    Args:
        book: The requirements.
        problems: Gets the errors.
    """
    for number, each in enumerate(book.requirements.relationships):
        path = pointer("relationships", number)
        _ends(book, each, path, problems)
        _options(book, each, path, problems)
    _names(book, problems)
    _circles(book, problems)


def _ends(book: Book, each: Relationship, path: str, problems: Problems) -> None:
    entities = book.requirements.entities
    for field, name in (("from", each.source), ("to", each.target)):
        if name not in entities:
            problems.unknown("REQ103", f"{path}/{field}", "entity", name, entities)


def _options(book: Book, each: Relationship, path: str, problems: Problems) -> None:
    if each.through is not None and each.kind != "many_to_many":
        problems.add("REQ211", f"{path}/through", f"'through' is for many_to_many, not {each.kind}.")
    if each.required and each.kind == "many_to_many":
        problems.add("REQ211", f"{path}/required", "'required' is not for many_to_many: a link is there or not.")
    if each.on_delete == "set_null":
        if each.kind == "many_to_many":
            message = "set_null: the columns of a link are its key and cannot be NULL."
            problems.add("REQ212", f"{path}/on_delete", message, "Use cascade.")
        elif each.required:
            message = "required, but on_delete is set_null: the column cannot be NULL."
            problems.add("REQ210", f"{path}/on_delete", message, "Use cascade or restrict, or not required.")
    if each.required and each.source == each.target and each.kind != "many_to_many":
        message = f"{each.source} requires {each.source}: no first row can be inserted."
        problems.add("REQ221", f"{path}/required", message, "Leave 'required' out.")
    if each.through in {each.source, each.target}:
        problems.add("REQ211", f"{path}/through", f"{each.through} cannot stand between itself and another.")
    others = [other for other in book.requirements.relationships if other.through == each.through]
    if each.through is not None and others[0] is not each:
        problems.add("REQ113", path, f"{each.through} stands between two entities already.")


def _names(book: Book, problems: Problems) -> None:
    """REQ113 and REQ114: an entity has each name once, as attribute, relationship or way back."""
    for name, thing in book.things.items():
        first: dict[str, str] = {}
        for known, path in _known(book, name):
            other = first.setdefault(known, path)
            if other != path or known in thing.entity.attributes:
                code, what = ("REQ114", f"{thing.path}{pointer('attributes', known)}")
                if known not in thing.entity.attributes:
                    code, what = "REQ113", other
                message = f"{name} has two things named {known!r}; the other one is {what}."
                problems.add(code, path, message, "Give the relationship another 'name' or 'inverse'.")


def _known(book: Book, name: str) -> Iterator[tuple[str, str]]:
    """Yield the names under which relationships are known at one entity."""
    thing = book.things[name]
    for link in thing.links:
        yield link.name, link.path
    for other in book.things.values():
        for link in other.links:
            if link.target == name and link.inverse:
                yield link.inverse, f"{link.path}/inverse"


def _circles(book: Book, problems: Problems) -> None:
    """REQ220: entities that need each other's rows first."""
    required = {
        name: sorted({link.target for link in thing.links if link.required and link.target != name})
        for name, thing in book.things.items()
    }
    reported: set[frozenset[str]] = set()
    for name in required:
        circle = _circle(name, required)
        if circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            path = next(link.path for link in book.things[name].links if link.target == circle[1])
            message = f"{' requires '.join(circle)}: no first row can be inserted."
            problems.add("REQ220", path, message, "One of these relationships must not be required.")


def _circle(start: str, edges: dict[str, list[str]]) -> list[str]:
    """Return the shortest way from an entity back to itself."""
    waiting, seen = [[start]], set[str]()
    for path in waiting:
        for target in edges.get(path[-1], ()):
            if target == start:
                return [*path, start]
            if target not in seen:
                seen.add(target)
                waiting.append([*path, target])
    return []
