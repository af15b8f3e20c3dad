"""Entities whose declared dependencies break a normal form, taken apart before anything else is designed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_assay.design import normal_forms
from alembic_assay.design.naming import singular
from alembic_assay.design.normal_forms import Dependency
from alembic_assay.design.problems import pointer
from alembic_assay.design.requirements import Entity, Requirements

if TYPE_CHECKING:
    from alembic_assay.design.problems import Problems
    from alembic_assay.design.requirements import NormalForm

ROW = "(the row)"
"""Stands for a key that is not among the attributes."""


class Decomposition:
    """Takes entities apart.

    Args:
        requirements: Of valid form.
        problems: Gets what is wrong with declared dependencies.
    """

    def __init__(self, requirements: Requirements, problems: Problems) -> None:
        self.requirements = requirements
        self.decisions: list[tuple[str, str, str]] = []
        self.questions: list[tuple[str, str, str]] = []
        self.references: list[tuple[str, str, tuple[str, ...], str]] = []
        """Entity, the entity taken out of it, the attributes that point there, and the JSON Pointer."""
        self._problems = problems
        self._entities = dict(requirements.entities)
        for name in requirements.entities:
            self._take_apart(name)

    @property
    def result(self) -> Requirements:
        """The requirements with the entities that were taken out."""
        return self.requirements.model_copy(update={"entities": self._entities})

    def _take_apart(self, name: str) -> None:
        entity = self._entities[name]
        path = f"{pointer('entities', name)}/dependencies"
        declared = self._declared(entity, path)
        if not declared:
            return
        attributes = frozenset(entity.attributes) | {ROW}
        whole = [Dependency(key, attributes) for key in self._keys(entity)]
        form: NormalForm = entity.normal_form or self.requirements.defaults.normal_form
        broken = normal_forms.violations(attributes, [*declared, *whole])
        broken = [each for each in broken if form == "bcnf" or each.form != "BCNF"]
        if not broken:
            self.decisions.append((f"{name} is in {form.upper()}", "No declared dependency breaks it.", path))
            return
        for part in self._parts(attributes, declared, whole, form, path):
            self._take_out(name, part, path)

    def _keys(self, entity: Entity) -> list[frozenset[str]]:
        keys = [frozenset({ROW})]
        keys += [frozenset({name}) for name, attribute in entity.attributes.items() if attribute.unique]
        keys += [frozenset(rule.unique) for rule in entity.rules if rule.unique and rule.where is None]
        keys += [frozenset(entity.key_attributes)] if entity.key_attributes else []
        return [key for key in keys if key <= set(entity.attributes) | {ROW}]

    def _declared(self, entity: Entity, path: str) -> list[Dependency]:
        found = []
        for number, text in enumerate(entity.dependencies):
            left, arrow, right = text.partition("->")
            sides = [[name.strip() for name in side.split(",") if name.strip()] for side in (left, right)]
            if not arrow or not all(sides):
                hint = "Write it as 'zip -> city, country'."
                self._problems.add("REQ106", f"{path}/{number}", f"expected a dependency, got {text!r}.", hint)
                continue
            for name in [*sides[0], *sides[1]]:
                if name not in entity.attributes:
                    self._problems.unknown("REQ102", f"{path}/{number}", "attribute", name, entity.attributes)
            found.append(Dependency(frozenset(sides[0]), frozenset(sides[1])))
        return [each for each in found if each.left | each.right <= set(entity.attributes)]

    def _parts(
        self, attributes: frozenset[str], declared: list[Dependency], whole: list[Dependency], form: str, path: str
    ) -> list[Dependency]:
        """Return what is taken out: each a key and what it determines."""
        everything = [*declared, *whole]
        if form == "3nf":
            parts = normal_forms.synthesis(attributes, everything)
            return [part for part in parts if ROW not in part.left | part.right and part.right]
        pieces = normal_forms.bcnf(attributes, everything)
        for each in normal_forms.lost(pieces, declared):
            question = f"Which code keeps {each}?"
            self.questions.append((question, "In BCNF no table holds all of it, so no constraint can keep it.", path))
        found = []
        for piece in pieces:
            if ROW not in piece:
                (key, *_) = normal_forms.candidate_keys(piece, normal_forms.projected(piece, everything))
                found.append(Dependency(key, piece - key))
        return [part for part in found if part.right]

    def _take_out(self, name: str, part: Dependency, path: str) -> None:
        entity = self._entities[name]
        moved = {each: entity.attributes[each] for each in sorted(part.right) if each in entity.attributes}
        moved = {each: value for each, value in moved.items() if not self._needed(entity, each)}
        if not moved:
            return
        key = {each: entity.attributes[each] for each in entity.attributes if each in part.left}
        taken = self._free("".join(word.capitalize() for each in key for word in _word(each).split("_")))
        required: dict[str, Any] = {each: value.model_copy(update={"required": True}) for each, value in key.items()}
        self._entities[taken] = Entity(
            key="natural",
            key_attributes=list(key),
            attributes={**required, **moved},
            timestamps=entity.timestamps,
            soft_delete=False,
            description=f"What {', '.join(key)} of {name} determines",
        )
        kept = {each: value for each, value in entity.attributes.items() if each not in moved}
        self._entities[name] = entity.model_copy(update={"attributes": kept, "dependencies": []})
        self.references.append((name, taken, tuple(key), path))
        why = f"{', '.join(sorted(moved))} of {name} depend on {', '.join(key)}, not on its key."
        self.decisions.append((f"entity {taken} taken out of {name}", why, path))

    def _needed(self, entity: Entity, name: str) -> bool:
        """Whether an attribute stays where it is: a key, a rule or another dependency holds it."""
        in_rules = any(name in (rule.unique or ()) for rule in entity.rules)
        return entity.attributes[name].unique or name in entity.key_attributes or in_rules

    def _free(self, name: str) -> str:
        found, number = name, 2
        while found in self._entities:
            found, number = f"{name}{number}", number + 1
        return found


def _word(name: str) -> str:
    return singular(name.removesuffix("_id").removesuffix("_code"))
