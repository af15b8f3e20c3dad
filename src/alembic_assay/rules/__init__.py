"""What is unsafe or unwise: one small module a rule, in family folders, found by walking this package."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

from alembic_assay.errors import OptionsError
from alembic_assay.rules.base import Rule, RuleContext, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Rule", "RuleContext", "Step", "all_rules", "find_rule", "nearest", "select_rules"]


@cache
def all_rules() -> tuple[Rule[Any], ...]:
    """Return every rule, by code.

    Raises:
        ValueError: A module without exactly one rule, or two rules of one code or name.
    """
    rules = sorted((rule() for rule in _rule_classes()), key=lambda rule: rule.code)
    for attribute in ("code", "name"):
        values = [getattr(rule, attribute) for rule in rules]
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise ValueError(f"expected one rule for each {attribute}, got several for {', '.join(twice)}")
    return tuple(rules)


def find_rule(name: str) -> Rule[Any] | None:
    """Return the rule of a name or code, ``None`` if there is no such rule."""
    return next((rule for rule in all_rules() if name in {rule.name, rule.code}), None)


def select_rules(names: Iterable[str], where: str) -> tuple[Rule[Any], ...]:
    """Return the rules of these names or codes; ``all`` is every rule.

    Args:
        names: As in the settings.
        where: The setting, for the error message.

    Raises:
        OptionsError: No such rule; names the nearest.
    """
    chosen: set[Rule[Any]] = set()
    for name in names:
        rule = find_rule(name)
        if rule is None and name != "all":
            raise OptionsError(f"unknown rule {name!r} in {where}.", hint=nearest(name))
        chosen.update(all_rules() if rule is None else (rule,))
    return tuple(rule for rule in all_rules() if rule in chosen)


def nearest(name: str, others: Iterable[str] = ()) -> str:
    """Return the question which rule was meant, or the list of them.

    Args:
        name: What somebody wrote.
        others: Names that are right besides those of the rules.
    """
    known = sorted({*(rule.name for rule in all_rules()), *others})
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known rules: {', '.join(known)}."


def _rule_classes() -> Iterator[type[Rule[Any]]]:
    for family in pkgutil.iter_modules(__path__, f"{__name__}."):
        if family.ispkg:
            package = importlib.import_module(family.name)
            for found in pkgutil.iter_modules(package.__path__, f"{family.name}."):
                yield _rule_class(found.name)


def _rule_class(module_name: str) -> type[Rule[Any]]:
    classes = inspect.getmembers(importlib.import_module(module_name), inspect.isclass)
    own = [cls for _, cls in classes if issubclass(cls, Rule) and cls.__module__ == module_name]
    if len(own) != 1:
        raise ValueError(f"expected one Rule in {module_name}, got {len(own)}")
    return own[0]
