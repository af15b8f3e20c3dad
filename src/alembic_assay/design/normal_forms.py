"""Functional dependencies: closure, keys, what breaks a normal form, and how to take a table apart.

Sources: Maier, The Theory of Relational Databases (1983), chapters 4 to 6; Lucchesi and Osborn, Candidate keys for
relations (1978); Bernstein, Synthesizing third normal form relations (1976).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Attributes = frozenset[str]


@dataclass(frozen=True, slots=True)
class Dependency:
    """Rows that agree in the left side agree in the right side.

    Args:
        left: The determining attributes.
        right: The determined attributes.
    """

    left: Attributes
    right: Attributes

    def __str__(self) -> str:
        return f"{', '.join(sorted(self.left))} -> {', '.join(sorted(self.right))}"


@dataclass(frozen=True, slots=True)
class Violation:
    """A dependency that a normal form forbids.

    Args:
        dependency: The dependency.
        form: The lowest normal form that it breaks: ``2NF``, ``3NF`` or ``BCNF``.
    """

    dependency: Dependency
    form: str


def closure(attributes: Iterable[str], dependencies: Iterable[Dependency]) -> Attributes:
    """Return everything that some attributes determine.

    >>> sorted(closure("a", [Dependency(frozenset("a"), frozenset("b")), Dependency(frozenset("b"), frozenset("c"))]))
    ['a', 'b', 'c']
    """
    found, listed = set(attributes), list(dependencies)
    while added := {name for each in listed if each.left <= found for name in each.right} - found:
        found |= added
    return frozenset(found)


def candidate_keys(attributes: Attributes, dependencies: list[Dependency]) -> list[Attributes]:
    """Return every minimal set of attributes that determines all, smallest first."""
    first = _reduced(attributes, attributes, dependencies)
    keys, waiting = {first}, [first]
    while waiting:
        key = waiting.pop()
        for each in dependencies:
            superkey = each.left | (key - each.right)
            if not any(known <= superkey for known in keys):
                found = _reduced(superkey & attributes, attributes, dependencies)
                keys.add(found)
                waiting.append(found)
    return sorted(keys, key=lambda key: (len(key), sorted(key)))


def minimal_cover(dependencies: Iterable[Dependency]) -> list[Dependency]:
    """Return equivalent dependencies with one attribute at the right, nothing superfluous at the left."""
    single = [
        Dependency(each.left, frozenset({name})) for each in dependencies for name in sorted(each.right - each.left)
    ]
    single = sorted(set(single), key=lambda each: (sorted(each.left), sorted(each.right)))
    for position, each in enumerate(single):
        left = each.left
        for name in sorted(each.left):
            if len(left) > 1 and each.right <= closure(left - {name}, single):
                left -= {name}
        single[position] = Dependency(left, each.right)
    kept = list(dict.fromkeys(single))
    for each in list(kept):
        rest = [other for other in kept if other != each]
        if each.right <= closure(each.left, rest):
            kept = rest
    return kept


def violations(attributes: Attributes, dependencies: list[Dependency]) -> list[Violation]:
    """Return the dependencies that break a normal form, of one relation."""
    keys = candidate_keys(attributes, dependencies)
    prime = frozenset[str]().union(*keys)
    found = []
    for each in projected(attributes, minimal_cover(dependencies)):
        right = each.right - each.left
        if not right or any(key <= each.left for key in keys):
            continue
        partial = any(each.left < key for key in keys)
        form = "BCNF" if right <= prime else "2NF" if partial else "3NF"
        found.append(Violation(Dependency(each.left, right), form))
    return found


def projected(attributes: Attributes, dependencies: Iterable[Dependency]) -> list[Dependency]:
    """Return the dependencies of which every attribute is in a relation."""
    return [each for each in dependencies if each.left <= attributes and each.right <= attributes]


def synthesis(attributes: Attributes, dependencies: list[Dependency]) -> list[Dependency]:
    """Take a relation apart to the third normal form: each part is a key and what it determines.

    Left sides that determine each other are one part. Nothing is lost, neither rows nor dependencies.
    """
    cover = minimal_cover(projected(attributes, dependencies))
    groups: dict[Attributes, set[str]] = {}
    for each in cover:
        same = next((left for left in groups if _equivalent(left, each.left, cover)), each.left)
        groups.setdefault(same, set()).update(each.left | each.right)
    parts = [Dependency(left, frozenset(names) - left) for left, names in groups.items()]
    parts = [one for one in parts if not any(_inside(one, other) for other in parts if other is not one)]
    keys = candidate_keys(attributes, dependencies)
    if not any(key <= part.left | part.right for key in keys for part in parts):
        parts.append(Dependency(keys[0], frozenset()))
    return sorted(parts, key=lambda part: (sorted(part.left), sorted(part.right)))


def bcnf(attributes: Attributes, dependencies: list[Dependency]) -> list[Attributes]:
    """Take a relation apart until no part breaks the Boyce-Codd normal form; dependencies may be lost."""
    for size in range(1, len(attributes)):
        for left in map(frozenset, combinations(sorted(attributes), size)):
            inside = closure(left, dependencies) & attributes
            if left < inside < attributes:
                rest = (attributes - inside) | left
                return [*bcnf(inside, dependencies), *bcnf(rest, dependencies)]
    return [attributes]


def lost(parts: Iterable[Attributes], dependencies: Iterable[Dependency]) -> list[Dependency]:
    """Return the dependencies that no part, nor several together, can keep."""
    listed, everything = list(parts), list(dependencies)
    return [each for each in everything if not each.right <= _kept(each.left, listed, everything)]


def _kept(left: Attributes, parts: list[Attributes], dependencies: list[Dependency]) -> Attributes:
    found = left
    while (more := found.union(*(closure(found & part, dependencies) & part for part in parts))) != found:
        found = more
    return found


def _reduced(key: Attributes, attributes: Attributes, dependencies: list[Dependency]) -> Attributes:
    for name in sorted(key):
        if attributes <= closure(key - {name}, dependencies):
            key -= {name}
    return key


def _equivalent(one: Attributes, other: Attributes, dependencies: list[Dependency]) -> bool:
    return other <= closure(one, dependencies) and one <= closure(other, dependencies)


def _inside(one: Dependency, other: Dependency) -> bool:
    mine, its = one.left | one.right, other.left | other.right
    return mine < its or (mine == its and sorted(one.left) > sorted(other.left))
