"""Relationships of classes, from foreign keys: both ends, with what the ORM does when a parent is deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

from alembic_assay.design.naming import plural, singular, snake
from alembic_assay.emit import names
from alembic_assay.emit.python import Code, call, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Table

Label = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of a relationship.

    Args:
        name: Of the attribute.
        target: The class at the other end.
        back: The attribute there.
        many: Whether it is a list.
        optional: Whether it can be None.
        options: Of ``relationship()``.
    """

    name: str
    target: str
    back: str
    many: bool
    optional: bool
    options: Mapping[str, Code]


class Relationships:
    """Finds the relationships of mapped classes.

    Args:
        classes: The class of each mapped table.
        attributes: The attribute of each column.
        labels: What a document calls the ends of a foreign key: by table key and constraint.
    """

    def __init__(
        self,
        classes: Mapping[Table, str],
        attributes: Mapping[Table, Mapping[str, str]],
        labels: Mapping[tuple[str, str], Label],
    ) -> None:
        self._classes = classes
        self._attributes = attributes
        self._labels = labels
        self._names = {table: names.Names({*attributes[table].values()}) for table in classes}
        self.ends: dict[Table, list[End]] = {table: [] for table in classes}
        for table in classes:
            self._of(table)

    def _of(self, table: Table) -> None:
        written: set[str] = set()
        keys = [each for each in table.constraints if isinstance(each, ForeignKeyConstraint)]
        for key in sorted(keys, key=lambda each: str(each.name)):
            target = key.referred_table
            if target not in self._classes or self._is_itself(key):
                continue
            overlaps = bool(written & set(key.column_keys))
            written |= set(key.column_keys)
            self._add(table, target, key, view_only=overlaps or any(c.computed is not None for c in key.columns))

    def _is_itself(self, key: ForeignKeyConstraint) -> bool:
        return any(element.parent is element.column for element in key.elements)

    def _add(self, table: Table, target: Table, key: ForeignKeyConstraint, *, view_only: bool) -> None:
        label = self._labels.get((table.key, str(key.name)), {})
        one = is_unique(table, set(key.column_keys))
        name = self._names[table].give(names.attribute(label.get("name") or self._derived(key)))
        word = snake(self._classes[table])
        usual = word if one else plural(word)
        several = sum(each.referred_table is target for each in table.foreign_key_constraints) > 1
        inverse = label.get("inverse") or (f"{name}_{usual}" if several else usual)
        back = self._names[target].give(names.attribute(inverse))
        foreign = self._listed(table, list(key.column_keys))
        common: dict[str, Code] = {"foreign_keys": text(foreign), **({"viewonly": "True"} if view_only else {})}
        remote = [element.column.name for element in key.elements]
        to_self = {"remote_side": text(self._listed(target, remote))} if table is target else {}
        optional = any(column.nullable for column in key.columns)
        self.ends[table].append(
            End(
                name=name,
                target=self._classes[target],
                back=back,
                many=False,
                optional=optional,
                options={**common, **to_self},
            )
        )
        options = common if view_only else {**common, **_deleting(key)}
        self.ends[target].append(
            End(name=back, target=self._classes[table], back=name, many=not one, optional=one, options=options)
        )

    def _derived(self, key: ForeignKeyConstraint) -> str:
        (first, *others) = key.column_keys
        if not others and first.endswith("_id") and len(first) > len("_id"):
            return first.removesuffix("_id")
        return singular(snake(self._classes[key.referred_table]))

    def _listed(self, table: Table, columns: list[str]) -> str:
        parts = [f"{self._classes[table]}.{self._attributes[table][column]}" for column in columns]
        return f"[{', '.join(parts)}]"


def is_unique(table: Table, columns: set[str]) -> bool:
    """Whether a row with these values is there once at most."""
    keys = [[column.name for column in table.primary_key.columns]]
    keys += [[c.name for c in each.columns] for each in table.constraints if isinstance(each, UniqueConstraint)]
    for index in table.indexes:
        plain = [getattr(key, "name", None) for key in index.expressions]
        whole = index.dialect_options["postgresql"]["where"] is None
        if index.unique and whole and all(plain):
            keys.append([str(name) for name in plain])
    return any(key and set(key) <= columns for key in keys)


def _deleting(key: ForeignKeyConstraint) -> dict[str, Code]:
    """Leave to the database what it does by itself, and never set to NULL what it would refuse."""
    action = (key.ondelete or "NO ACTION").upper()
    if action == "CASCADE":
        return {"cascade": text("all, delete-orphan"), "passive_deletes": "True"}
    return {"passive_deletes": "True" if action.startswith("SET") else text("all")}


def declarative(ends: list[End]) -> Iterator[tuple[str, str, Code]]:
    """Yield name, annotation and value of each end in a declarative class."""
    for end in ends:
        kind = f'list["{end.target}"]' if end.many else f'"{end.target}{" | None" if end.optional else ""}"'
        yield end.name, f"orm.Mapped[{kind}]", call("orm.relationship", back_populates=text(end.back), **end.options)


def sqlmodel(ends: list[End]) -> Iterator[tuple[str, str, Code]]:
    """Yield the same of a SQLModel class."""
    for end in ends:
        single = f'Optional["{end.target}"]' if end.optional else f'"{end.target}"'
        options: dict[str, Any] = dict(end.options)
        value = call("Relationship", back_populates=text(end.back), sa_relationship_kwargs=mapping(options))
        yield end.name, f'list["{end.target}"]' if end.many else single, value
