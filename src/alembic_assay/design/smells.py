"""First-normal-form smells: attributes that look as if several values stood in one, or one in several."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_assay.design.problems import pointer
from alembic_assay.design.types import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.design.book import Book, Thing

_NUMBERED = re.compile(r"(.*[a-z])_?([0-9]+)")
_LISTED = re.compile(r"_(ids|list|csv|array)$|^(ids|emails|phones)$")
_COUNT = re.compile(r"_count$|^total_|_total$")
_REPEATED = 3
"""How many numbered columns are a repeating group: two are often two lines of an address."""


def smells(book: Book) -> Iterator[tuple[str, str, str]]:
    """Yield what looks as if it broke the first normal form: the question, why it is asked, and where.

    An attribute with ``denormalized`` says why it is as it is, and is not asked about.
    """
    for thing in book.things.values():
        yield from _groups(thing)
        yield from _attributes(book, thing)


def _groups(thing: Thing) -> Iterator[tuple[str, str, str]]:
    groups: dict[str, list[str]] = {}
    for name, attribute in thing.entity.attributes.items():
        found = _NUMBERED.fullmatch(name)
        if found and attribute.denormalized is None:
            groups.setdefault(found[1].rstrip("_"), []).append(name)
    for base, names in groups.items():
        if len(names) >= _REPEATED:
            question = f"Should {', '.join(names)} of {thing.name} be rows of an entity of their own?"
            yield question, f"A repeating group (1NF): a fourth {base} needs a new column.", thing.path


def _attributes(book: Book, thing: Thing) -> Iterator[tuple[str, str, str]]:
    targets = {link.name: link.target for link in thing.links}
    names = set(thing.entity.attributes)
    for name, attribute in thing.entity.attributes.items():
        path = f"{thing.path}{pointer('attributes', name)}"
        if attribute.denormalized is not None:
            continue
        if _LISTED.search(name) and attribute.type in TEXTS | {"tags", "json"}:
            question = f"Should {thing.name}.{name} be a relationship?"
            yield question, "A list in one column (1NF): nothing checks what it points to.", path
        for relationship, target in targets.items():
            copied = name.removeprefix(f"{relationship}_")
            if copied != name and copied in book.things[target].entity.attributes:
                question = f"Is {thing.name}.{name} a copy of {target}.{copied}?"
                yield question, "It depends on the relationship, not on the key (3NF); a copy can differ.", path
        if name == "age" and {"birth_date", "date_of_birth", "born_on"} & names:
            yield f"Is {thing.name}.age needed?", "It follows from the date of birth, and is wrong tomorrow.", path
        if _COUNT.search(name) and attribute.computed is None and attribute.type in {"integer", "bigint"}:
            question = f"Who keeps {thing.name}.{name} right?"
            yield question, "It looks as if it were counted from other rows; denormalising is a trade.", path
