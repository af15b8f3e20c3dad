"""From the labels that a type has to those of the models: rename, then add in place, then build anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from alembic_assay.compare.renames import Renames, written
from alembic_assay.errors import ModelError, RenameError
from alembic_assay.ops.enums import AddEnumValueOp
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_assay.catalog.enums import Enum
    from alembic_assay.compare.model_enums import ModelEnum


@dataclass(frozen=True, slots=True)
class LabelChanges:
    """What happens to the labels of one type.

    Args:
        renamed: Old label to new label.
        gone: All labels that are gone.
        mapping: Label that is gone to the one that its rows get, as that is called before the renames.
        target: The labels that it shall have, as they are called before the renames; empty where nothing changes.
    """

    renamed: dict[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)
    target: tuple[str, ...] = ()


def changes(model: ModelEnum, existing: Enum, renames: Renames) -> LabelChanges:
    """Find what has to be done.

    Args:
        model: As it shall be.
        existing: As it is.
        renames: What the user says.

    Raises:
        RenameError: A label looks renamed, and nobody says whether it is.
        ModelError: A rename or a replacement is declared that cannot be.
    """
    if existing.labels == model.labels:
        return LabelChanges()
    said = _Said(model, existing, renames)
    renamed = {old: new for old in existing.labels if (new := said.renamed(old)) is not None}
    renamed |= {old: new for old, new in _likely(model, existing, renamed, said) if said.confirmed(old, new)}
    old_names = {new: old for old, new in renamed.items()}
    target = tuple(old_names.get(label, label) for label in model.labels)
    gone = tuple(label for label in existing.labels if label not in target)
    mapping = {old: old_names.get(new, new) for old in gone if (new := said.replacement(old)) is not None}
    return LabelChanges(renamed, gone, mapping, target)


def additions(
    name: str, schema: str | None, before: Sequence[str], after: Sequence[str]
) -> list[AddEnumValueOp] | None:
    """Return what must be added, each next to a label that is there by then.

    Args:
        name: Name of the type.
        schema: Its schema.
        before: The labels that it has.
        after: The labels that it shall have.

    Returns:
        ``None`` where labels vanish or change places, so that adding is not enough.

    Example:
        >>> [(op.value, op.before, op.after) for op in additions("e", None, ["b"], ["a", "b", "c"])]
        [('a', 'b', None), ('c', None, 'b')]
    """
    there = set(before)
    if [label for label in after if label in there] != list(before):
        return None
    result: list[AddEnumValueOp] = []
    for position, label in enumerate(after):
        if label in there:
            continue
        before_it = before[0] if before and not position else None
        after_it = after[position - 1] if position else None
        result.append(AddEnumValueOp(name, label, before=before_it, after=after_it, schema=schema))
    return result


def _likely(model: ModelEnum, existing: Enum, renamed: dict[str, str], said: _Said) -> Iterator[tuple[str, str]]:
    """Yield what looks renamed: one label gone, another one new in its place."""
    current = [renamed.get(label, label) for label in existing.labels]
    matcher = SequenceMatcher(None, current, model.labels, autojunk=False)
    for tag, start, end, other, last in matcher.get_opcodes():
        if tag != "replace" or end - start != last - other:
            continue
        for old, new in zip(current[start:end], model.labels[other:last], strict=True):
            if old not in model.labels and new not in current and not said.removed(old):
                yield old, new


class _Said:
    """What the models and the command line say of one type."""

    def __init__(self, model: ModelEnum, existing: Enum, renames: Renames) -> None:
        self.model, self.existing, self.renames = model, existing, renames

    def _paths(self, label: str) -> list[tuple[str, ...]]:
        names = dict.fromkeys((self.existing.name, self.model.name))
        schemas = dict.fromkeys((self.existing.schema, self.model.schema or self.existing.schema))
        return [path for name in names for path in ((name, label), *((schema, name, label) for schema in schemas))]

    def renamed(self, old: str) -> str | None:
        if old in self.model.labels:
            return None
        new = self.renames.renamed(*self._paths(old)) or self.model.renamed.get(old)
        if new is not None and (new not in self.model.labels or new in self.existing.labels):
            state = "is there already" if new in self.existing.labels else "is none of its labels"
            raise ModelError(
                f"enum {self.model.title} of {self.model.column}: {old!r} is said to be renamed to {new!r},"
                f" which {state}.",
                hint="Expected a label that is new in the models.",
            )
        return new

    def removed(self, old: str) -> bool:
        return old in self.model.removed or self.renames.removed(*self._paths(old))

    def replacement(self, old: str) -> str | None:
        new = self.renames.replacement(*self._paths(old)) or self.model.removed.get(old)
        if new is not None and new not in self.model.labels:
            raise ModelError(
                f"enum {self.model.title} of {self.model.column}: {new!r} is said to replace {old!r}, and is none of"
                " its labels.",
                hint=f"Expected one of {list(self.model.labels)!r}.",
            )
        return new

    def confirmed(self, old: str, new: str) -> bool:
        title = display(self.existing.name)
        answer = self.renames.ask(f"Enum {title}: was the label {old!r} renamed to {new!r}?")
        if answer is None:
            path = written(self.existing.name, old)
            raise RenameError(
                f"enum {title} of {self.model.column}: label {old!r} is gone and {new!r} is new in its place.",
                hint=(
                    f"If it was renamed: -x rename={path}:{written(new)}, or info={{'renamed_values':"
                    f" {{{old!r}: {new!r}}}}} on the column. If it was removed: -x remove={path}, or"
                    f" info={{'removed_values': {{{old!r}: None}}}}."
                ),
            )
        return answer
